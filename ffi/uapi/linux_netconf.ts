// <linux/netconf.h>: per-link settings of IP, which sysctls change.

import { struct, u8 } from "../struct.ts";

export const headers = ["linux/netconf.h"] as const;

export const NETCONFA_IFINDEX = 1;
export const NETCONFA_FORWARDING = 2;
export const NETCONFA_RP_FILTER = 3;
export const NETCONFA_MC_FORWARDING = 4;
export const NETCONFA_PROXY_NEIGH = 5;
export const NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN = 6;
export const NETCONFA_INPUT = 7;
export const NETCONFA_IFINDEX_ALL = -1;
export const NETCONFA_IFINDEX_DEFAULT = -2;

export const netconfmsg = struct("struct netconfmsg", {
  ncm_family: u8,
});
