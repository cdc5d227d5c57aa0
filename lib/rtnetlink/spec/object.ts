// An object of rtnetlink (an address, a rule ...) as a table: its options, the
// fields of a decoded object, and iproute2's JSON.

import { AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import type { Layout } from "../../../ffi/struct.ts";
import { ArgumentError } from "../../errors.ts";
import { formatLinkAddress, parseLinkAddress } from "../../net/link_address.ts";
import { tryParseCidr } from "../../net/prefix.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../../netlink/attribute.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { NetlinkError } from "../../netlink/errors.ts";
import type { MessageReader } from "../../netlink/message.ts";
import { netlinkString } from "../../socket/netlink_attributes.ts";
import {
  type Change,
  checked,
  FLAGS_OF,
  type Verb,
} from "../changes/change.ts";
import { type AddressFamily, addressText, familyName } from "../family.ts";
import {
  type ChangeTime,
  type OptionValues,
  showAddress,
} from "./attribute.ts";
import type { AttributeConstants } from "./constants.ts";
import type { JsonValue } from "./json.ts";
import type { NameLookup } from "./name_lookup.ts";
import {
  isSame,
  type OptionDifference,
  type OptionsOf,
  readSpec,
  valueText,
} from "./table.ts";
import { linkName, type Option, type Reader } from "./value.ts";

/** What the value of an attribute depends on when it is written. */
export interface Encoding {
  readonly names: NameLookup;
  /** AF_* of the object. */
  readonly family: number;
  /** What the object is, for errors: "address". */
  readonly object: string;
  /** The option that is written, for errors. */
  readonly word: string;
}

/** How a field lies in a message attribute. */
export interface FieldCodec<Raw> {
  /** Undefined for an attribute that is too short; absent if none is read. */
  read?(value: AttributeReader, family: AddressFamily): Raw | undefined;
  /** Absent if only the kernel sets it. */
  write?(
    body: AttributeWriter,
    attribute: number,
    value: Raw,
    encoding: Encoding,
  ): void;
  /** The value in a listing of a request, if it is not a number. */
  readonly show?: (value: Uint8Array) => string | number;
}

/** An IP address of the object's family. */
export const ip: FieldCodec<string> = {
  read: ({ bytes, at, length }, family) =>
    addressText(family, bytes, at, length),
  write: (body, attribute, value, encoding) =>
    void body.bytes(attribute, addressBytes(value, encoding)),
  show: showAddress,
};

/** The bytes of an address, which must be of the object's family. */
export function addressBytes(
  text: string,
  { family, object, word }: Encoding,
): Uint8Array {
  const address = tryParseCidr(text)?.address;
  if (address?.length === (family === AF_INET6 ? 16 : 4)) return address;
  const expected = `of the same IP version as the ${object}`;
  throw new ArgumentError(word, text, expected);
}

/** Text that ends with a NUL. */
export const string: FieldCodec<string> = {
  read: (value) => value.string(),
  write: (body, attribute, value) => void body.string(attribute, value),
  show: netlinkString,
};

/** A link-layer address of any length. */
export const linkLayer: FieldCodec<string> = {
  read: ({ bytes, at, length }) => formatLinkAddress(bytes, at, length),
  write: (body, attribute, value) =>
    void body.bytes(attribute, parseLinkAddress(value)),
  show: (value) => formatLinkAddress(value),
};

/** An attribute without a value. */
export const presence: FieldCodec<boolean> = {
  read: () => true,
  write(body, attribute, value) {
    if (value) body.flag(attribute);
  },
};

/** How another link is given, and reported: as its ifindex. */
export const device: Reader<string | number> & {
  toRaw(value: string | number, encoding: Encoding): number;
  readonly link: true;
} = {
  ...linkName,
  toRaw: (value, { names }) => names.index(value),
  link: true,
};

/** What iproute2 prints of an object. */
export type JsonObject = Record<string, JsonValue>;

/** What of an object is printed, and what its links are called. */
export interface JsonContext {
  readonly names: {
    name(ifindex: number): string;
    type(ifindex: number): number;
  };
  readonly details?: boolean | undefined;
  readonly statistics?: boolean | 2 | undefined;
  readonly oneTable?: boolean | undefined;
  readonly oneDevice?: boolean | undefined;
  readonly oneProtocol?: boolean | undefined;
  readonly oneScope?: boolean | undefined;
  /** Nexthop objects by their id. */
  readonly nexthops?: ReadonlyMap<number, object> | undefined;
}

/** What is known of an option, or of a field that only the kernel sets. */
export interface FieldDetails<O, Raw, T> extends Partial<Option<T>> {
  /** The message attribute that holds it. */
  readonly number?: number;
  readonly codec?: FieldCodec<Raw>;
  /**
   * The field of the message's struct that holds it; with `number` too, the
   * attribute holds what does not fit into a byte.
   */
  readonly header?: string;
  /** The bit of the field that it is; the entry named like the field is all. */
  readonly bit?: number;
  /** Whether the hand-written decoder of the object reads it. */
  readonly common?: true;
  /** Whether its value is another link, by its ifindex. */
  readonly link?: true;
  /** When the kernel accepts another value; any time, if not given. */
  readonly change?: ChangeTime | ((object: O) => ChangeTime);
  /** What the kernel does not report, because it is the default. */
  readonly kernelDefault?: Raw;
  /** Whether it is compared; default: where it is given. */
  readonly compare?: boolean | ((given: OptionValues) => boolean);
  /** What the user gives, as the kernel has it; default: the same. */
  toRaw?(value: T, encoding: Encoding): Raw;
  /** Reads the attribute, where it is more than the field's value. */
  decode?(object: O, value: AttributeReader, family: AddressFamily): void;
  /** Writes the attribute, where it is more than the field's value. */
  encode?(body: AttributeWriter, value: T, encoding: Encoding): void;
  /** What is compared; default: the field, or the bit. */
  of?(object: O): unknown;
  /** Whether the kernel's value is the wanted one; default: equal values. */
  same?(is: Raw, wanted: Raw, given: T | undefined): boolean;
  /** What is compared, for people, where the user would not write that. */
  text?(value: Raw, nameOf: (ifindex: number) => string): string;
  /** iproute2's key; nothing is printed without one. */
  readonly key?: string;
  /** iproute2's value; default: the text, or the field. */
  json?(
    value: Raw,
    object: O,
    context: JsonContext,
  ): JsonValue | undefined;
  /** Prints more than one key. */
  print?(json: JsonObject, object: O, context: JsonContext): void;
}

/** An attribute of an object. */
// deno-lint-ignore no-explicit-any -- fields have values of many types
export interface ObjectAttribute<O, T = any> extends FieldDetails<O, any, T> {
  /** The field of the decoded object; of a bit, that of the number. */
  readonly field?: keyof O & string;
}

/** Makes the entries of a table, each for a field of the object. */
export interface Fields<O extends object> {
  <K extends keyof O & string, T = NonNullable<O[K]>>(
    field: K,
    details: FieldDetails<O, NonNullable<O[K]>, T>,
  ): ObjectAttribute<O, T>;
  /** A field that a message attribute holds. */
  attribute<K extends keyof O & string, T = NonNullable<O[K]>>(
    field: K,
    number: number,
    codec: FieldCodec<NonNullable<O[K]>>,
    details?: FieldDetails<O, NonNullable<O[K]>, T>,
  ): ObjectAttribute<O, T>;
  /** A field that the struct in front of the attributes holds. */
  header<K extends keyof O & string, T = NonNullable<O[K]>>(
    field: K,
    header: string,
    details?: FieldDetails<O, NonNullable<O[K]>, T>,
  ): ObjectAttribute<O, T>;
  /** A bit of a field. */
  bit<K extends keyof O & string, T = boolean>(
    field: K,
    bit: number,
    details?: FieldDetails<O, NonNullable<O[K]>, T>,
  ): ObjectAttribute<O, T>;
}

/** The entries of the tables of a type of object. */
export function fieldsOf<O extends object>(): Fields<O> {
  return Object.assign(
    (field: keyof O & string, details: object) => ({ field, ...details }),
    {
      attribute: (
        field: keyof O & string,
        number: number,
        codec: FieldCodec<unknown>,
        details: object = {},
      ) => ({ field, number, codec, ...details }),
      header: (
        field: keyof O & string,
        header: string,
        details: object = {},
      ) => ({ field, header, ...details }),
      bit: (field: keyof O & string, bit: number, details: object = {}) => ({
        field,
        bit,
        ...details,
      }),
    },
  ) as unknown as Fields<O>;
}

/** A table with an entry for every option, and others for other fields. */
export type FieldsOf<O, Spec> =
  & {
    readonly [Word in keyof Spec]-?: ObjectAttribute<
      O,
      Exclude<Spec[Word], undefined>
    >;
  }
  & { readonly [word: string]: ObjectAttribute<O> };

type Values = Record<string, unknown>;

/** The attributes of one level of a message, in iproute2's order. */
export class FieldTable<O extends object, Spec extends object> {
  readonly entries: Readonly<Record<string, ObjectAttribute<O>>>;
  /** How the options are read. */
  readonly options: OptionsOf<Spec>;
  /** Whether unknown attributes are kept, in a field "unknown". */
  readonly #keepsUnknown: boolean;
  readonly #list: readonly (readonly [word: string, ObjectAttribute<O>])[];
  readonly #byNumber: (ObjectAttribute<O> | undefined)[] = [];
  readonly #printed: ObjectAttribute<O>[] = [];
  /** What is compared, by the words that are given: most objects share them. */
  readonly #compared = new Map<string, readonly ComparedEntry<O>[]>();

  constructor(fields: FieldsOf<O, Spec>, keepsUnknown = false) {
    const all: readonly [string, ObjectAttribute<O>][] = Object.entries(fields);
    this.entries = Object.fromEntries(all);
    this.#list = all;
    this.#keepsUnknown = keepsUnknown;
    this.options = Object.fromEntries(
      all.filter(([, { read }]) => read !== undefined),
    ) as OptionsOf<Spec>;
    for (const [, entry] of all) {
      const { number, codec, decode } = entry;
      if (number !== undefined && (codec?.read ?? decode) !== undefined) {
        this.#byNumber[number] = entry;
      }
      if ((entry.key ?? entry.print) !== undefined) this.#printed.push(entry);
    }
  }

  /**
   * Fills an object from attributes.
   *
   * @param uncommon Whether to leave out what hand-written decoders read.
   */
  decodeAttributes(
    object: O,
    attributes: AttributeReader,
    family: AddressFamily,
    uncommon = false,
  ): void {
    while (attributes.next()) {
      const entry = this.#byNumber[attributes.type];
      if (entry === undefined) {
        if (!this.#keepsUnknown) continue;
        const keeper = object as { unknown?: UnknownAttribute[] };
        (keeper.unknown ??= []).push(attributes.unknown());
      } else if (uncommon && entry.common) continue;
      else if (entry.decode !== undefined) {
        entry.decode(object, attributes, family);
      } else {
        const value = entry.codec?.read?.(attributes, family);
        if (value !== undefined) (object as Values)[entry.field!] = value;
      }
    }
  }

  /**
   * Writes options that were read.
   *
   * @returns The fields of the struct in front.
   */
  encodeAttributes(
    body: AttributeWriter,
    values: OptionValues,
    encoding: Omit<Encoding, "word">,
  ): Record<string, number> {
    const header: Record<string, number> = {};
    const bits: Record<string, number> = {};
    for (const [word, { bit, field = "" }] of this.#list) {
      if (bit !== undefined && values[word]) {
        bits[field] = (bits[field] ?? 0) | bit;
      }
    }
    for (const [word, entry] of this.#list) {
      const value = bits[word] ?? values[word];
      if (value === undefined || entry.bit !== undefined) continue;
      const how = { ...encoding, word };
      const { number, codec } = entry;
      if (entry.encode !== undefined) {
        entry.encode(body, value, how);
        continue;
      }
      const raw = entry.toRaw?.(value, how) ?? value;
      if (entry.header !== undefined && !(codec && raw > 0xff)) {
        header[entry.header] = raw;
      } else if (number !== undefined) codec?.write?.(body, number, raw, how);
    }
    return header;
  }

  /** What iproute2 prints. */
  json(object: O, context: JsonContext): JsonObject {
    const json: JsonObject = {};
    for (const entry of this.#printed) {
      if (entry.print !== undefined) {
        entry.print(json, object, context);
        continue;
      }
      const value = (object as Values)[entry.field!];
      if (value === undefined) continue;
      const { key, bit, json: jsonOf, text } = entry;
      if (bit !== undefined && (Number(value) & bit) === 0) continue;
      const shown = jsonOf !== undefined
        ? jsonOf(value, object, context)
        : bit !== undefined
        ? true
        : text?.(value, (index) => context.names.name(index)) ??
          value as JsonValue;
      if (shown !== undefined) json[key!] = shown;
    }
    return json;
  }

  /**
   * Makes the comparison of objects with one that has these options.
   *
   * @param given What the user gave.
   */
  comparison(given: OptionValues): ObjectComparison<O> {
    const compared = this.#comparedWith(given);
    return (is, wanted, nameOf) => {
      const different: OptionDifference[] = [];
      for (const { key, entry, valueOf } of compared) {
        const { compare } = entry;
        if (typeof compare === "function" && !compare(given)) continue;
        const one = valueOf(is);
        const other = valueOf(wanted);
        if (one === other || isSame(entry, one, other, given[key])) continue;
        const { change = "any time", link } = entry;
        const text = (value: unknown) =>
          value === undefined
            ? "not set"
            : link
            ? nameOf(Number(value))
            : entry.text?.(value, nameOf) ?? valueText(value);
        different.push({
          key,
          is: text(one),
          wanted: link && given[key] !== undefined
            ? String(given[key])
            : text(other),
          change: typeof change === "function" ? change(is) : change,
        });
      }
      return different;
    };
  }

  /**
   * The options that an object has, as a user writes them. Of an option whose
   * text cannot be parsed again there is none.
   */
  specOf(object: O): Spec {
    const spec: Values = {};
    for (const [word, entry] of this.#list) {
      const { read, text, kernelDefault } = entry;
      if (read === undefined) continue;
      const value = comparedValue(entry)(object);
      if (value === undefined || value === false || value === kernelDefault) {
        continue;
      }
      const given = text === undefined ? value : text(value, String);
      if (read(given) !== undefined) spec[word] = given;
    }
    return spec as Spec;
  }

  /** The entries that are compared where these options are given. */
  #comparedWith(given: OptionValues): readonly ComparedEntry<O>[] {
    const words = Object.keys(given).filter((word) =>
      given[word] !== undefined
    );
    let compared = this.#compared.get(`${words}`);
    if (compared === undefined) {
      compared = this.#list.flatMap(([key, entry]) =>
        entry.compare ?? words.includes(key)
          ? [{ key, entry, valueOf: comparedValue(entry) }]
          : []
      );
      this.#compared.set(`${words}`, compared);
    }
    return compared;
  }
}

