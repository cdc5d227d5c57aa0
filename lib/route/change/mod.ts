// What of this room a program may use.

export type { Change, FirstStep, NameLookup } from "./change.ts";
export { Prepared } from "./name_table.ts";
export type { OptionValues } from "./option.ts";
export type { LinkSettings } from "./settings.ts";
export {
  addLink,
  deleteLink,
  deleteLinkGroup,
  type LinkChanges,
  type LinkPort,
  type LinkSpec,
  type OptionsOfKind,
  setLink,
} from "./link.ts";
export { addAltNames, deleteAltNames } from "./alt_name.ts";
export type { LinkOptions, LinkPortOptions, NoOptions } from "./kinds/mod.ts";
export type { BondOptions } from "./kinds/bond.ts";
export type { BondPortOptions } from "./kinds/bond_slave.ts";
export type { BridgeOptions } from "./kinds/bridge.ts";
export type { BridgePortOptions } from "./kinds/bridge_slave.ts";
export type { EncapsulationOptions } from "./kinds/encapsulation.ts";
export type { GreOptions } from "./kinds/gre.ts";
export type { GreHeaderOptions } from "./kinds/gre_header.ts";
export type { Ip6GreOptions } from "./kinds/ip6gre.ts";
export type { Ip6TunnelOptions } from "./kinds/ip6tnl.ts";
export type { IpipOptions, SitOptions } from "./kinds/iptunnel.ts";
export type { IpvlanOptions } from "./kinds/ipvlan.ts";
export type { MacvlanOptions } from "./kinds/macvlan.ts";
export type { TunnelOptions } from "./kinds/tunnel.ts";
export type { Tunnel6Options } from "./kinds/tunnel6.ts";
export type { TunLinkOptions } from "./kinds/tun.ts";
export type { VethOptions } from "./kinds/veth.ts";
export type { VlanOptions, VlanProtocol } from "./kinds/vlan.ts";
export type { VrfOptions } from "./kinds/vrf.ts";
export type { VxlanOptions } from "./kinds/vxlan.ts";
export {
  addAddress,
  type AddressSpec,
  deleteAddress,
  replaceAddress,
} from "./address.ts";
export { type AddressFlush, flushAddresses } from "./flush.ts";
export {
  addRoute,
  appendRoute,
  deleteRoute,
  type NexthopSpec,
  replaceRoute,
  type RouteSpec,
  type RouteType,
} from "./route.ts";
export type { LockableMetric, RouteMetricsSpec } from "./route_metrics.ts";
export {
  addNeighbour,
  deleteNeighbour,
  type NeighbourSpec,
  type NeighbourState,
  replaceNeighbour,
} from "./neighbour.ts";
export { setNamespaceId } from "./namespace_id.ts";
export { addRule, deleteRule, type RuleAction, type RuleSpec } from "./rule.ts";
export {
  addNexthop,
  deleteNexthop,
  type NexthopMemberSpec,
  type NexthopObjectSpec,
  replaceNexthop,
} from "./nexthop.ts";
export {
  addBridgeVlan,
  type BridgeVlanSpec,
  deleteBridgeVlan,
} from "./bridge_vlan.ts";
