// Values as programs, files and command lines give them: read into what a
// request holds, or refused in words that say what would be right.

import { tryParseIPv4, tryParseIPv6 } from "../../net/ip_address.ts";
import { tryParseCidr } from "../../net/prefix.ts";
import { ArgumentError } from "../../errors.ts";
import { tryParseLinkAddress } from "../../net/link_address.ts";

/** A part of a JSON schema. Source: json-schema.org, draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** How one kind of value is read. */
export interface Reader<T> {
  /** What is right, as the end of "is not ...". */
  readonly expected: string;
  /** The same for programs. */
  readonly schema: JsonSchema;
  /** The value, or undefined if it is none. */
  read(given: unknown): T | undefined;
}

/** How an option is read: a value, or on a command line its word alone. */
export interface Option<T> extends Reader<T> {
  /** What its word means on a command line where no value follows. */
  readonly alone?: T;
  /** What its word means with "no" before it. */
  readonly no?: T;
  /** Whether several words of a command line make its value. */
  readonly several?: boolean;
}

/** Reads a value that must be right. */
export function take<T>(
  argument: string,
  given: unknown,
  reader: Reader<T>,
): T {
  const value = reader.read(given);
  if (value !== undefined) return value;
  throw new ArgumentError(argument, given, reader.expected);
}

/** A whole number in decimal or, after 0x, hexadecimal digits. */
function integer(given: unknown): number {
  if (typeof given === "number") return Number.isInteger(given) ? given : NaN;
  if (typeof given !== "string") return NaN;
  return /^(-?\d+|0x[0-9a-f]+)$/i.test(given) ? Number(given) : NaN;
}

/** Whole numbers from `min` to `max`. */
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

/** Yes or no, in any of the usual words. */
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

/** One of some words. */
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
 * A number, or one of the words that stand for numbers.
 *
 * @param numberOf The number of a word, or of a number in digits.
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

/** Text of some bytes at most, which the kernel ends with a NUL. */
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

function parsedText<T>(
  expected: string,
  parse: (text: string) => T | undefined,
): Reader<string> {
  return {
    expected,
    schema: { type: "string" },
    read: (given) =>
      typeof given === "string" && parse(given) !== undefined
        ? given
        : undefined,
  };
}

/** An IPv4 address. */
export const ipv4: Reader<string> = parsedText(
  "an IPv4 address like 192.0.2.1",
  tryParseIPv4,
);

/** An IPv6 address. */
export const ipv6: Reader<string> = parsedText(
  "an IPv6 address like 2001:db8::1",
  tryParseIPv6,
);

/** An IPv4 or IPv6 address. */
export const ipAddress: Reader<string> = parsedText(
  "an address like 192.0.2.1 or 2001:db8::1",
  (text) => tryParseIPv4(text) ?? tryParseIPv6(text),
);

/** An address, with a prefix length behind a slash or without one. */
export const cidr: Reader<string> = parsedText(
  "an address with a prefix length like 192.0.2.1/24 or 2001:db8::1/64",
  tryParseCidr,
);

/** Where packets go: a network, an address, or "default". */
export const network: Reader<string> = parsedText(
  "default, or a network like 192.0.2.0/24 or 2001:db8::/32",
  (text) => text === "default" ? text : tryParseCidr(text),
);

/** A link-layer address of any length. */
export const linkAddress: Reader<string> = parsedText(
  "a link-layer address like 02:00:5e:10:00:01",
  tryParseLinkAddress,
);

/** The address of an Ethernet interface. */
export const ethernetAddress: Reader<string> = parsedText(
  "an Ethernet address like 02:00:5e:10:00:01",
  (text) => tryParseLinkAddress(text)?.length === 6 ? text : undefined,
);

/** A link: its name, or its index. */
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

/** Some values of a kind: a list, or words with commas between. */
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

/** A word that stands for a value, or a value of another kind. */
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
