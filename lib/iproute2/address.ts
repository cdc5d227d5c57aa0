// An address as `ip -j address` tells of it under "addr_info".
// Source: ip-address(8) of iproute2 6.1.

import * as ifa from "../../ffi/uapi/linux_if_addr.ts";
import type { Address } from "../rtnetlink/address.ts";
import { scopeName } from "../rtnetlink/names/iproute2.ts";
import type { IpJsonOptions } from "./options.ts";

/** An address under iproute2's keys. */
export type IpAddress = {
  /** "inet" or "inet6". */
  family?: string;
  /** The number of a family that has no name. */
  family_index?: number;
  /** The address. */
  local?: string;
  /** The other end of a point-to-point link. */
  address?: string;
  /** Bits of the network. */
  prefixlen?: number;
  /** Metric of the route that comes with it. */
  metric?: number;
  /** The broadcast address. */
  broadcast?: string;
  /** An anycast address. */
  anycast?: string;
  /** The word of its RT_SCOPE_ number. */
  scope: string;
  /** IFA_F_SECONDARY of an IPv4 address. */
  secondary?: true;
  /** IFA_F_TEMPORARY of an IPv6 address. */
  temporary?: true;
  /** IFA_F_NODAD. */
  nodad?: true;
  /** IFA_F_OPTIMISTIC. */
  optimistic?: true;
  /** IFA_F_DADFAILED. */
  dadfailed?: true;
  /** IFA_F_HOMEADDRESS. */
  home?: true;
  /** IFA_F_DEPRECATED. */
  deprecated?: true;
  /** IFA_F_TENTATIVE. */
  tentative?: true;
  /** Without IFA_F_PERMANENT. */
  dynamic?: true;
  /** IFA_F_MANAGETEMPADDR. */
  mngtmpaddr?: true;
  /** IFA_F_NOPREFIXROUTE. */
  noprefixroute?: true;
  /** IFA_F_MCAUTOJOIN. */
  autojoin?: true;
  /** IFA_F_STABLE_PRIVACY. */
  "stable-privacy"?: true;
  /** Other flags, in hexadecimal. */
  ifa_flags?: string;
  /** The label. */
  label?: string;
  /** Seconds that it remains. */
  valid_life_time?: number;
  /** Seconds that it is used for new connections. */
  preferred_life_time?: number;
};

/** In the order iproute2 prints them; "permanent" is told of by its absence. */
const FLAGS = [
  [ifa.IFA_F_SECONDARY, "secondary"],
  [ifa.IFA_F_NODAD, "nodad"],
  [ifa.IFA_F_OPTIMISTIC, "optimistic"],
  [ifa.IFA_F_DADFAILED, "dadfailed"],
  [ifa.IFA_F_HOMEADDRESS, "home"],
  [ifa.IFA_F_DEPRECATED, "deprecated"],
  [ifa.IFA_F_TENTATIVE, "tentative"],
  [ifa.IFA_F_PERMANENT, "dynamic"],
  [ifa.IFA_F_MANAGETEMPADDR, "mngtmpaddr"],
  [ifa.IFA_F_NOPREFIXROUTE, "noprefixroute"],
  [ifa.IFA_F_MCAUTOJOIN, "autojoin"],
  [ifa.IFA_F_STABLE_PRIVACY, "stable-privacy"],
] as const;

/**
 * An address as `ip -j address` prints it.
 *
 * Source: ip-address(8).
 *
 * @param address The address.
 * @param _options Not needed for an address.
 *
 * @example
 * ```ts
 * import { ipAddress, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const addresses = await route.addresses({ family: "inet" });
 * console.log(JSON.stringify(addresses.map((one) => ipAddress(one))));
 * ```
 */
export function ipAddress(
  address: Address,
  _options: IpJsonOptions = {},
): IpAddress {
  const { family } = address;
  // The scope comes later in the order of keys.
  const json =
    (family.startsWith("af-")
      ? { family_index: Number(family.slice(3)) }
      : { family }) as Partial<IpAddress> as IpAddress;
  if (address.address !== "") {
    json.local = address.address;
    if (address.peer !== undefined) json.address = address.peer;
    json.prefixlen = address.prefixLength;
    if (address.metric !== undefined) json.metric = address.metric;
  }
  if (address.broadcast !== undefined) json.broadcast = address.broadcast;
  if (address.anycast !== undefined) json.anycast = address.anycast;
  json.scope = scopeName(address.scope);
  let rest = address.flags;
  for (const [bit, name] of FLAGS) {
    const set = (rest & bit) !== 0;
    rest &= ~bit;
    if (set !== (bit !== ifa.IFA_F_PERMANENT)) continue;
    // The same bit says another thing of each family.
    json[name === "secondary" && family === "inet6" ? "temporary" : name] =
      true;
  }
  if (rest !== 0) json.ifa_flags = (rest >>> 0).toString(16).padStart(2, "0");
  if (address.label !== undefined) json.label = address.label;
  if (address.lifetime !== undefined) {
    const { valid, preferred } = address.lifetime;
    json.valid_life_time = valid;
    // A deprecated address was preferred until so many seconds ago.
    json.preferred_life_time =
      preferred !== FOREVER && (address.flags & ifa.IFA_F_DEPRECATED) !== 0
        ? preferred | 0
        : preferred;
  }
  return json;
}

const FOREVER = 0xffffffff;
