// A neighbour as `ip -j neighbour` tells of it.
// Source: ip-neighbour(8) of iproute2 6.1.

import * as nd from "../../ffi/uapi/linux_neighbour.ts";
import { tryParseLinkAddress } from "../net/link_address.ts";
import { linkLayerAddress } from "../rtnetlink/link/link_layer.ts";
import { protocolName } from "../rtnetlink/names/iproute2.ts";
import type { Neighbour } from "../rtnetlink/neighbour.ts";
import { USER_HZ } from "../rtnetlink/user_hz.ts";
import { type IpJsonOptions, NO_NAMES } from "./options.ts";

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
  /** The word of its RTPROT_ number. */
  protocol?: string;
};

const STATES = [
  [nd.NUD_INCOMPLETE, "INCOMPLETE"],
  [nd.NUD_REACHABLE, "REACHABLE"],
  [nd.NUD_STALE, "STALE"],
  [nd.NUD_DELAY, "DELAY"],
  [nd.NUD_PROBE, "PROBE"],
  [nd.NUD_FAILED, "FAILED"],
  [nd.NUD_NOARP, "NOARP"],
  [nd.NUD_PERMANENT, "PERMANENT"],
] as const;

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
  { names = NO_NAMES, statistics, oneDevice = false }: IpJsonOptions = {},
): IpNeighbour {
  const json: IpNeighbour = {};
  const { ifindex, flags, state } = neighbour;
  if (neighbour.destination !== undefined) json.dst = neighbour.destination;
  if (ifindex !== 0 && !oneDevice) json.dev = names.name(ifindex);
  if (neighbour.linkAddress !== undefined) {
    const bytes = tryParseLinkAddress(neighbour.linkAddress);
    json.lladdr = bytes === undefined
      ? neighbour.linkAddress
      : linkLayerAddress(names.type(ifindex), bytes, 0, bytes.length);
  }
  if (flags & nd.NTF_ROUTER) json.router = null;
  if (flags & nd.NTF_PROXY) json.proxy = null;
  if ((neighbour.extendedFlags ?? 0) & nd.NTF_EXT_MANAGED) json.managed = null;
  if (flags & nd.NTF_EXT_LEARNED) json.extern_learn = null;
  if (flags & nd.NTF_OFFLOADED) json.offload = null;
  if (statistics) {
    const { cache, probes } = neighbour;
    if (cache !== undefined) {
      if (cache.references !== 0) json.refcnt = cache.references;
      json.used = Math.trunc(cache.used / USER_HZ);
      json.confirmed = Math.trunc(cache.confirmed / USER_HZ);
      json.updated = Math.trunc(cache.updated / USER_HZ);
    }
    if (probes !== undefined) json.probes = probes;
  }
  if (state !== 0) {
    json.state = STATES.filter(([bit]) => (state & bit) !== 0)
      .map(([, name]) => name);
  }
  if (neighbour.protocol) json.protocol = protocolName(neighbour.protocol);
  return json;
}