/** An entry that is compared, and its value in an object. */
interface ComparedEntry<O> {
  readonly key: string;
  readonly entry: ObjectAttribute<O>;
  valueOf(object: O): unknown;
}

/**
 * The options of an object that differ from what is wanted.
 *
 * @param wanted The wanted object, encoded and decoded.
 * @param nameOf The name of a link.
 */
export type ObjectComparison<O> = (
  is: O,
  wanted: O,
  nameOf: (ifindex: number) => string,
) => OptionDifference[];

/** Reads what is compared of an object. */
export function comparedValue<O>(
  { of, field, bit, kernelDefault }: ObjectAttribute<O>,
): (object: O) => unknown {
  if (of !== undefined) return of;
  return bit === undefined
    ? (object) => (object as Values)[field!] ?? kernelDefault
    : (object) => (Number((object as Values)[field!] ?? 0) & bit) !== 0;
}

/** What differs between one type of object and another. */
export interface ObjectDetails<O extends object, Spec extends object> {
  /** What it is: "address". */
  readonly name: string;
  /** RTM_NEW*, which RTM_DEL* follows. */
  readonly message: number;
  /** The struct in front of the attributes; its first field is the family. */
  readonly struct: Layout;
  /** The C names of the attributes. */
  readonly constants: AttributeConstants;
  /** Options that a request cannot lack. */
  readonly required?: readonly (keyof Spec & string)[];
  /** What tells an object from others, for messages: "192.0.2.1/24 of eth0". */
  title(spec: Spec): string;
  /** AF_* of the object, which the struct holds. */
  familyOf(spec: Spec, verb: Verb): number;
  /** Checks options together; what is written, with what follows from them. */
  prepare?(spec: Spec, verb: Verb): OptionValues;
  /** Advice for a refused request, beyond that of its errno. */
  advice?(error: NetlinkError, spec: Spec, verb: Verb): string | undefined;
  /** What a decoded object holds where a message says nothing. */
  readonly initial?: Partial<O>;
  /** Completes a decoded object. */
  finish?(object: O): void;
}

