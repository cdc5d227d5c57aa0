// Addresses in the format of `ip -j address`, key "addr_info". Source:
// ip-address(8) of iproute2 6.1.

import { ADDRESS, type Address } from "../rtnetlink/address.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** An address with iproute2's keys. */
export type IpAddress = {
  /** "inet" or "inet6". */
  family?: string;
  /** The number of a family without a name. */
  family_index?: number;
  /** The address. */
  local?: string;
  /** The peer's address on a point-to-point link. */
  address?: string;
  /** The prefix length, in bits. */
  prefixlen?: number;
  /** The metric of its prefix route. */
  metric?: number;
  /** The broadcast address. */
  broadcast?: string;
  /** The anycast address. */
  anycast?: string;
  /** The name of the RT_SCOPE_ number. */
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
  /** The name of the origin, as in iproute2 7.1. */
  protocol?: string;
  /** The label. */
  label?: string;
  /** The valid lifetime, in seconds. */
  valid_life_time?: number;
  /** The preferred lifetime, in seconds. */
  preferred_life_time?: number;
};

/**
 * Returns an address in the format of `ip -j address`.
 *
 * Source: ip-address(8).
 *
 * @param address The address.
 * @param options Not used for addresses.
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
  options: IpJsonOptions = {},
): IpAddress {
  return ADDRESS.json(address, jsonContext(options)) as IpAddress;
}
