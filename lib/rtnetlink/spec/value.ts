// Parsers of values from programs, files and command lines, with errors that
// name the expected values.

import { isIPv4, isIPv6 } from "../../net/ip_address.ts";
import { cidrOf } from "../../net/prefix.ts";
import { ArgumentError } from "../../errors.ts";
import { tryParseLinkAddress } from "../../net/link_address.ts";
import { tryLabelBytes } from "../family.ts";

/** A part of a JSON schema. Source: json-schema.org, draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Parses one type of value. */
export interface Reader<T> {
  /** The expected values, as the end of "is not ...". */
  readonly expected: string;
  /** The expected values as a JSON schema. */
  readonly schema: JsonSchema;
  /** The value; undefined for an invalid one. */
  read(given: unknown): T | undefined;
}

/** Parses an option: a value, or on a command line a keyword without one. */
export interface Option<T> extends Reader<T> {
  /** The value of the keyword on a command line if no value follows. */
  readonly alone?: T;
  /** The value of the keyword with the prefix "no". */
  readonly no?: T;
  /** Whether several arguments of a command line form its value. */
  readonly several?: boolean;
}

/** Parses a value; throws for an invalid one. */
export function take<T>(
  argument: string,
  given: unknown,
  reader: Reader<T>,
): T {
  const value = reader.read(given);
  if (value !== undefined) return value;
  throw new ArgumentError(argument, given, reader.expected);
}

/** An integer in decimal or, after 0x, hexadecimal digits. */
function integer(given: unknown): number {
  if (typeof given === "number") return Number.isInteger(given) ? given : NaN;
  if (typeof given !== "string") return NaN;
  return /^(-?\d+|0x[0-9a-f]+)$/i.test(given) ? Number(given) : NaN;
}

/** Integers from `min` to `max`. */
export function wholeNumber(min: number, max: number): Reader<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    schema: { type: "integer", minimum: min, maximum: max },
    read(given) {
      const number = integer(given);
      return number >= min && number <= max ? number : undefined;
    },
  };
}

/**
 * A number that iproute2 reads as hexadecimal, with 0x or without.
 *
 * @param numberOf The number of a keyword.
 */
export function hexadecimal(
  max: number,
  numberOf: (word: string) => number | undefined = () => undefined,
): Reader<number> & { text(number: number): string } {
  const plain = wholeNumber(0, max);
  return {
    expected: `hexadecimal digits up to ${max.toString(16)}`,
    schema: { anyOf: [plain.schema, { type: "string" }] },
    read(given) {
      if (typeof given !== "string") return plain.read(given);
      const digits = /^(?:0x)?([0-9a-f]+)$/i.exec(given)?.[1];
      return numberOf(given) ?? plain.read(digits && parseInt(digits, 16));
    },
    text: (number) => `0x${number.toString(16)}`,
  };
}

/** Units of times, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
};

/**
 * A time: a number in the kernel's unit, or text with a unit.
 *
 * @param unit The kernel's unit in milliseconds.
 */
export function timeIn(unit: number, plain: Reader<number>): Reader<number> {
  return {
    expected: `${plain.expected}, or a time such as 15s or 500ms`,
    schema: {
      anyOf: [
        plain.schema,
        { type: "string", pattern: "^\\d+(\\.\\d+)?(ms|s|min|h)$" },
      ],
    },
    read(given) {
      const [, digits, name] = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(
        String(given),
      ) ?? [];
      return name === undefined
        ? plain.read(given)
        : plain.read(Number((Number(digits) * UNITS[name]! / unit).toFixed(6)));
    },
  };
}

/** A boolean, in any of the usual keywords. */
export const bit: Reader<boolean> = {
  expected: "on, off, true, false, 1 or 0",
  schema: { enum: [true, false, 0, 1, "on", "off"] },
  read(given) {
    switch (given) {
      case true:
      case 1:
      case "1":
      case "on":
      case "true":
        return true;
      case false:
      case 0:
      case "0":
      case "off":
      case "false":
        return false;
    }
    return undefined;
  },
};

/** One of several keywords. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
): Reader<Word> {
  return {
    expected: `one of ${words.join(", ")}`,
    schema: { enum: words },
    read: (given) => words.find((word) => word === given),
  };
}

/**
 * A number, or a keyword for a number.
 *
 * @param numberOf The number of a keyword, or of a number in digits.
 */
