// Address families as words, and addresses as each of them writes them.

import {
  AF_BRIDGE,
  AF_INET,
  AF_INET6,
  AF_MPLS,
  AF_PACKET,
  AF_UNSPEC,
} from "../../ffi/layout/sys_socket.ts";
import {
  RTNL_FAMILY_IP6MR,
  RTNL_FAMILY_IPMR,
} from "../../ffi/layout/linux_rtnetlink.ts";
import { formatIPv4, formatIPv6 } from "../address.ts";
import { formatLinkAddress } from "../link_address.ts";

/**
 * An address family: the word iproute2 has for it, or `"af-N"` for one it has
 * no word for. Source: address_families(7), linux/rtnetlink.h.
 */
export type AddressFamily =
  | "unspec"
  | "inet"
  | "inet6"
  | "link"
  | "mpls"
  | "bridge"
  | "ipmr"
  | "ip6mr"
  | `af-${number}`;

const NAMES: { readonly [af: number]: AddressFamily } = {
  [AF_UNSPEC]: "unspec",
  [AF_INET]: "inet",
  [AF_INET6]: "inet6",
  [AF_PACKET]: "link",
  [AF_MPLS]: "mpls",
  [AF_BRIDGE]: "bridge",
  [RTNL_FAMILY_IPMR]: "ipmr",
  [RTNL_FAMILY_IP6MR]: "ip6mr",
};

const NUMBERS = new Map(
  Object.entries(NAMES).map(([number, name]) => [name, Number(number)]),
);

/** The word for an AF_ number. */
export function familyName(af: number): AddressFamily {
  return NAMES[af] ?? `af-${af}`;
}

/** The AF_ number of a family. */
export function familyNumber(family: AddressFamily): number {
  return NUMBERS.get(family) ?? Number(family.slice(3));
}

// Few gateways serve many routes: the last string for each of 256 hashes is
// kept, so that it is neither made nor stored again.
const CACHED = 256;
const cachedIPv4 = new Int32Array(CACHED);
const cachedIPv4Text: string[] = new Array(CACHED).fill("0.0.0.0");

/** An IPv4 address that is likely to have been met before. */
function repeatedIPv4(bytes: Uint8Array, at: number): string {
  const value = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
    bytes[at + 3];
  const slot = (value ^ value >> 8 ^ value >> 16) & (CACHED - 1);
  if (value !== cachedIPv4[slot]) {
    cachedIPv4[slot] = value;
    cachedIPv4Text[slot] = formatIPv4(bytes, at);
  }
  return cachedIPv4Text[slot];
}

/**
 * The address in `[at, at + length)`; as link-layer bytes where its length is
 * not that of its family.
 */
export function addressText(
  family: AddressFamily,
  bytes: Uint8Array,
  at: number,
  length: number,
): string {
  if (length === 4 && (family === "inet" || family === "ipmr")) {
    return formatIPv4(bytes, at);
  }
  if (length === 16 && (family === "inet6" || family === "ip6mr")) {
    return formatIPv6(bytes, at);
  }
  if (family === "mpls") return labelStack(bytes, at, length);
  return formatLinkAddress(bytes, at, length);
}

/** The same of an address that is likely to come many times. */
export function repeatedAddressText(
  family: AddressFamily,
  bytes: Uint8Array,
  at: number,
  length: number,
): string {
  return length === 4 && family === "inet"
    ? repeatedIPv4(bytes, at)
    : addressText(family, bytes, at, length);
}

/** MPLS labels as iproute2 prints them: "100/200". Source: RFC 3032. */
function labelStack(bytes: Uint8Array, at: number, length: number): string {
  const labels: number[] = [];
  for (let i = at; i + 4 <= at + length; i += 4) {
    labels.push(bytes[i] << 12 | bytes[i + 1] << 4 | bytes[i + 2] >> 4);
    // The bottom-of-stack bit.
    if (bytes[i + 2] & 1) break;
  }
  return labels.join("/");
}
