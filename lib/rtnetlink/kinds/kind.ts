// A link kind: its table of options, and properties of the whole kind.

import {
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_DATA,
  IFLA_LINKINFO,
} from "../../../ffi/uapi/linux_if_link.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { OptionValues, Table } from "../spec/attribute.ts";
import type { AttributeConstants } from "../spec/constants.ts";
import type { KindData } from "../spec/json.ts";
import type { AttributeLevel } from "../spec/level.ts";
import type { NameLookup } from "../spec/name_lookup.ts";
import {
  AttributeTable,
  type Entries,
  type OptionDifference,
  readOptions,
} from "../spec/table.ts";

/** What differs from the default. */
export interface KindDetails<Options> {
  /** The kernel's name, if several kinds share one. */
  readonly kernelName?: string;
  /** The kernel module, if its name differs. */
  readonly module?: string;
  /** The C names of its attributes. */
  readonly constants?: AttributeConstants;
  /** Whether two are made at once: its option `peer` is the other. */
  readonly pair?: boolean;
  /** Whether it needs a lower link. */
  readonly lower?: boolean;
  /**
   * Whether a change is sent with all options that can change, because the
   * kernel sets missing ones to zero or requires them.
   */
  readonly together?: boolean;
  /** The attribute without which iproute2 prints no options. */
  readonly needs?: number;
  /** The settings of its ports, as a second table. */
  readonly port?: LinkKind;
  /**
   * Checks combinations of options and adds those that are always encoded.
   *
   * @param values The options, expanded.
   * @param making Whether the link is being created.
   */
  prepare?(values: Options, making: boolean): OptionValues;
  /** Writes what a new link needs beside its options. */
  always?(body: AttributeWriter): void;
  /** How /dev/net/tun creates the link, for a kind that no message creates. */
  readonly device?: "tun" | "tap";
}

/** A link kind, or the port settings of a master of that kind. */
// deno-lint-ignore no-explicit-any -- kinds of all options are in one list
export interface LinkKind<Options = any> extends KindDetails<Options> {
  /** Its name: "bridge", or "bridge_slave" for its ports. */
  readonly name: string;
  /** All its attributes. */
  readonly table: AttributeTable;
  /** The attributes that can be set. */
  readonly options: Entries;
  /** Never set: carries the type of its options. */
  readonly optionsType?: Options;
  /** Whether it is for ports: IFLA_INFO_SLAVE_DATA. */
  readonly isPort: boolean;
}

/**
 * Defines a link kind.
 *
 * @param name Its name in iproute2.
 * @param table Its attributes in iproute2's order; called on first use.
 */
export function linkKind<Options, Data extends Options = Options>(
  name: string,
  table: () => Table<Data>,
  details: KindDetails<Options> = {},
): LinkKind<Options> {
  return made(name, false, table, details);
}

/** The settings of the ports of a kind. */
export function portSettings<Options, Data extends Options = Options>(
  master: string,
  table: () => Table<Data>,
  details: KindDetails<Options> = {},
): LinkKind<Options> {
  return made(`${master}_slave`, true, table, details);
}

function made<Options, Data extends Options>(
  name: string,
  isPort: boolean,
  entries: () => Table<Data>,
  details: KindDetails<Options>,
): LinkKind<Options> {
  let table: AttributeTable | undefined;
  return {
    ...details,
    name,
    isPort,
    get table(): AttributeTable {
      return table ??= new AttributeTable(entries() as Entries);
    },
    get options(): Entries {
      return this.table.options;
    },
  };
}

/**
 * The options of a link or port in iproute2's JSON.
 *
 * @param level The attributes from the kernel; undefined for none.
 */
export function kindData(
  { table, needs }: LinkKind,
  level: AttributeLevel | undefined,
): KindData {
  if (level === undefined || (needs !== undefined && !level.has(needs))) {
    return {};
  }
  return table.json(level);
}

/** The kernel's name of a kind. */
export function kernelName({ name, kernelName }: LinkKind): string {
  return kernelName ?? name;
}

/**
 * Encodes IFLA_LINKINFO of a new or changed link.
 *
 * @throws {ArgumentError} If an option is unknown, invalid or missing.
 */
export function writeLinkInfo(
  body: AttributeWriter,
  kind: LinkKind,
  given: OptionValues,
  names: NameLookup,
  making: boolean,
): void {
  const values = readOptions(kind.name, kind.options, given);
  body.nest(IFLA_LINKINFO, () => {
    body.text(IFLA_INFO_KIND, kernelName(kind));
    if (Object.keys(values).length === 0) return;
    const data = kind.isPort ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA;
    const all = kind.table.expanded(values);
    const prepared = kind.prepare?.(all, making) ?? all;
    body.nest(data, () => {
      if (making) kind.always?.(body);
      kind.table.encode(body, prepared, names);
    }, true);
  }, true);
}

/**
 * The options of a link that differ from the given ones.
 *
 * @param found IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA from the kernel.
 * @param nameOf The name of a link.
 */
export function kindDifferences(
  kind: LinkKind,
  found: AttributeLevel | undefined,
  given: OptionValues,
  names: NameLookup,
  nameOf: (ifindex: number) => string,
): OptionDifference[] {
  const values = readOptions(kind.name, kind.options, given);
  if (Object.keys(values).length === 0) return [];
  const all = kind.table.expanded(values);
  const wanted = kind.prepare?.(all, false) ?? all;
  return kind.table.differences(found, wanted, values, names, nameOf);
}
