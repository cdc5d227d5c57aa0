/**
 * The options of each kind of link, and of the ports of bridges and bonds.
 *
 * @module
 */

export type { AmtOptions } from "./amt.ts";
export type { BareudpOptions } from "./bareudp.ts";
export type { BondOptions, BondPortOptions } from "./bond.ts";
export type { BridgeOptions, BridgePortOptions } from "./bridge.ts";
export type { GeneveOptions } from "./geneve.ts";
export type {
  ErspanHeaderOptions,
  ErspanOptions,
  GreHeaderOptions,
  GreOptions,
  Ip6ErspanOptions,
  Ip6GreOptions,
} from "./gre.ts";
export type { GtpOptions } from "./gtp.ts";
export type { HsrOptions } from "./hsr.ts";
export type { Ip6TunnelOptions, IpipOptions, SitOptions } from "./iptunnel.ts";
export type { IpoibOptions } from "./ipoib.ts";
export type { IpvlanOptions } from "./ipvlan.ts";
export type { MacvlanOptions } from "./macvlan.ts";
export type { NoOptions } from "./plain.ts";
export type { RmnetOptions } from "./rmnet.ts";
export type { TunLinkOptions } from "./tun.ts";
export type {
  EncapsulationOptions,
  Tunnel6Options,
  TunnelOptions,
} from "./tunnel.ts";
export type { VethOptions, VethPeer } from "./veth.ts";
export type { VlanOptions, VlanProtocol } from "./vlan.ts";
export type { VrfOptions } from "./vrf.ts";
export type { VtiOptions } from "./vti.ts";
export type { VxlanOptions } from "./vxlan.ts";
export type { XfrmOptions } from "./xfrm.ts";
export type { LinkOptions, LinkPortOptions } from "./mod.ts";
export type { OptionsOfKind } from "../changes/link.ts";
export type { OptionValues } from "../spec/attribute.ts";
