// What of this room a program may use.

export type { Change, FirstStep } from "./change.ts";
export type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
export { Prepared } from "./name_table.ts";
export type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
export type { LinkSettings } from "../../rtnetlink/settings.ts";
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
export type {
  LinkOptions,
  LinkPortOptions,
} from "../../rtnetlink/kinds/mod.ts";
export type { BareudpOptions } from "../../rtnetlink/kinds/bareudp.ts";
export type {
  BondOptions,
  BondPortOptions,
} from "../../rtnetlink/kinds/bond.ts";
export type {
  BridgeOptions,
  BridgePortOptions,
} from "../../rtnetlink/kinds/bridge.ts";
export type { GeneveOptions } from "../../rtnetlink/kinds/geneve.ts";
export type {
  ErspanHeaderOptions,
  ErspanOptions,
  GreHeaderOptions,
  GreOptions,
  Ip6ErspanOptions,
  Ip6GreOptions,
} from "../../rtnetlink/kinds/gre.ts";
export type { HsrOptions } from "../../rtnetlink/kinds/hsr.ts";
export type {
  Ip6TunnelOptions,
  IpipOptions,
  SitOptions,
} from "../../rtnetlink/kinds/iptunnel.ts";
export type { IpvlanOptions } from "../../rtnetlink/kinds/ipvlan.ts";
export type { MacvlanOptions } from "../../rtnetlink/kinds/macvlan.ts";
export type { NoOptions } from "../../rtnetlink/kinds/plain.ts";
export type { TunLinkOptions } from "../../rtnetlink/kinds/tun.ts";
export type {
  EncapsulationOptions,
  Tunnel6Options,
  TunnelOptions,
} from "../../rtnetlink/kinds/tunnel.ts";
export type { VethOptions } from "../../rtnetlink/kinds/veth.ts";
export type { VlanOptions, VlanProtocol } from "../../rtnetlink/kinds/vlan.ts";
export type { VrfOptions } from "../../rtnetlink/kinds/vrf.ts";
export type { VtiOptions } from "../../rtnetlink/kinds/vti.ts";
export type { VxlanOptions } from "../../rtnetlink/kinds/vxlan.ts";
export type { XfrmOptions } from "../../rtnetlink/kinds/xfrm.ts";
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
