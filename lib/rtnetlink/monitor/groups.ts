// Multicast groups of rtnetlink for each type of object.

import {
  RTNLGRP_BRVLAN,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_PREFIX,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV6_RULE,
  RTNLGRP_LINK,
  RTNLGRP_MDB,
  RTNLGRP_MPLS_ROUTE,
  RTNLGRP_NEIGH,
  RTNLGRP_NEXTHOP,
  RTNLGRP_NSID,
  RTNLGRP_TC,
  RTNLGRP_TUNNEL,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import type { MonitoredObject } from "./event.ts";

/**
 * The groups that notify a type, and those that imply changes that are not
 * notified.
 */
const GROUPS: { readonly [K in MonitoredObject]: readonly number[] } = {
  link: [RTNLGRP_LINK, RTNLGRP_NSID, RTNLGRP_TC],
  port: [RTNLGRP_LINK],
  address: [RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR],
  route: [
    RTNLGRP_IPV4_ROUTE,
    RTNLGRP_IPV6_ROUTE,
    RTNLGRP_MPLS_ROUTE,
    RTNLGRP_IPV4_IFADDR,
    RTNLGRP_IPV6_IFADDR,
    RTNLGRP_IPV6_PREFIX,
    RTNLGRP_NEXTHOP,
  ],
  nexthop: [RTNLGRP_NEXTHOP],
  neighbour: [RTNLGRP_NEIGH],
  rule: [RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE],
  netns: [RTNLGRP_NSID],
  fdb: [RTNLGRP_NEIGH],
  vlan: [RTNLGRP_BRVLAN],
  mdb: [RTNLGRP_MDB],
  vni: [RTNLGRP_TUNNEL],
  qdisc: [RTNLGRP_TC],
  class: [RTNLGRP_TC],
};

/** Groups that some kernels do not have, with the objects they notify. */
export const OPTIONAL: ReadonlySet<number> = new Set([
  RTNLGRP_MPLS_ROUTE,
  RTNLGRP_NSID,
  RTNLGRP_NEXTHOP,
  RTNLGRP_BRVLAN,
  RTNLGRP_TUNNEL,
]);

/** The groups to join for these types of objects. */
export function groupsOf(kinds: Iterable<MonitoredObject>): Set<number> {
  const groups = new Set<number>();
  for (const kind of kinds) for (const one of GROUPS[kind]) groups.add(one);
  return groups;
}
