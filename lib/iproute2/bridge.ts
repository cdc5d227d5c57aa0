// VLANs, multicast entries and network identifiers as `bridge -j` prints them.
// Source: bridge(8).

import {
  BRIDGE_VLAN_ENTRY,
  type BridgeVlan,
} from "../rtnetlink/bridge_vlan.ts";
import { MDB, type MdbEntry } from "../rtnetlink/mdb.ts";
import { VNI, type Vni } from "../rtnetlink/vni.ts";
import { type IpJsonOptions, jsonContext } from "./options.ts";

/** A VLAN with the keys of iproute2. */
export type BridgeVlanJson = {
  /** The name of the port or the bridge. */
  ifname: string;
  /** The VLAN. */
  vlan: number;
  /** "PVID", "Egress Untagged". */
  flags?: string[];
  /** The spanning tree state, with details: "forwarding". */
  state?: string | number;
  /** The kind of a multicast router, with details. */
  mcast_router?: number;
  /** Multicast groups, with details. */
  mcast_n_groups?: number;
  /** The limit of these groups, with details. */
  mcast_max_groups?: number;
  /** Whether neighbour discovery is suppressed, with details. */
  neigh_suppress?: boolean;
  /** Whether gratuitous neighbour messages are forwarded, with details. */
  neigh_forward_grat?: boolean;
  /** Received bytes, with statistics. */
  rx_bytes?: number;
  /** Received packets, with statistics. */
  rx_packets?: number;
  /** Sent bytes, with statistics. */
  tx_bytes?: number;
  /** Sent packets, with statistics. */
  tx_packets?: number;
};

/** A multicast entry with the keys of iproute2. */
export type BridgeMdb = {
  /** The ifindex of the bridge. */
  index: number;
  /** The name of the bridge. */
  dev: string;
  /** The name of the port. */
  port: string;
  /** The group. */
  grp: string;
  /** The source. */
  src?: string;
  /** "permanent" or "temp". */
  state: string;
  /** "include" or "exclude", with details. */
  filter_mode?: string;
  /** The sources, with details. */
  source_list?: { address: string; timer: string }[];
  /** The origin, with details. */
  protocol?: string;
  /** MDB_FLAGS_*: "offload", "fast_leave" ... */
  flags: string[];
  /** The VLAN. */
  vid?: number;
  /** Of a VXLAN, the address of the remote VTEP. */
  dst?: string;
  /** Of a VXLAN, the UDP port of the remote VTEP. */
  dst_port?: number;
  /** Of a VXLAN, the network identifier to send with. */
  vni?: number;
  /** Of a VXLAN, the network identifier of the packets. */
  src_vni?: number;
  /** Of a VXLAN, the name of the output link. */
  via?: string;
  /** Seconds until it expires, with statistics: " 259.84". */
  timer?: string;
};

/** A network identifier with the keys of iproute2. */
export type BridgeVni = {
  /** The name of the VXLAN. */
  ifname: string;
  /** The network identifier. */
  vni: number;
  /** The last one of a range. */
  vniEnd?: number;
  /** The multicast group of unknown destinations. */
  group?: string;
  /** The remote VTEP of unknown destinations. */
  remote?: string;
  /** The counters, with statistics. */
  stats?: Record<string, number>;
};

/**
 * A VLAN as `bridge -j vlan` prints it, with the name of its port.
 *
 * Source: bridge(8).
 *
 * @param vlan The VLAN, of `bridgeVlans()`.
 * @param options The names of links, and what to show.
 *
 * @example
 * ```ts
 * import { bridgeVlan, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * try {
 *   for (const one of await route.bridgeVlans()) {
 *     console.log(bridgeVlan(one, { names }));
 *   }
 * } catch (error) {
 *   console.log("This kernel does not filter VLANs:", error);
 * }
 * ```
 */
export function bridgeVlan(
  vlan: BridgeVlan,
  options: IpJsonOptions = {},
): BridgeVlanJson {
  const context = jsonContext(options);
  return {
    ifname: context.names.name(vlan.ifindex),
    ...BRIDGE_VLAN_ENTRY.json(vlan, context),
  } as BridgeVlanJson;
}

/**
 * A multicast entry as `bridge -j mdb` prints it.
 *
 * Source: bridge(8).
 *
 * @param entry The entry, of `mdb()`.
 * @param options The names of links, and what to show.
 *
 * @example
 * ```ts
 * import { bridgeMdb, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * for (const one of await route.mdb()) console.log(bridgeMdb(one, { names }));
 * ```
 */
export function bridgeMdb(
  entry: MdbEntry,
  options: IpJsonOptions = {},
): BridgeMdb {
  return MDB.json(entry, jsonContext(options)) as BridgeMdb;
}

/**
 * A network identifier as `bridge -j vni` prints it, with the name of its VXLAN.
 *
 * Source: bridge(8).
 *
 * @param vni The network identifier, of `vnis()`.
 * @param options The names of links, and what to show.
 *
 * @example
 * ```ts
 * import { bridgeVni, LinkNames, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const names = new LinkNames(await route.links());
 * for (const one of await route.vnis()) console.log(bridgeVni(one, { names }));
 * ```
 */
export function bridgeVni(
  vni: Vni,
  options: IpJsonOptions = {},
): BridgeVni {
  const context = jsonContext(options);
  return {
    ifname: context.names.name(vni.ifindex),
    ...VNI.json(vni, context),
  } as BridgeVni;
}
