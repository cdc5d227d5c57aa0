// An entry of an attribute table: describes an option for encoding and
// decoding.

import {
  formatIPv4,
  formatIPv6,
  parseIPv4,
  parseIPv6,
  tryParseIPv4,
  tryParseIPv6,
} from "../../net/ip_address.ts";
import { formatLinkAddress, parseLinkAddress } from "../../net/link_address.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { type NumberCodec, u8 } from "./codec.ts";
import type { JsonValue } from "./json.ts";
import type { AttributeLevel } from "./level.ts";
import type { NameLookup } from "./name_lookup.ts";
import {
  bit,
  ethernetAddress,
  ipAddress,
  ipv4,
  ipv6,
  linkName,
  oneOf,
  type Option,
  orWord,
  type Reader,
  timeIn,
  wholeNumber,
} from "./value.ts";

/** When the kernel accepts another value. */
export type ChangeTime = "any time" | "while down" | "at creation" | "never";

/** Values of options, by name. */
export type OptionValues = { readonly [word: string]: unknown };

/** The value of an attribute in iproute2's JSON. */
export interface JsonField {
  /** iproute2's key; default: the option's name. */
  readonly key?: string;
  /** Whether the value is an ifindex; JSON has the link's name. */
  readonly link?: true;
  /** The value; undefined if iproute2 omits it. */
  read(level: AttributeLevel): JsonValue | undefined;
}

/** Encodes a message attribute that several options share. */
export interface SharedAttribute {
  /** @param values All options to encode, by name. */
  write(body: AttributeWriter, values: OptionValues): void;
}

/** An attribute of a kernel object. */
export interface Attribute<T> extends Option<T> {
  /** The message attribute; the first one if there are several. */
  readonly number: number;
  /** The second message attribute. */
  readonly number6?: number;
  /** When the kernel accepts another value; default: any time. */
  readonly change?: ChangeTime;
  /** What the kernel reports if the option was not given. */
  readonly kernelDefault?: T;
  /** The first kernel that supports it. */
  readonly since?: string;
  /** The unit of the number. */
  readonly unit?: string;
  /** Whether it changes by itself, so that no event is emitted. */
  readonly timer?: true;
  /** Whether it is an action, not a state. */
  readonly once?: true;
  /** False if kernels may not report it, so that it is not compared. */
  readonly isReported?: false;
  /** Whether it names a port, which has to be one already. */
  readonly ofPort?: true;
  /** Whether its value is another link, decoded as its ifindex. */
  readonly link?: true;
  /** The options that it expands to. */
  readonly means?: readonly string[];
  /** Encodes it together with other options. */
  readonly writes?: SharedAttribute;
  /** Encodes it; absent if it is read-only or `writes` encodes it. */
  readonly encode?:
    | ((
      body: AttributeWriter,
      value: T,
      names: NameLookup,
    ) => void)
    | undefined;
  /** Decodes it; undefined if the message does not have it. */
  decode(level: AttributeLevel): T | undefined;
  /** Its values in iproute2's JSON. */
  readonly json: readonly JsonField[];
  /**
   * When the kernel accepts a value instead of another, if it depends on them.
   */
  changeOf?(is: T | undefined, wanted: T | undefined): ChangeTime;
  /** Whether the kernel's value is the desired one; default: equal values. */
  same?(is: T, wanted: T): boolean;
  /** The value as text, if it is not what the user would write. */
  text?(value: T): string;
  /** The value of the message attribute in a listing of a request. */
  readonly show?: (value: Uint8Array) => string | number;
}

/** A table with an entry for every key of an interface. */
export type Table<Options> = {
  readonly [Key in keyof Options]-?: Attribute<
    Exclude<Options[Key], undefined>
  >;
};

/** What differs from the default. `Raw` is the number in the message. */
export interface Details<T, Raw = T> {
  readonly change?: ChangeTime;
  readonly kernelDefault?: T;
  readonly since?: string;
  readonly unit?: string;
  readonly timer?: true;
  readonly once?: true;
  /** iproute2's key; default: the option's name. */
  readonly key?: string;
  /** iproute2's value; default: the option's; false if it is omitted. */
  readonly json?: false | ((raw: Raw) => JsonValue | undefined);
  /** iproute2's value if the attribute is absent. */
  readonly absent?: JsonValue;
  /** Encodes it together with other options. */
  readonly writes?: SharedAttribute;
}

