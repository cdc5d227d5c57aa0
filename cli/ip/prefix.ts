// Addresses and networks as `ip` reads them: abbreviated IPv4 networks, names
// for every address, and a family that earlier words may have chosen.

import { tryParseIPv4, tryParseIPv6 } from "../../lib/net/ip_address.ts";
import { tryParseCidr } from "../../lib/net/prefix.ts";
import type { Family } from "./options.ts";
import { Failure, IpExit } from "./words.ts";

/** An address or a network. */
export interface Prefix {
  readonly family: "inet" | "inet6";
  /** "192.0.2.0/24", or "default" for all addresses. */
  readonly text: string;
  /** The address; undefined for "default". */
  readonly address: Uint8Array | undefined;
  readonly length: number;
  /** Whether the length was given. */
  readonly hasLength: boolean;
}

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
  const [host = "", length] = word.split("/");
  const full = whole(host);
  const bits = length === undefined
    ? undefined
    : maskLength(length) ?? Number(length);
  const parsed = tryParseCidr(bits === undefined ? full : `${full}/${bits}`);
  const found = parsed?.address.length === 16 ? "inet6" : "inet";
  if (
    parsed === undefined ||
    (family === "inet" || family === "inet6") && family !== found
  ) {
    throw notAddress("prefix", word, family);
  }
  return {
    family: found,
    text: bits === undefined ? full : `${full}/${bits}`,
    address: parsed.address,
    length: parsed.prefix,
    hasLength: bits !== undefined,
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

/** "10.1" is 10.1.0.0. */
function whole(host: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(host)) return host;
  const parts = host.split(".");
  return [...parts, "0", "0", "0"].slice(0, 4).join(".");
}

/** The length of a netmask; undefined if it is none. */
function maskLength(text: string): number | undefined {
  const mask = tryParseIPv4(text) ?? tryParseIPv6(text);
  if (mask === undefined) return undefined;
  const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
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
