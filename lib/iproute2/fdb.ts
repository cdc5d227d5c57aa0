// A forwarding entry as `bridge -j fdb` prints it. Source: bridge(8) of iproute2
// 6.1.

import { FDB } from "../rtnetlink/fdb.ts";
import type { Neighbour } from "../rtnetlink/neighbour.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** A forwarding entry with the keys of iproute2. */
export type BridgeFdb = {
  /** Its link-layer address. */
  mac?: string;
  /** The name of the port or the VXLAN. */
  ifname?: string;
  /** Of a VXLAN, the address of the remote VTEP. */
  dst?: string;
  /** The VLAN. */
  vlan?: number;
  /** The UDP port of the remote VTEP. */
  port?: number;
  /** The network identifier to send with. */
  vni?: number;
  /** The network identifier of frames. */
  src_vni?: number;
  /** The name of the output link. */
  viaIf?: string;
  /** The index of an output link in another namespace. */
  viaIfIndex?: number;
  /** The id of a nexthop object. */
  nhid?: number;
  /** The id of the namespace of the output link. */
  linkNetNsId?: number;
  /** Seconds since the last use, with statistics. */
  used?: number;
  /** Seconds since the last change, with statistics. */
  updated?: number;
  /** NTF_* flags: "self", "master" ... */
  flags: string[];
  /** The name of the bridge. */
  master?: string;
  /** "permanent", "static", "stale" or "". */
  state: string;
};

/**
 * A forwarding entry as `bridge -j fdb` prints it.
 *
 * Source: bridge(8).
 *
 * @param entry The entry, of `neighbours({ family: "bridge" })`.
 * @param options The names of links, and what to show.
 *
 * @example
 * ```ts
 * import { bridgeFdb, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * for (const one of await route.neighbours({ family: "bridge" })) {
 *   console.log(bridgeFdb(one, { names }));
 * }
 * ```
 */
export function bridgeFdb(
  entry: Neighbour,
  options: IpJsonOptions = {},
): BridgeFdb {
  return FDB.json(entry, jsonContext(options)) as BridgeFdb;
}
