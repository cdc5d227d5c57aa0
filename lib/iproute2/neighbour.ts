// Neighbours in the format of `ip -j neighbour`. Source: ip-neighbour(8) of
// iproute2 6.1.

import { NEIGHBOUR, type Neighbour } from "../rtnetlink/neighbour.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** A neighbour with iproute2's keys. */
export type IpNeighbour = {
  /** The network address. */
  dst?: string;
  /** The name of its interface. */
  dev?: string;
  /** The link-layer address. */
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
  /** The reference count, with statistics. */
  refcnt?: number;
  /** Seconds since its last use, with statistics. */
  used?: number;
  /** Seconds since it was confirmed, with statistics. */
  confirmed?: number;
  /** Seconds since it changed, with statistics. */
  updated?: number;
  /** The number of probes, with statistics. */
  probes?: number;
  /** NUD_* states without the prefix. */
  state?: string[];
  /** The name of the RTPROT_ number. */
  protocol?: string;
};

/**
 * Returns a neighbour in the format of `ip -j neighbour`.
 *
 * Source: ip-neighbour(8).
 *
 * @param neighbour The neighbour.
 * @param options The names of links, and what to print.
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
