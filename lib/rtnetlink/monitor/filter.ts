// Filters routes and neighbours that a monitor reports.

import { NTF_PROXY } from "../../../ffi/uapi/linux_neighbour.ts";
import { RTM_F_CLONED } from "../../../ffi/uapi/linux_rtnetlink.ts";
import type { Link } from "../link/link.ts";
import type { Neighbour } from "../neighbour.ts";
import type { Route } from "../route.ts";

/** Whether a route is in a routing table: not cached, not multicast. */
export function isTableRoute({ family, flags }: Route): boolean {
  return (flags & RTM_F_CLONED) === 0 &&
    (family === "inet" || family === "inet6" || family === "mpls");
}

/**
 * Whether an entry is a neighbour: not of a bridge's forwarding table, not a
 * proxy.
 */
export function isNeighbour({ family, flags }: Neighbour): boolean {
  return family !== "bridge" && (flags & NTF_PROXY) === 0;
}

/**
 * Whether a link of AF_BRIDGE is a port. A bridge with VLANs of its own has
 * itself as its master there.
 */
export function isPort({ ifindex, master }: Link): boolean {
  return master !== 0 && master !== ifindex;
}

/**
 * Whether a neighbour is an entry of the forwarding table of a bridge or a VXLAN.
 * A dump also has the unicast and multicast addresses of all devices, which the
 * kernel does not notify.
 */
export function isForwarding({ family, cache }: Neighbour): boolean {
  return family === "bridge" && cache !== undefined;
}