/** A type of object: what follows from its table. */
export class ObjectTable<O extends object, Spec extends object>
  extends FieldTable<O, Spec> {
  readonly details: ObjectDetails<O, Spec>;
  /** The fields of the struct in front, and what reads them. */
  readonly #header: (readonly [
    field: string,
    get: (view: DataView, at: number) => unknown,
  ])[] = [];

  constructor(details: ObjectDetails<O, Spec>, fields: FieldsOf<O, Spec>) {
    super(fields, true);
    this.details = details;
    for (const { field, header } of Object.values(this.entries)) {
      if (field === undefined || header === undefined) continue;
      this.#header.push([field, details.struct.fields[header]!.get]);
    }
  }

  /**
   * Reads a message; undefined if it is cut off.
   *
   * @param message The message, as a reader stands on it.
   */
  decode(message: MessageReader): O | undefined {
    const { struct, initial, finish } = this.details;
    if (!message.holds(struct.size)) return undefined;
    const { view, payload } = message;
    const family = familyName(view.getUint8(payload));
    const object: Values = { family, ...initial };
    for (const [field, get] of this.#header) object[field] = get(view, payload);
    const attributes = message.attributes(struct.size);
    this.decodeAttributes(object as O, attributes, family);
    finish?.(object as O);
    return object as O;
  }

  /**
   * A request that adds, changes or deletes one.
   *
   * @throws {ArgumentError} If an option is unknown, wrong or missing.
   */
  change(verb: Verb, given: Spec): Change {
    const { name, message, required = [], prepare, struct } = this.details;
    const spec = readSpec(name, this.options, given, required);
    const what = `${verb} ${name} ${this.details.title(given)}`.trimEnd();
    const family = this.details.familyOf(spec, verb);
    const values = prepare?.(spec, verb) ?? { ...spec as OptionValues };
    const [familyField = ""] = Object.keys(struct.fields);
    return checked({
      what,
      advice: (error) => this.details.advice?.(error, spec, verb),
      requests: (names) => {
        const body = new AttributeWriter();
        const encoding = { names, family, object: name };
        const header = this.encodeAttributes(body, values, encoding);
        const front = struct.build({ ...header, [familyField]: family });
        return [{
          type: verb === "delete" ? message + 1 : message,
          flags: FLAGS_OF[verb],
          body: new AttributeWriter().raw(front).raw(body.finish()).finish(),
          tried: what,
        }];
      },
    });
  }
}
