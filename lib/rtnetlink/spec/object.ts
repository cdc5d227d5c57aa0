// An rtnetlink object (an address, a rule ...) as a table: options, fields of
// the decoded object, iproute2's JSON.

import { AF_INET6, AF_MPLS } from "../../../ffi/uapi/sys_socket.ts";
import type { Layout } from "../../../ffi/struct.ts";
import { ArgumentError } from "../../errors.ts";
import { formatLinkAddress, parseLinkAddress } from "../../net/link_address.ts";
import { cidrOf } from "../../net/prefix.ts";
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
import {
  type AddressFamily,
  addressText,
  familyName,
  tryLabelBytes,
} from "../family.ts";
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

/** The context of encoding an attribute. */
export interface Encoding {
  readonly names: NameLookup;
  /** AF_* of the object. */
  readonly family: number;
  /** The type of object, for errors: "address". */
  readonly object: string;
  /** The option, for errors. */
  readonly word: string;
}

/** Codec of a field in a message attribute. */
export interface FieldCodec<Raw> {
  /**
   * Returns undefined for an attribute that is too short; absent if it is not
   * decoded.
   */
  read?(value: AttributeReader, family: AddressFamily): Raw | undefined;
  /** Absent if only the kernel sets it. */
  write?(
    body: AttributeWriter,
    attribute: number,
    value: Raw,
    encoding: Encoding,
  ): void;
  /** The value in a listing, if it is not a number. */
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
  if (family === AF_MPLS) {
    const labels = tryLabelBytes(text);
    if (labels !== undefined) return labels;
    throw new ArgumentError(word, text, "MPLS labels like 100 or 100/200");
  }
  const address = cidrOf(text)?.address;
  if (address?.length === (family === AF_INET6 ? 16 : 4)) return address;
  const expected = `of the same IP version as the ${object}`;
  throw new ArgumentError(word, text, expected);
}

/** Text, terminated by NUL. */
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

/** Another link: given by name or ifindex, reported as its ifindex. */
export const device: Reader<string | number> & {
  toRaw(value: string | number, encoding: Encoding): number;
  readonly link: true;
} = {
  ...linkName,
  toRaw: (value, { names }) => names.index(value),
  link: true,
};

/** An object in iproute2's JSON. */
export type JsonObject = Record<string, JsonValue>;

/** What to print of an object, and the names of its links. */
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
  /** Nexthop objects by id. */
  readonly nexthops?: ReadonlyMap<number, object> | undefined;
}

/** Properties of an option, or of a field that only the kernel sets. */
export interface FieldDetails<O, Raw, T> extends Partial<Option<T>> {
  /** The message attribute. */
  readonly number?: number;
  readonly codec?: FieldCodec<Raw>;
  /**
   * The field of the message's struct; with `number` too, the attribute has
   * values that do not fit into a byte.
   */
  readonly header?: string;
  /**
   * The bit of the field; the entry named like the field has the whole number.
   */
  readonly bit?: number;
  /** Whether the hand-written decoder of the object decodes it. */
  readonly common?: true;
  /** Whether its value is another link, by ifindex. */
  readonly link?: true;
  /** When the kernel accepts another value; default: any time. */
  readonly change?: ChangeTime | ((object: O) => ChangeTime);
  /** The default, which the kernel does not report. */
  readonly kernelDefault?: Raw;
  /** Whether it is compared; default: if it is given. */
  readonly compare?: boolean | ((given: OptionValues) => boolean);
  /** Converts the option to the kernel's value; default: identity. */
  toRaw?(value: T, encoding: Encoding): Raw;
  /** Decodes the attribute, if it is more than the field's value. */
  decode?(object: O, value: AttributeReader, family: AddressFamily): void;
  /** Encodes the attribute, if it is more than the field's value. */
  encode?(body: AttributeWriter, value: T, encoding: Encoding): void;
  /** The compared value; default: the field or the bit. */
  of?(object: O): unknown;
  /** Whether the kernel's value is the desired one; default: equal values. */
  same?(is: Raw, wanted: Raw, given: T | undefined): boolean;
  /** The compared value as text, if it is not what the user would write. */
  text?(value: Raw, nameOf: (ifindex: number) => string): string;
  /** iproute2's key; without one it is not printed. */
  readonly key?: string;
  /** iproute2's value; default: the text, or the field. */
  json?(
    value: Raw,
    object: O,
    context: JsonContext,
  ): JsonValue | undefined;
  /** Prints several keys. */
  print?(json: JsonObject, object: O, context: JsonContext): void;
}

/** An attribute of an object. */
// deno-lint-ignore no-explicit-any -- fields have values of many types
export interface ObjectAttribute<O, T = any> extends FieldDetails<O, any, T> {
  /** The field of the decoded object; for a bit, that of the number. */
  readonly field?: keyof O & string;
}

/** Builds the entries of a table, each for a field of the object. */
export interface Fields<O extends object> {
  <K extends keyof O & string, T = NonNullable<O[K]>>(
    field: K,
    details: FieldDetails<O, NonNullable<O[K]>, T>,
  ): ObjectAttribute<O, T>;
  /** A field in a message attribute. */
  attribute<K extends keyof O & string, T = NonNullable<O[K]>>(
    field: K,
    number: number,
    codec: FieldCodec<NonNullable<O[K]>>,
    details?: FieldDetails<O, NonNullable<O[K]>, T>,
  ): ObjectAttribute<O, T>;
  /** A field in the struct before the attributes. */
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

/** Builders of the entries for a type of object. */
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

/** A table with an entry for every option, and for other fields. */
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
  /** How the options are parsed. */
  readonly options: OptionsOf<Spec>;
  /** Whether unknown attributes are retained in the field "unknown". */
  readonly #keepsUnknown: boolean;
  readonly #list: readonly (readonly [word: string, ObjectAttribute<O>])[];
  /** The positions in the list, by word. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #byNumber: (ObjectAttribute<O> | undefined)[] = [];
  readonly #printed: ObjectAttribute<O>[] = [];
  /** The compared entries by the given keys, which most objects share. */
  readonly #compared = new Map<string, readonly ComparedEntry<O>[]>();