/** Parses, encodes and decodes the value of one message attribute. */
export interface Codec<T, Raw = T> extends Option<T> {
  /** The value in the message. */
  raw(value: AttributeReader): Raw;
  /** The option's value; undefined if it is not set. */
  decode(raw: Raw): T | undefined;
  encode(
    body: AttributeWriter,
    attribute: number,
    value: T,
    names: NameLookup,
  ): void;
  /** iproute2's value; default: the option's. */
  json?(raw: Raw): JsonValue | undefined;
  readonly link?: true;
  readonly show?: (value: Uint8Array) => string | number;
}

/** An entry for an option in one message attribute. */
export function attribute<T, Raw = T>(
  number: number,
  codec: Codec<T, Raw>,
  details: Details<T, Raw> = {},
): Attribute<T> {
  const { key, json, absent, ...rest } = details;
  const { raw, decode, encode, json: codecJson, link, ...word } = codec;
  const read = json === false ? undefined : json ?? codecJson ?? decode as (
    raw: Raw,
  ) => JsonValue | undefined;
  const writable = details.change !== "never" && details.writes === undefined;
  return {
    ...word,
    ...rest,
    ...(link && { link }),
    number,
    decode(level) {
      const value = level.get(number);
      return value === undefined ? undefined : decode(raw(value));
    },
    ...(writable && {
      encode: (body: AttributeWriter, value: T, names: NameLookup) =>
        encode(body, number, value, names),
    }),
    json: read === undefined ? [] : [{
      ...(key !== undefined && { key }),
      ...(link && { link }),
      read(level) {
        const value = level.get(number);
        return value === undefined ? absent : read(raw(value));
      },
    }],
  };
}

function numeric<T>(
  number: number,
  codec: NumberCodec,
  reader: Option<T>,
  decode: (raw: number) => T | undefined,
  encode: (value: T) => number,
  json: ((raw: number) => JsonValue | undefined) | undefined,
  details: Details<T, number>,
): Attribute<T> {
  const { show } = codec;
  return attribute<T, number>(number, {
    ...reader,
    raw: codec.read,
    decode,
    encode: (body, attribute, value) =>
      codec.write(body, attribute, encode(value)),
    ...(json && { json }),
    ...(show && { show }),
  }, details);
}

const same = <T>(value: T): T => value;

/** Details of a number. */
export interface NumberDetails<T> extends Details<T, number> {
  /** The smallest value that the kernel accepts. */
  readonly min?: number;
  /** The largest value that the kernel accepts. */
  readonly max?: number;
  /** Parses and formats the number, if it is not a decimal one. */
  readonly reader?: Reader<number> & { text(number: number): string };
}

/** Units of options that are times, in milliseconds. */
const TIME_UNITS: Readonly<Record<string, number>> = {
  "ms": 1,
  "1/100 s": 10,
  "s": 1000,
};

/** A number. */
export function number(
  number: number,
  codec: NumberCodec,
  { min, max, reader: given, ...details }: NumberDetails<number> = {},
): Attribute<number> {
  const plain = given ?? wholeNumber(min ?? codec.min, max ?? codec.max);
  const unit = TIME_UNITS[details.unit ?? ""];
  const reader = unit === undefined ? plain : timeIn(unit, plain);
  return numeric(number, codec, reader, same, same, undefined, details);
}

/** Formats numbers, and keywords as they are. */
export function textOr(
  { text }: { text(number: number): string },
): (value: unknown) => string {
  return (value) => typeof value === "number" ? text(value) : String(value);
}

