// Which routes and neighbours are kept, of all that the kernel tells of.

import { NTF_PROXY } from "../../../ffi/uapi/linux_neighbour.ts";
import { RTM_F_CLONED } from "../../../ffi/uapi/linux_rtnetlink.ts";
import type { Neighbour } from "../neighbour.ts";
import type { Route } from "../route.ts";

/** Whether a route is one of the tables', and not of the cache or multicast. */
export function isKept({ family, flags }: Route): boolean {
  return (flags & RTM_F_CLONED) === 0 &&
    (family === "inet" || family === "inet6" || family === "mpls");
}

/** Whether a neighbour is one, and no forwarding entry of a bridge or proxy. */
export function isNeighbour({ family, flags }: Neighbour): boolean {
  return family !== "bridge" && (flags & NTF_PROXY) === 0;
}