  constructor(fields: FieldsOf<O, Spec>, keepsUnknown = false) {
    const all: readonly [string, ObjectAttribute<O>][] = Object.entries(fields);
    this.entries = Object.fromEntries(all);
    this.#list = all;
    this.#places = new Map(all.map(([word], at) => [word, at]));
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
   * Decodes attributes into an object.
   *
   * @param uncommon Whether to skip what hand-written decoders decode.
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
        const known = object as { unknown?: UnknownAttribute[] };
        (known.unknown ??= []).push(attributes.unknown());
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
   * Encodes parsed options.
   *
   * @returns The fields of the struct before the attributes.
   */
  encodeAttributes(
    body: AttributeWriter,
    values: OptionValues,
    encoding: Omit<Encoding, "word">,
  ): Record<string, number> {
    const header: Record<string, number> = {};
    const bits: Record<string, number> = {};
    const { names, family, object } = encoding;
    for (const at of this.#given(values, bits)) {
      const [word, entry] = this.#list[at]!;
      const value = bits[word] ?? values[word];
      const how = { names, family, object, word };
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

  /**
   * The positions of the given options in the table, in its order: a table has
   * dozens of entries, an object a few.
   *
   * @param bits Receives the given bits, by the word of their number.
   */
  #given(values: OptionValues, bits: Record<string, number>): number[] {
    const given: number[] = [];
    for (const word in values) {
      const value = values[word];
      const at = value === undefined ? undefined : this.#places.get(word);
      if (at === undefined) continue;
      const { bit, field = "" } = this.#list[at]![1];
      if (bit === undefined) given.push(at);
      else if (value) bits[field] = (bits[field] ?? 0) | bit;
    }
    for (const word in bits) {
      const at = this.#places.get(word);
      if (at !== undefined && values[word] === undefined) given.push(at);
    }
    return given.sort((a, b) => a - b);
  }

  /** The object in iproute2's JSON. */
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
   * Builds the comparison of objects with one that has these options.
   *
   * @param given The options of the user.
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
   * The options of an object, as a user writes them; without options whose text
   * cannot be parsed again.
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

  /** The entries that are compared for these options. */
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

/** A compared entry, and its value in an object. */
interface ComparedEntry<O> {
  readonly key: string;
  readonly entry: ObjectAttribute<O>;
  valueOf(object: O): unknown;
}

/**
 * The options of an object that differ from the desired ones.
 *
 * @param wanted The desired object, encoded and decoded.
 * @param nameOf The name of a link.
 */
export type ObjectComparison<O> = (
  is: O,
  wanted: O,
  nameOf: (ifindex: number) => string,
) => OptionDifference[];

/** The compared value of an object. */
export function comparedValue<O>(
  { of, field, bit, kernelDefault }: ObjectAttribute<O>,
): (object: O) => unknown {
  if (of !== undefined) return of;
  return bit === undefined
    ? (object) => (object as Values)[field!] ?? kernelDefault
    : (object) => (Number((object as Values)[field!] ?? 0) & bit) !== 0;
}

/** What differs between types of objects. */
export interface ObjectDetails<O extends object, Spec extends object> {
  /** Its name: "address". */
  readonly name: string;
  /** RTM_NEW*; RTM_DEL* is the next number. */
  readonly message: number;
  /** The struct before the attributes; its first field is the family. */
  readonly struct: Layout;
  /** The C names of the attributes. */
  readonly constants: AttributeConstants;
  /** Required options. */
  readonly required?: readonly (keyof Spec & string)[];
  /** Identifies an object in messages: "192.0.2.1/24 of eth0". */
  title(spec: Spec): string;
  /** AF_* of the object, for the struct. */
  familyOf(spec: Spec, verb: Verb): number;
  /** Checks combinations of options; returns them with derived ones. */
  prepare?(spec: Spec, verb: Verb): OptionValues;
  /** Advice for a rejected request, beyond that of its errno. */
  advice?(error: NetlinkError, spec: Spec, verb: Verb): string | undefined;
  /** The initial fields of a decoded object. */
  readonly initial?: Partial<O>;
  /** Completes a decoded object. */
  finish?(object: O): void;
}

/** A type of object, derived from its table. */
export class ObjectTable<O extends object, Spec extends object>
  extends FieldTable<O, Spec> {
  readonly details: ObjectDetails<O, Spec>;
  /** The fields of the struct before the attributes, and their readers. */
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
   * Decodes a message; undefined if it is truncated.
   *
   * @param message The message, at the position of the reader.
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
   * Builds a change that adds, changes or deletes an object.
   *
   * @throws {ArgumentError} If an option is unknown, invalid or missing.
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
        const front = body.reserve(struct);
        const encoding = { names, family, object: name };
        const header = this.encodeAttributes(body, values, encoding);
        header[familyField] = family;
        body.assign(struct, front, header);
        return [{
          type: verb === "delete" ? message + 1 : message,
          flags: FLAGS_OF[verb],
          body: body.release(),
          tried: what,
        }];
      },
    });
  }
}
