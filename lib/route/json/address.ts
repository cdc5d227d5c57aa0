// An address as `ip -j address` tells of it under "addr_info".
// Source: ip-address(8) of iproute2 6.1.

import * as ifa from "../../../ffi/layout/linux_if_addr.ts";
import type { Address } from "../address.ts";
import type { JsonValue } from "../../rtnetlink/spec/json.ts";
import { scopeName } from "../names/iproute2.ts";

/** An address under iproute2's keys. */
export type IpAddress = Record<string, JsonValue>;

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
 *
 * @example
 * ```ts
 * import { ipAddress, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const addresses = await route.addresses({ family: "inet" });
 * console.log(JSON.stringify(addresses.map(ipAddress)));
 * ```
 */
export function ipAddress(address: Address): IpAddress {
  const { family } = address;
  const json: IpAddress = family.startsWith("af-")
    ? { family_index: Number(family.slice(3)) }
    : { family };
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