/** A number, or a keyword for a number. */
export function numberOr<const Word extends string>(
  number: number,
  codec: NumberCodec,
  words: { readonly [W in Word]: number },
  { min, max, reader: given, ...details }: NumberDetails<
    number | NoInfer<Word>
  > = {},
): Attribute<number | Word> {
  const names = Object.keys(words) as Word[];
  const plain = given ?? wholeNumber(min ?? codec.min, max ?? codec.max);
  const reader: Reader<number | Word> & Pick<Attribute<unknown>, "text"> = {
    ...(given && { text: textOr(given) }),
    expected: `${names.join(", ")} or ${plain.expected}`,
    schema: { anyOf: [{ enum: names }, plain.schema] },
    read: (given) => names.find((name) => name === given) ?? plain.read(given),
  };
  return numeric(
    number,
    codec,
    reader,
    (raw) => names.find((name) => words[name] === raw) ?? raw,
    (value) => typeof value === "number" ? value : words[value],
    same,
    details,
  );
}

const booleanOf = (raw: number) => raw !== 0;

/** A flag whose keyword needs no value: csum, nocsum. */
export const toggleWord: Option<boolean> & { alone: boolean; no: boolean } = {
  ...bit,
  alone: true,
  no: false,
};

/** Details of a flag. */
type FlagDetails = Details<boolean, number> & { readonly codec?: NumberCodec };

const onOrOff = (reader: Option<boolean>) =>
(
  number: number,
  { codec = u8, ...details }: FlagDetails = {},
): Attribute<boolean> =>
  numeric(number, codec, reader, booleanOf, Number, undefined, details);

/** A flag as a number. */
export const flag: (
  number: number,
  details?: FlagDetails,
) => Attribute<boolean> = onOrOff(bit);

/** A flag as a number, whose keyword needs no value or starts with "no". */
export const toggle: typeof flag = onOrOff(toggleWord);

/** An attribute without a value, whose presence is the flag. */
export function presence(
  number: number,
  { absent, ...details }: Details<boolean> = {},
): Attribute<boolean> {
  const entry = attribute<boolean>(number, {
    ...bit,
    alone: true,
    raw: () => true,
    decode: () => true,
    encode(body, attribute, value) {
      if (value) body.flag(attribute);
    },
  }, { ...details, ...(absent !== undefined && { absent }) });
  return { ...entry, decode: (level) => level.has(number) };
}

/** A keyword for each number: a list from 0, or numbers by keyword. */
export function word<const Word extends string>(
  number: number,
  codec: NumberCodec,
  words: readonly Word[] | { readonly [W in Word]: number },
  details: Details<NoInfer<Word>, number> = {},
): Attribute<Word> {
  const { numbers, names } = wordTable(words);
  return numeric(
    number,
    codec,
    oneOf([...numbers.keys()]),
    (raw) => names.get(raw),
    (value) => numbers.get(value)!,
    (raw) => names.get(raw) ?? "UNKNOWN",
    details,
  );
}

function wordTable<Word extends string>(
  words: readonly Word[] | { readonly [W in Word]: number },
): { numbers: Map<Word, number>; names: Map<number, Word> } {
  const pairs: [Word, number][] = Array.isArray(words)
    ? words.map((one: Word, index): [Word, number] => [one, index])
    : Object.entries(words) as [Word, number][];
  return {
    numbers: new Map(pairs),
    names: new Map(pairs.map(([one, value]) => [value, one])),
  };
}

