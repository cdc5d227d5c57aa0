// Addresses and networks as `ip` reads them: abbreviated IPv4 networks, names
// for every address, and a family that earlier words may have chosen.

import { tryParseCidr, withZeros } from "../../lib/net/prefix.ts";
import { tryLabelBytes } from "../../lib/rtnetlink/family.ts";
import type { Family } from "./options.ts";
import { Failure, IpExit } from "./words.ts";

/** An address or a network. */
export interface Prefix {
  readonly family: "inet" | "inet6" | "mpls";
  /** "192.0.2.0/24", or "default" for all addresses. */
  readonly text: string;
  /** The address; undefined for "default". */
  readonly address: Uint8Array | undefined;
  readonly length: number;
  /** Whether the length was given. */
  readonly hasLength: boolean;
}

/** Bits of an MPLS label. */
const LABEL_BITS = 20;

/** Names of all addresses. */
const ALL = ["default", "any", "all"];

/** Reads an address with or without a prefix length. */
export function readPrefix(
  word: string,
  family: Family | undefined,
): Prefix {
  if (ALL.includes(word)) {
    return {
      family: family === "inet6" ? "inet6" : "inet",
      text: "default",
      address: undefined,
      length: 0,
      hasLength: true,
    };
  }
  if (family === "mpls") {
    const labels = tryLabelBytes(word);
    if (labels === undefined) throw notAddress("prefix", word, family);
    return {
      family,
      text: word,
      address: labels,
      length: LABEL_BITS,
      hasLength: false,
    };
  }
  const hasLength = word.includes("/");
  // `ip` also abbreviates an address without a prefix length.
  const full = withZeros(word);
  const parsed = tryParseCidr(full);
  const found = parsed?.address.length === 16 ? "inet6" : "inet";
  if (
    parsed === undefined ||
    (family === "inet" || family === "inet6") && family !== found
  ) {
    throw notAddress("prefix", word, family);
  }
  return {
    family: found,
    text: full,
    address: parsed.address,
    length: parsed.prefix,
    hasLength,
  };
}

/** Reads an address. */
export function readAddress(word: string, family: Family | undefined): string {
  const { text, hasLength } = readPrefix(word, family);
  if (hasLength && text !== "default") {
    throw notAddress("address", word, family);
  }
  return text !== "default" ? text : family === "inet6" ? "::" : "0.0.0.0";
}

function notAddress(what: string, word: string, family: Family | undefined) {
  return new Failure(
    `Error: ${family ?? "inet"} ${what} is expected rather than ${
      JSON.stringify(word)
    }.`,
    IpExit.refused,
    true,
  );
}

/** Whether the first bits of two addresses are equal. */
export function startsAlike(
  one: Uint8Array,
  other: Uint8Array,
  bits: number,
): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length && bits > 8 * at; at++) {
    const mask = 0xff00 >> Math.min(8, bits - 8 * at) & 0xff;
    if (((one[at]! ^ other[at]!) & mask) !== 0) return false;
  }
  return true;
}
