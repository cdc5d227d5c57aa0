// Options that are one attribute each, for kinds without a struct.

import { TCA_OPTIONS } from "../../../ffi/uapi/linux_pkt_sched.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import { NUMBERED } from "../changes/change.ts";
import {
  type Attribute,
  attribute,
  type Details,
  type OptionValues,
  type Table,
} from "../spec/attribute.ts";
import { u32 } from "../spec/codec.ts";
import { AttributeLevel } from "../spec/level.ts";
import {
  AttributeTable,
  type Entries,
  type OptionsOf,
  readOptions,
} from "../spec/table.ts";
import type { QdiscKind } from "./kind.ts";
import type { Quantity } from "./units.ts";

/** A number with a unit. `factor`: base units in one of the attribute. */
export function amount(
  number: number,
  quantity: Quantity,
  details: Details<string | number, number> & { readonly factor?: number } = {},
): Attribute<string | number> {
  const { factor = 1, ...rest } = details;
  return attribute<string | number, number>(number, {
    ...quantity,
    raw: u32.read,
    decode: (raw) => raw,
    encode: (body, attribute, value) =>
      u32.write(body, attribute, Math.round(quantity.in(value) / factor)),
  }, rest);
}

/** A kind whose options are a table. */
export function tableKind<Options extends object>(
  name: string,
  entries: () => Table<Options>,
  rest: Partial<QdiscKind<Options>> = {},
): QdiscKind<Options> {
  let made: AttributeTable | undefined;
  const table = () => made ??= new AttributeTable(entries() as Entries);
  return {
    ...rest,
    name,
    get options(): OptionsOf<Options> {
      return table().options as object as OptionsOf<Options>;
    },
    write(body, options) {
      body.nest(
        TCA_OPTIONS,
        (inner) =>
          table().encode(inner, { ...options as OptionValues }, NUMBERED),
        true,
      );
    },
    json: (options: AttributeReader) =>
      table().json(new AttributeLevel(options.enter())),
    differences(found, given) {
      const values = readOptions(name, table().options, given);
      return table().differences(found, values, given, NUMBERED, String);
    },
  };
}
