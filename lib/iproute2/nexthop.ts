// A nexthop object as `ip -j nexthop` tells of it.
// Source: ip-nexthop(8) of iproute2 6.1.

import {
  RT_SCOPE_UNIVERSE,
  RTPROT_UNSPEC,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { protocolName, scopeName } from "../rtnetlink/names/iproute2.ts";
import type { Nexthop } from "../rtnetlink/nexthop.ts";
import { USER_HZ } from "../rtnetlink/user_hz.ts";
import { ipEncapsulation } from "./encapsulation.ts";
import { type IpJsonOptions, NO_NAMES } from "./options.ts";
import { routeFlags } from "./route_parts.ts";

/** A nexthop object under iproute2's keys. */
export type IpNexthop = {
  /**
   * What packets are wrapped in: "mpls", "ip6" ... What else is known of it
   * stands beside, under iproute2's keys.
   */
  encap?: string;
  /** Its number. */
  id: number;
  /** The members of a group; a weight of 1 is left out. */
  group?: { readonly id: number; readonly weight?: number }[];
  /** "resilient", of a group that is no ordinary one. */
  type?: string;
  /** Numbers of a resilient group, times in seconds. */
  resilient_args?: {
    readonly buckets: number;
    readonly idle_timer: number;
    readonly unbalanced_timer: number;
    readonly unbalanced_time: number;
  };
  /** The next hop's address. */
  gateway?: string;
  /** The name of the link that packets leave by. */
  dev?: string;
  /** The word of its RT_SCOPE_ number. */
  scope?: string;
  /** Whether packets are dropped. */
  blackhole?: null;
  /** The word of its RTPROT_ number. */
  protocol?: string;
  /** RTNH_F_* flags. */
  flags: string[];
  /** Whether it is for a forwarding database. */
  fdb?: null;
};

/**
 * A nexthop object as `ip -j nexthop` prints it.
 *
 * Source: ip-nexthop(8).
 *
 * @param nexthop The nexthop object.
 * @param options The names of links, and what to show.
 *
 * @example
 * ```ts
 * import { ipNexthop, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * for (const one of await route.nexthops()) console.log(ipNexthop(one, { names }));
 * ```
 */
export function ipNexthop(
  nexthop: Nexthop,
  { names = NO_NAMES, details = false }: IpJsonOptions = {},
): IpNexthop {
  const json = { id: nexthop.id } as IpNexthop;
  if (nexthop.group !== undefined) {
    json.group = nexthop.group.map(({ id, weight }) =>
      // The kernel keeps the weight less one, and iproute2 tells 0 of nothing.
      weight === 1 ? { id } : { id, weight }
    );
  }
  if (nexthop.groupType !== undefined && nexthop.groupType !== "mpath") {
    json.type = nexthop.groupType === "resilient"
      ? "resilient"
      : "<unknown type>";
  }
  if (nexthop.resilient !== undefined) {
    const { buckets, idleTimer, unbalancedTimer, unbalancedTime } =
      nexthop.resilient;
    json.resilient_args = {
      buckets,
      idle_timer: idleTimer / USER_HZ,
      unbalanced_timer: unbalancedTimer / USER_HZ,
      unbalanced_time: unbalancedTime / USER_HZ,
    };
  }
  if (nexthop.encapsulation !== undefined) {
    Object.assign(json, ipEncapsulation(nexthop.encapsulation));
  }
  if (nexthop.gateway !== undefined) json.gateway = nexthop.gateway;
  if (nexthop.ifindex !== 0) json.dev = names.name(nexthop.ifindex);
  if (nexthop.scope !== RT_SCOPE_UNIVERSE || details) {
    json.scope = scopeName(nexthop.scope);
  }
  if (nexthop.blackhole) json.blackhole = null;
  if (nexthop.protocol !== RTPROT_UNSPEC || details) {
    json.protocol = protocolName(nexthop.protocol);
  }
  json.flags = routeFlags(nexthop.flags);
  if (nexthop.fdb) json.fdb = null;
  return json;
}
