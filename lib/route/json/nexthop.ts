// A nexthop object as `ip -j nexthop` tells of it.
// Source: ip-nexthop(8) of iproute2 6.1.

import {
  RT_SCOPE_UNIVERSE,
  RTPROT_UNSPEC,
} from "../../../ffi/layout/linux_rtnetlink.ts";
import type { JsonValue } from "../../rtnetlink/spec/json.ts";
import { protocolName, scopeName } from "../names/iproute2.ts";
import type { Nexthop } from "../nexthop.ts";
import { USER_HZ } from "../user_hz.ts";
import { ipEncapsulation } from "./encapsulation.ts";
import type { IpJsonOptions } from "./options.ts";
import { routeFlags } from "./route_parts.ts";

/** A nexthop object under iproute2's keys. */
export type IpNexthop = Record<string, JsonValue>;

/**
 * A nexthop object as `ip -j nexthop` prints it.
 *
 * Source: ip-nexthop(8).
 *
 * @param nexthop The nexthop object.
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
  { names, details = false }: IpJsonOptions,
): IpNexthop {
  const json: IpNexthop = { id: nexthop.id };
  if (nexthop.group !== undefined) {
    json.group = nexthop.group.map(({ id, weight }): JsonValue =>
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
