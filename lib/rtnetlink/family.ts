// Names of address families, and the text form of their addresses.

import {
  AF_BRIDGE,
  AF_INET,
  AF_INET6,
  AF_MPLS,
  AF_PACKET,
  AF_UNSPEC,
} from "../../ffi/uapi/sys_socket.ts";
import {
  RTNL_FAMILY_IP6MR,
  RTNL_FAMILY_IPMR,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { formatIPv4, formatIPv6 } from "../net/ip_address.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import { cachedIPv4 } from "../net/address_text_cache.ts";

/**
 * An address family: iproute2's name, or `"af-N"` without one. Source:
 * address_families(7), linux/rtnetlink.h.
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

/** The name of an AF_ number. */
export function familyName(af: number): AddressFamily {
  return af === AF_INET ? "inet" : NAMES[af] ?? `af-${af}`;
}

/** The AF_ number of a family. */
export function familyNumber(family: AddressFamily): number {
  return NUMBERS.get(family) ?? Number(family.slice(3));
}

/**
 * The address in `[at, at + length)`; as link-layer bytes if the length is not
 * that of the family.
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

/** The same with a cache, for addresses that occur many times. */
export function cachedAddressText(
  family: AddressFamily,
  words: Int32Array,
  bytes: Uint8Array,
  at: number,
  length: number,
): string {
  return length === 4 && family === "inet"
    ? cachedIPv4(words, bytes, at)
    : addressText(family, bytes, at, length);
}

/** MPLS labels as iproute2 prints them: "100/200". Source: RFC 3032. */
function labelStack(bytes: Uint8Array, at: number, length: number): string {
  const labels: number[] = [];
  for (let i = at; i + 4 <= at + length; i += 4) {
    labels.push(bytes[i]! << 12 | bytes[i + 1]! << 4 | bytes[i + 2]! >> 4);
    // The bottom-of-stack bit.
    if (bytes[i + 2]! & 1) break;
  }
  return labels.join("/");
}

/** The bytes of MPLS labels like "100/200"; undefined if they are none. */
export function tryLabelBytes(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  const labels = text.split("/");
  const bytes = new Uint8Array(4 * labels.length);
  const view = new DataView(bytes.buffer);
  for (const [index, label] of labels.entries()) {
    if (!/^\d{1,7}$/.test(label) || Number(label) >= 1 << 20) return undefined;
    const isLast = index === labels.length - 1;
    view.setUint32(4 * index, Number(label) << 12 | (isLast ? 1 << 8 : 0));
  }
  return bytes;
}
