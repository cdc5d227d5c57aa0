// Every kind of link that netplumb knows the options of.

import type { LinkKind } from "../kind.ts";
import { bond, type BondOptions } from "./bond.ts";
import { type BondPortOptions, bondSlave } from "./bond_slave.ts";
import { bridge, type BridgeOptions } from "./bridge.ts";
import { type BridgePortOptions, bridgeSlave } from "./bridge_slave.ts";
import { gre, type GreOptions, gretap } from "./gre.ts";
import { ip6gre, type Ip6GreOptions, ip6gretap } from "./ip6gre.ts";
import { ip6tnl, type Ip6TunnelOptions } from "./ip6tnl.ts";
import { ipip, type IpipOptions, sit, type SitOptions } from "./iptunnel.ts";
import { ipvlan, type IpvlanOptions, ipvtap } from "./ipvlan.ts";
import { macvlan, type MacvlanOptions, macvtap } from "./macvlan.ts";
import { tap, tun, type TunLinkOptions } from "./tun.ts";
import { veth, type VethOptions } from "./veth.ts";
import { vlan, type VlanOptions } from "./vlan.ts";
import { vrf, type VrfOptions } from "./vrf.ts";
import { vxlan, type VxlanOptions } from "./vxlan.ts";

/** The options of a kind that has none. */
export type NoOptions = Readonly<Record<string, never>>;

/** The options of each kind of link. */
export interface LinkOptions {
  /** Several links as one. */
  readonly bond: BondOptions;
  /** A switch. */
  readonly bridge: BridgeOptions;
  /** A link that swallows what it is given. */
  readonly dummy: NoOptions;
  /** GRE over IPv4, of packets. */
  readonly gre: GreOptions;
  /** GRE over IPv4, of Ethernet frames. */
  readonly gretap: GreOptions;
  /** A link to shape what comes in. */
  readonly ifb: NoOptions;
  /** GRE over IPv6, of packets. */
  readonly ip6gre: Ip6GreOptions;
  /** GRE over IPv6, of Ethernet frames. */
  readonly ip6gretap: Ip6GreOptions;
  /** IPv4 or IPv6 over IPv6. */
  readonly ip6tnl: Ip6TunnelOptions;
  /** IPv4 over IPv4. */
  readonly ipip: IpipOptions;
  /** Further IP addresses of a link. */
  readonly ipvlan: IpvlanOptions;
  /** The same for a program that reads and writes packets. */
  readonly ipvtap: IpvlanOptions;
  /** Further link-layer addresses of a link. */
  readonly macvlan: MacvlanOptions;
  /** The same for a program that reads and writes frames. */
  readonly macvtap: MacvlanOptions;
  /** IPv6 over IPv4. */
  readonly sit: SitOptions;
  /** Ethernet frames for a program to read and write, until it is deleted. */
  readonly tap: TunLinkOptions;
  /** IP packets for a program to read and write, until it is deleted. */
  readonly tun: TunLinkOptions;
  /** One end of a pair. */
  readonly veth: VethOptions;
  /** One VLAN of a link. */
  readonly vlan: VlanOptions;
  /** Links of a routing table of their own. */
  readonly vrf: VrfOptions;
  /** Ethernet over UDP. */
  readonly vxlan: VxlanOptions;
  /** WireGuard, without its keys and peers. */
  readonly wireguard: NoOptions;
}

/** The options a link has as what belongs to a master of a kind. */
export interface LinkPortOptions {
  /** Of a bridge's port. */
  readonly bridge: BridgePortOptions;
  /** Of a bond's member. */
  readonly bond: BondPortOptions;
}

function plain(name: string): LinkKind {
  return { name, options: {} };
}

const KINDS: { readonly [Kind in keyof LinkOptions]: LinkKind } = {
  bond,
  bridge,
  dummy: plain("dummy"),
  gre,
  gretap,
  ifb: plain("ifb"),
  ip6gre,
  ip6gretap,
  ip6tnl,
  ipip,
  ipvlan,
  ipvtap,
  macvlan,
  macvtap,
  sit,
  tap,
  tun,
  veth,
  vlan,
  vrf,
  vxlan,
  wireguard: plain("wireguard"),
};

const PORT_KINDS: { readonly [Kind in keyof LinkPortOptions]: LinkKind } = {
  bridge: bridgeSlave,
  bond: bondSlave,
};

/** The names of the kinds whose options are known. */
export const KIND_NAMES = Object.keys(KINDS) as (keyof LinkOptions)[];

/** The kinds of master whose ports can be told something. */
export const PORT_KIND_NAMES = Object.keys(
  PORT_KINDS,
) as (keyof LinkPortOptions)[];

function find(
  kinds: { readonly [name: string]: LinkKind },
  name: string,
): LinkKind | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

/** A kind by its name; one that nobody here knows has no options. */
export function linkKind(name: string): LinkKind {
  return find(KINDS, name) ?? plain(name);
}

/** What the kernel calls a kind: it has one for TUN and TAP devices. */
export function kernelKind(kind: string): string {
  return kind === "tap" ? "tun" : kind;
}

/** What a link can be told as the port of a kind of master. */
export function portKind(master: string): LinkKind | undefined {
  return find(PORT_KINDS, master);
}
