// JSON keys that routes, their nexthops and nexthop objects share.

import * as rt from "../../ffi/uapi/linux_rtnetlink.ts";
import { realmName } from "./names/iproute2.ts";

const FLAGS = [
  [rt.RTNH_F_DEAD, "dead"],
  [rt.RTNH_F_ONLINK, "onlink"],
  [rt.RTNH_F_PERVASIVE, "pervasive"],
  [rt.RTNH_F_OFFLOAD, "offload"],
  [rt.RTNH_F_TRAP, "trap"],
  [rt.RTM_F_NOTIFY, "notify"],
  [rt.RTNH_F_LINKDOWN, "linkdown"],
  [rt.RTNH_F_UNRESOLVED, "unresolved"],
  [rt.RTM_F_OFFLOAD, "rt_offload"],
  [rt.RTM_F_TRAP, "rt_trap"],
  [rt.RTM_F_OFFLOAD_FAILED, "rt_offload_failed"],
] as const;

/** The names of flags; flags without a name are omitted, as in iproute2. */
export function routeFlags(flags: number): string[] {
  if (flags === 0) return [];
  return FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}

/** The source and destination realm. */
export function realmsJson(
  realms: number,
): { readonly from?: string; readonly to: string } {
  const from = realms >>> 16;
  return {
    ...(from === 0 ? {} : { from: realmName(from) }),
    to: realmName(realms & 0xffff),
  };
}
