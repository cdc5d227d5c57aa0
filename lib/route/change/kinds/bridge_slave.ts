// What a link is as the port of a bridge.

import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import type { LinkKind } from "../kind.ts";
import { flag, linkOrNone, number, onOff, type OptionsOf } from "../option.ts";

/**
 * The options of a bridge's port, by iproute2's words. Source: ip-link(8),
 * linux/if_link.h.
 */
export interface BridgePortOptions {
  /** Forgets the link-layer addresses behind it now. */
  readonly fdb_flush?: boolean;
  /** BR_STATE_*: 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking. */
  readonly state?: number;
  /** Its priority in the spanning tree, 0 to 63. */
  readonly priority?: number;
  /** What a path through it costs in the spanning tree. */
  readonly cost?: number;
  /** Whether packets may leave by the port they came in by. */
  readonly hairpin?: boolean;
  /** Whether it drops the spanning tree packets it hears. */
  readonly guard?: boolean;
  /** Whether it may not become the root port. */
  readonly root_block?: boolean;
  /** Whether a leave message ends a membership at once. */
  readonly fastleave?: boolean;
  /** Whether it learns link-layer addresses. */
  readonly learning?: boolean;
  /** Whether packets for unknown addresses leave by it. */
  readonly flood?: boolean;
  /** Whether multicast nobody asked for leaves by it. */
  readonly mcast_flood?: boolean;
  /** Whether broadcast leaves by it. */
  readonly bcast_flood?: boolean;
  /** Whether multicast goes to each member by itself. */
  readonly mcast_to_unicast?: boolean;
  /** Whether it answers ARP for others. */
  readonly proxy_arp?: boolean;
  /** The same as IEEE 802.11 wants it. */
  readonly proxy_arp_wifi?: boolean;
  /** 0 to 3: see ip-link(8). */
  readonly mcast_router?: number;
  /** The same as `fastleave`. */
  readonly mcast_fast_leave?: boolean;
  /** Whether ARP and neighbour discovery are not flooded. */
  readonly neigh_suppress?: boolean;
  /** Which link-local groups it forwards, a bit each. */
  readonly group_fwd_mask?: number;
  /** Whether VLANs map to tunnels. */
  readonly vlan_tunnel?: boolean;
  /** Whether it talks to ports only that are not isolated. */
  readonly isolated?: boolean;
  /** Whether it takes packets only from addresses it knows. */
  readonly locked?: boolean;
  /** The port that takes over when it goes down, or "none". */
  readonly backup_port?: string | number;
}

const options: OptionsOf<BridgePortOptions> = {
  fdb_flush: flag(c.IFLA_BRPORT_FLUSH),
  state: number("u8", c.IFLA_BRPORT_STATE, 0, 4),
  priority: number("u16", c.IFLA_BRPORT_PRIORITY, 0, 63),
  cost: number("u32", c.IFLA_BRPORT_COST, 1),
  hairpin: onOff(c.IFLA_BRPORT_MODE),
  guard: onOff(c.IFLA_BRPORT_GUARD),
  root_block: onOff(c.IFLA_BRPORT_PROTECT),
  fastleave: onOff(c.IFLA_BRPORT_FAST_LEAVE),
  learning: onOff(c.IFLA_BRPORT_LEARNING),
  flood: onOff(c.IFLA_BRPORT_UNICAST_FLOOD),
  mcast_flood: onOff(c.IFLA_BRPORT_MCAST_FLOOD),
  bcast_flood: onOff(c.IFLA_BRPORT_BCAST_FLOOD),
  mcast_to_unicast: onOff(c.IFLA_BRPORT_MCAST_TO_UCAST),
  proxy_arp: onOff(c.IFLA_BRPORT_PROXYARP),
  proxy_arp_wifi: onOff(c.IFLA_BRPORT_PROXYARP_WIFI),
  mcast_router: number("u8", c.IFLA_BRPORT_MULTICAST_ROUTER, 0, 3),
  mcast_fast_leave: onOff(c.IFLA_BRPORT_FAST_LEAVE),
  neigh_suppress: onOff(c.IFLA_BRPORT_NEIGH_SUPPRESS),
  group_fwd_mask: number("u16", c.IFLA_BRPORT_GROUP_FWD_MASK),
  vlan_tunnel: onOff(c.IFLA_BRPORT_VLAN_TUNNEL),
  isolated: onOff(c.IFLA_BRPORT_ISOLATED),
  locked: onOff(c.IFLA_BRPORT_LOCKED),
  backup_port: linkOrNone(c.IFLA_BRPORT_BACKUP_PORT),
};

export const bridgeSlave: LinkKind = {
  name: "bridge_slave",
  module: "bridge",
  port: true,
  options,
};
