// Nexthop objects in the format of `ip -j nexthop`. Source: ip-nexthop(8) of
// iproute2 6.1.

import { type Nexthop, NEXTHOP_OBJECT } from "../rtnetlink/nexthop.ts";
import type { JsonValue } from "../rtnetlink/spec/json.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/**
 * An encapsulation: its type, "mpls", "ip6" ..., and its options with
 * iproute2's keys.
 * Source: ip-route(8).
 */
export type IpEncapsulation = {
  readonly encap_type: string;
  readonly [key: string]: JsonValue;
};

/** A nexthop object with iproute2's keys. */
export type IpNexthop = {
  /** The encapsulation of packets, nested as in iproute2 7.1. */
  encap?: IpEncapsulation;
  /** The id. */
  id: number;
  /** The members of a group; a weight of 1 is omitted. */
  group?: { readonly id: number; readonly weight?: number }[];
  /** "resilient" for a resilient group. */
  type?: string;
  /** Parameters of a resilient group, times in seconds. */
  resilient_args?: {
    readonly buckets: number;
    readonly idle_timer: number;
    readonly unbalanced_timer: number;
    readonly unbalanced_time: number;
  };
  /** The next hop's address. */
  gateway?: string;
  /** The name of the outgoing interface. */
  dev?: string;
  /** The name of the RT_SCOPE_ number. */
  scope?: string;
  /** Whether it drops packets. */
  blackhole?: null;
  /** The name of the RTPROT_ number. */
  protocol?: string;
  /** RTNH_F_* flags. */
  flags: string[];
  /** Whether it is for a bridge's forwarding table. */
  fdb?: null;
};

/**
 * Returns a nexthop object in the format of `ip -j nexthop`.
 *
 * Source: ip-nexthop(8).
 *
 * @param nexthop The nexthop object.
 * @param options The names of links, and what to print.
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
  options: IpJsonOptions = {},
): IpNexthop {
  return NEXTHOP_OBJECT.json(nexthop, jsonContext(options)) as IpNexthop;
}
