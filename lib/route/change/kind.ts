// A kind of link: what stands in IFLA_LINKINFO of a request.

import {
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_DATA,
  IFLA_LINKINFO,
} from "../../../ffi/layout/linux_if_link.ts";
import type { Namespace } from "../../namespace.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { NameLookup } from "./change.ts";
import {
  type OptionTable,
  type OptionValues,
  readOptions,
  writeOptions,
} from "./option.ts";

/** A kind of link, or what a link is to a master of that kind. */
export interface LinkKind {
  /** Its name for the kernel: "bridge", or "bridge_slave" of a port. */
  readonly name: string;
  /** What can be said of it. */
  readonly options: OptionTable;
  /** The kernel's module, where it has another name. */
  readonly module?: string;
  /** Whether it stands on another link, without which there is none. */
  readonly lower?: boolean;
  /** Whether its options go into IFLA_INFO_SLAVE_DATA. */
  readonly port?: boolean;
  /** Makes the link, of a kind that no message makes. */
  open?(
    name: string,
    values: OptionValues,
    namespace: Namespace | undefined,
  ): Promise<void>;
  /**
   * Writes what no single option says, behind the attributes of those that
   * write their own.
   *
   * @param making Whether the link is made now.
   */
  finish?(
    body: AttributeWriter,
    values: OptionValues,
    names: NameLookup,
    making: boolean,
  ): void;
}

/** Writes IFLA_LINKINFO of a link that is made or changed. */
export function writeLinkInfo(
  body: AttributeWriter,
  kind: LinkKind,
  given: OptionValues,
  names: NameLookup,
  making: boolean,
): void {
  const values = readOptions(kind.name, kind.options, given);
  body.nest(IFLA_LINKINFO, () => {
    body.text(IFLA_INFO_KIND, kind.name);
    if (Object.keys(values).length === 0) return;
    const data = kind.port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA;
    body.nest(data, () => {
      writeOptions(body, kind.options, values, names);
      kind.finish?.(body, values, names, making);
    }, true);
  }, true);
}