export function numbered(
  expected: string,
  max: number,
  numberOf: (word: string) => number | undefined,
): Reader<number> {
  const plain = wholeNumber(0, max);
  return {
    expected,
    schema: { anyOf: [plain.schema, { type: "string" }] },
    read(given) {
      const number = plain.read(given);
      return number ??
        (typeof given === "string" ? plain.read(numberOf(given)) : undefined);
    },
  };
}

/** Text with a maximum number of bytes; the kernel adds a NUL. */
export function text(longest: number): Reader<string> {
  return {
    expected: `text of 1 to ${longest} bytes`,
    schema: { type: "string", minLength: 1, maxLength: longest },
    read: (given) =>
      typeof given === "string" && given !== "" && !given.includes("\0") &&
        new TextEncoder().encode(given).length <= longest
        ? given
        : undefined,
  };
}

function textThat(
  expected: string,
  isRight: (text: string) => boolean,
): Reader<string> {
  return {
    expected,
    schema: { type: "string" },
    read: (given) =>
      typeof given === "string" && isRight(given) ? given : undefined,
  };
}

/** An IPv4 address. */
export const ipv4: Reader<string> = textThat(
  "an IPv4 address like 192.0.2.1",
  isIPv4,
);

/** An IPv6 address. */
export const ipv6: Reader<string> = textThat(
  "an IPv6 address like 2001:db8::1",
  isIPv6,
);

/** An IPv4 or IPv6 address. */
export const ipAddress: Reader<string> = textThat(
  "an address like 192.0.2.1 or 2001:db8::1",
  (text) => isIPv4(text) || isIPv6(text),
);

/** An address with or without a prefix length. */
export const cidr: Reader<string> = textThat(
  "an address with a prefix length like 192.0.2.1/24 or 2001:db8::1/64",
  (text) => cidrOf(text) !== undefined,
);

/** A destination: a network, an address, or "default". */
export const network: Reader<string> = textThat(
  "default, or a network like 192.0.2.0/24 or 2001:db8::/32",
  (text) => text === "default" || cidrOf(text) !== undefined,
);

/** MPLS labels like 100/200. */
export const labels: Reader<string> = textThat(
  "MPLS labels from 0 to 1048575, like 100 or 100/200",
  (text) => tryLabelBytes(text) !== undefined,
);

/** The same, or an MPLS label. */
export const networkOrLabel: Reader<string> = {
  ...network,
  read: (given) =>
    network.read(given) ??
      (String(given).includes("/") ? undefined : labels.read(given)),
};

/** A link-layer address of any length. */
export const linkAddress: Reader<string> = textThat(
  "a link-layer address like 02:00:5e:10:00:01",
  (text) => tryParseLinkAddress(text) !== undefined,
);

/** The address of an Ethernet interface. */
export const ethernetAddress: Reader<string> = textThat(
  "an Ethernet address like 02:00:5e:10:00:01",
  (text) => tryParseLinkAddress(text)?.length === 6,
);

/** A link, by name or ifindex. */
export const linkName: Reader<string | number> = {
  expected: "the name or the index of a link",
  schema: {
    anyOf: [{ type: "string", minLength: 1 }, { type: "integer", minimum: 1 }],
  },
  read: (given) =>
    typeof given === "string"
      ? given === "" || given.includes("\0") ? undefined : given
      : Number.isInteger(given) && Number(given) > 0
      ? Number(given)
      : undefined,
};

/** Several values: a list, or text separated by commas. */
export function list<T>(one: Reader<T>, most: number): Reader<T[]> {
  return {
    expected: `up to ${most} values with commas between, each ${one.expected}`,
    schema: { type: "array", items: one.schema, maxItems: most },
    read(given) {
      const parts = typeof given === "string"
        ? given.split(",").filter((part) => part !== "")
        : given;
      if (!Array.isArray(parts) || parts.length > most) return undefined;
      const values = parts.map((part) => one.read(part));
      return values.every((value) => value !== undefined) ? values : undefined;
    },
  };
}

/** A keyword, or a value of another type. */
export function orWord<T, const Word extends string>(
  word: Word,
  other: Reader<T>,
): Reader<T | Word> {
  return {
    expected: `${word} or ${other.expected}`,
    schema: { anyOf: [{ const: word }, other.schema] },
    read: (given) => given === word ? word : other.read(given),
  };
}