function isZero({ bytes, at, length }: AttributeReader): boolean {
  for (let i = at; i < at + length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** An IP address of 4 or 16 bytes as text; undefined if it is not set. */
export function readAddress(value: AttributeReader): string | undefined {
  if (isZero(value)) return undefined;
  const { bytes, at, length } = value;
  return length >= 16
    ? formatIPv6(bytes, at)
    : length >= 4
    ? formatIPv4(bytes, at)
    : "";
}

/** Address bytes in a listing of a request. */
export function showAddress(value: Uint8Array): string {
  return value.length === 4
    ? formatIPv4(value)
    : value.length === 16
    ? formatIPv6(value)
    : formatLinkAddress(value);
}

function addressOf(
  number: number,
  reader: Reader<string>,
  parse: (text: string) => Uint8Array,
  details: Details<string, string | undefined>,
): Attribute<string> {
  return attribute<string, string | undefined>(number, {
    ...reader,
    raw: readAddress,
    decode: same,
    encode: (body, attribute, value) =>
      void body.bytes(attribute, parse(value)),
    show: showAddress,
  }, details);
}

/** An IPv4 address. */
export function address4(
  number: number,
  details: Details<string, string | undefined> = {},
): Attribute<string> {
  return addressOf(number, ipv4, parseIPv4, details);
}

/** An IPv6 address. */
export function address6(
  number: number,
  details: Details<string, string | undefined> = {},
): Attribute<string> {
  return addressOf(number, ipv6, parseIPv6, details);
}

/** What differs for an address of either IP version. */
export interface EitherDetails {
  readonly change?: ChangeTime;
  /** Whether the IP version is fixed at creation: IPv4 where it is not set. */
  readonly fixedVersion?: boolean;
  /** iproute2's keys; default: the option's name. */
  readonly keys: readonly [ipv4: string, ipv6: string];
  /** Which addresses are valid. */
  readonly only?: (address: Uint8Array) => boolean;
  /** What is valid, with `only`. */
  readonly expected?: string;
}

/**
 * An address with a message attribute for each IP version; IPv4 takes
 * precedence.
 */
export function address(
  number4: number,
  number6: number,
  { keys, only, expected, fixedVersion, ...details }: EitherDetails,
): Attribute<string> {
  const read = (value: AttributeReader | undefined) => {
    if (value === undefined) return undefined;
    const { bytes, at, length } = value;
    return only?.(bytes.subarray(at, at + length)) === false
      ? undefined
      : readAddress(value);
  };
  const decode = (level: AttributeLevel) =>
    level.has(number4) ? read(level.get(number4)) : read(level.get(number6));
  return {
    ...ipAddress,
    ...details,
    ...(expected !== undefined && { expected }),
    ...(fixedVersion && {
      changeOf: (is?: string, wanted?: string): ChangeTime =>
        isIPv6(is) === isIPv6(wanted) ? "any time" : "at creation",
    }),
    read(given) {
      const text = ipAddress.read(given);
      return text === undefined || only?.(addressBytes(text)) === false
        ? undefined
        : text;
    },
    number: number4,
    number6,
    decode,
    encode(body, value) {
      const v4 = tryParseIPv4(value);
      if (v4 !== undefined) body.bytes(number4, v4);
      else body.bytes(number6, parseIPv6(value));
    },
    json: [
      { key: keys[0], read: (level) => read(level.get(number4)) },
      {
        key: keys[1],
        read: (level) =>
          level.has(number4) ? undefined : read(level.get(number6)),
      },
    ],
    show: showAddress,
  };
}

function isIPv6(text = ""): boolean {
  return text.includes(":");
}

function addressBytes(text: string): Uint8Array {
  return tryParseIPv4(text) ?? tryParseIPv6(text) ?? new Uint8Array();
}

/** An Ethernet address. */
export function ethernet(
  number: number,
  details: Details<string> = {},
): Attribute<string> {
  return attribute<string>(number, {
    ...ethernetAddress,
    raw: ({ bytes, at, length }) => formatLinkAddress(bytes, at, length),
    decode: same,
    encode: (body, attribute, value) =>
      void body.bytes(attribute, parseLinkAddress(value)),
    show: (value) => formatLinkAddress(value),
  }, details);
}

/** Another link; undefined for ifindex 0. */
export function link(
  number: number,
  details: Details<string | number, number> = {},
): Attribute<string | number> {
  return attribute<string | number, number>(number, {
    ...linkName,
    raw: (value) => value.i32(),
    decode: (raw) => raw || undefined,
    encode: (body, attribute, value, names) =>
      void body.u32(attribute, names.index(value)),
    link: true,
  }, details);
}

/** Another link, or "none". */
export function linkOrNone(
  number: number,
  details: Details<string | number, number> = {},
): Attribute<string | number> {
  return attribute<string | number, number>(number, {
    ...orWord("none", linkName),
    no: "none",
    raw: (value) => value.i32(),
    decode: (raw) => raw || "none",
    encode: (body, attribute, value, names) =>
      void body.u32(attribute, value === "none" ? 0 : names.index(value)),
    link: true,
  }, details);
}

/** Encodes and decodes the bits of a message attribute. */
export interface BitsCodec {
  read(value: AttributeReader): {
    readonly value: number;
    /** The bits that the value defines. */
    readonly mask: number;
  } | undefined;
  /** @param mask The bits of the options to encode. */
  write(
    body: AttributeWriter,
    attribute: number,
    value: number,
    mask: number,
  ): void;
}

/** Bits of a plain number. */
export function plainBits(codec: NumberCodec): BitsCodec {
  return {
    read: (value) => ({ value: codec.read(value), mask: ~0 }),
    write: (body, attribute, value) => codec.write(body, attribute, value),
  };
}

/** Bits of a struct of a value and a mask, both u32. */
export const maskedBits: BitsCodec = {
  read({ view, at, length }) {
    if (length < 8) return undefined;
    return {
      value: view.getInt32(at, true),
      mask: view.getInt32(at + 4, true),
    };
  },
  write(body, attribute, value, mask) {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, value, true);
    view.setUint32(4, mask, true);
    body.bytes(attribute, bytes);
  },
};

/** Options that are bits of one message attribute. */
export function bits<Word extends string>(
  number: number,
  codec: BitsCodec,
  words: { readonly [W in Word]: number },
  details: Omit<Details<boolean>, "writes"> & {
    readonly toggle?: boolean;
    /** The options that are on by default. */
    readonly on?: readonly NoInfer<Word>[];
  } = {},
): { readonly [W in Word]: Attribute<boolean> } {
  const { toggle = false, on = [], json = same, key: _, ...rest } = details;
  const numbers = Object.entries(words) as [Word, number][];
  const writes: SharedAttribute = {
    write(body, values) {
      let [value, mask] = [0, 0];
      for (const [word, bit] of numbers) {
        if (values[word] === undefined) continue;
        mask |= bit;
        if (values[word]) value |= bit;
      }
      codec.write(body, number, value, mask);
    },
  };
  const entry = (bitOf: number, kernelDefault: boolean): Attribute<boolean> => {
    const decode = (level: AttributeLevel) => {
      const found = level.get(number);
      const read = found && codec.read(found);
      return read === undefined || (read.mask & bitOf) === 0
        ? undefined
        : (read.value & bitOf) !== 0;
    };
    return {
      ...(toggle ? toggleWord : bit),
      ...rest,
      kernelDefault,
      number,
      writes,
      decode,
      json: json === false ? [] : [{
        read(level) {
          const value = decode(level);
          return value === undefined ? undefined : json(value);
        },
      }],
    };
  };
  return Object.fromEntries(
    numbers.map(([word, bit]) => [word, entry(bit, on.includes(word))]),
  ) as { [W in Word]: Attribute<boolean> };
}

/** An option that expands to several; properties that apply to all of them. */
export function standsFor<T>(
  means: readonly [string, string],
  parts: readonly [Attribute<T>, Attribute<T>],
): Attribute<T> {
  const [first, second] = parts;
  const { expected, schema, alone, no } = first;
  return {
    expected,
    schema,
    read: (given) => first.read(given),
    ...(alone !== undefined && { alone }),
    ...(no !== undefined && { no }),
    number: first.number,
    means,
    decode(level) {
      const [one, other] = [first.decode(level), second.decode(level)];
      return one === other ? one : undefined;
    },
    json: [],
  };
}

/** An attribute that the kernel reports and that cannot be set. */
export function reported<T extends JsonValue>(
  number: number,
  read: (value: AttributeReader, level: AttributeLevel) => T | undefined,
  details: Pick<Details<T>, "timer" | "since" | "key" | "absent"> & {
    readonly link?: true;
  } = {},
): Attribute<T> {
  const { key, absent, link, ...rest } = details;
  const decode = (level: AttributeLevel) => {
    const value = level.get(number);
    return value === undefined ? undefined : read(value, level);
  };
  return {
    ...READ_ONLY,
    ...rest,
    number,
    change: "never",
    decode,
    json: [{
      ...(key !== undefined && { key }),
      ...(link && { link }),
      read: (level) => level.has(number) ? decode(level) : absent,
    }],
  };
}

const READ_ONLY = {
  expected: "a value that only the kernel sets",
  schema: {},
  read: () => undefined,
};
