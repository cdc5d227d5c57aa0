// A neighbour as `ip -j neighbour` tells of it.
// Source: ip-neighbour(8) of iproute2 6.1.

import { NEIGHBOUR, type Neighbour } from "../rtnetlink/neighbour.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** A neighbour under iproute2's keys. */
export type IpNeighbour = {
  /** Its address. */
  dst?: string;
  /** The name of the link it is on. */
  dev?: string;
  /** Its link-layer address. */
  lladdr?: string;
  /** NTF_ROUTER. */
  router?: null;
  /** NTF_PROXY. */
  proxy?: null;
  /** NTF_EXT_MANAGED. */
  managed?: null;
  /** NTF_EXT_LEARNED. */
  extern_learn?: null;
  /** NTF_OFFLOADED. */
  offload?: null;
  /** References, with statistics. */
  refcnt?: number;
  /** Seconds since its last use, with statistics. */
  used?: number;
  /** Seconds since it was confirmed, with statistics. */
  confirmed?: number;
  /** Seconds since it changed, with statistics. */
  updated?: number;
  /** Probes sent, with statistics. */
  probes?: number;
  /** NUD_* states without their prefix. */
  state?: string[];
  /** The name of the RTPROT_ number. */
  protocol?: string;
};

/**
 * A neighbour as `ip -j neighbour` prints it.
 *
 * Source: ip-neighbour(8).
 *
 * @param neighbour The neighbour.
 * @param options The names of links, and what to show.
 *
 * @example
 * ```ts
 * import { ipNeighbour, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * for (const one of await route.neighbours()) console.log(ipNeighbour(one, { names }));
 * ```
 */
export function ipNeighbour(
  neighbour: Neighbour,
  options: IpJsonOptions = {},
): IpNeighbour {
  return NEIGHBOUR.json(neighbour, jsonContext(options)) as IpNeighbour;
}
