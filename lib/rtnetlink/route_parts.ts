// What routes, their nexthops and nexthop objects share in iproute2's JSON.

import {
  RTM_F_NOTIFY,
  RTM_F_OFFLOAD,
  RTM_F_OFFLOAD_FAILED,
  RTM_F_TRAP,
  RTNH_F_DEAD,
  RTNH_F_LINKDOWN,
  RTNH_F_OFFLOAD,
  RTNH_F_ONLINK,
  RTNH_F_PERVASIVE,
  RTNH_F_TRAP,
  RTNH_F_UNRESOLVED,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { realmName } from "./names/iproute2.ts";

const FLAGS = [
  [RTNH_F_DEAD, "dead"],
  [RTNH_F_ONLINK, "onlink"],
  [RTNH_F_PERVASIVE, "pervasive"],
  [RTNH_F_OFFLOAD, "offload"],
  [RTNH_F_TRAP, "trap"],
  [RTM_F_NOTIFY, "notify"],
  [RTNH_F_LINKDOWN, "linkdown"],
  [RTNH_F_UNRESOLVED, "unresolved"],
  [RTM_F_OFFLOAD, "rt_offload"],
  [RTM_F_TRAP, "rt_trap"],
  [RTM_F_OFFLOAD_FAILED, "rt_offload_failed"],
] as const;

/** The flags that have a word; others are left out, as iproute2 does. */
export function routeFlags(flags: number): string[] {
  if (flags === 0) return [];
  return FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}

/** Routing realms, from one to another. */
export function realmsJson(
  realms: number,
): { readonly from?: string; readonly to: string } {
  const from = realms >>> 16;
  return {
    ...(from === 0 ? {} : { from: realmName(from) }),
    to: realmName(realms & 0xffff),
  };
}
