/**
 * Links, addresses, routes, neighbours, rules and nexthop objects: read,
 * change, monitor.
 *
 * @module
 */

export { SystemError } from "../../ffi/errno.ts";
export { ArgumentError, ClosedError, TimeoutError } from "../errors.ts";
export type { WaitOptions } from "../io/reactor.ts";
export { inNamespace, type Namespace } from "../netns/namespace.ts";
export { TemporaryNamespace } from "../netns/temporary_namespace.ts";
export {
  type Dump,
  type DumpOptions,
  type DumpOutcome,
  type LazyDump,
} from "../netlink/connection.ts";
export { LazyList } from "../netlink/lazy_list.ts";
export type { UnknownAttribute } from "../netlink/attribute.ts";
export type { NetlinkCounters } from "../netlink/counters.ts";
export {
  DumpInterruptedError,
  type ExtendedAck,
  NetlinkError,
  type RequestDescription,
} from "../netlink/errors.ts";
export {
  formatAddress,
  parseAddress,
  type ZonedAddress,
} from "../net/ip_address.ts";
export { interfaceIndex, interfaceName } from "../net/interface_index.ts";
export {
  IF_OPER,
  IFA_F,
  IFF,
  NUD,
  RT_SCOPE,
  RTN,
  RTPROT,
} from "./constants.ts";
export { RouteSocket, type RouteSocketOptions } from "./socket.ts";
export type {
  AddressFilter,
  LinkFilter,
  NeighbourFilter,
  NexthopFilter,
  RouteFilter,
  RuleFilter,
} from "./filter.ts";
export type { AddressFamily } from "./family.ts";
export type { Link } from "./link/link.ts";
export type { LinkStatistics } from "./link/statistics.ts";
export { LinkNames } from "./link/names.ts";
export type { JsonValue, KindData } from "./spec/json.ts";
export type { Address, AddressLifetime } from "./address.ts";
export type {
  Route,
  RouteCache,
  RouteEncapsulation,
  RouteNexthop,
  RouteVia,
} from "./route.ts";
export type { RouteMetrics } from "./metrics.ts";
export type { Neighbour, NeighbourCache } from "./neighbour.ts";
export type { NumberRange, Rule } from "./rule.ts";
export type { Nexthop, NexthopMember, ResilientGroup } from "./nexthop.ts";
export { type NamespaceId, namespaceIdOf } from "./namespace_id.ts";
export {
  addNamespace,
  deleteNamespace,
  namespaceNames,
} from "../netns/named_namespace.ts";
export type { IpJsonOptions } from "../iproute2/options.ts";
export { type IpLink, ipLink } from "../iproute2/link.ts";
export { type IpAddress, ipAddress } from "../iproute2/address.ts";
export { type IpRoute, ipRoute, type IpRouteHop } from "../iproute2/route.ts";
export { type IpNeighbour, ipNeighbour } from "../iproute2/neighbour.ts";
export { type IpRule, ipRule } from "../iproute2/rule.ts";
export { type IpNexthop, ipNexthop } from "../iproute2/nexthop.ts";
export {
  topology,
  type TopologyEnd,
  type TopologyLink,
  type TopologyNamespace,
  type TopologyOptions,
} from "./topology.ts";
export { type TunHolder } from "./tun_holders.ts";
export { addTunAddress, addTunRoute, type TunDevice } from "./tun.ts";
export { type MonitoredTun, tunEvents } from "./tun_events.ts";
export { type Done, Network, type Refused } from "./network.ts";
export type { Change } from "./changes/change.ts";
export type { LinkSettings } from "./settings.ts";
export {
  addLink,
  deleteLink,
  deleteLinkGroup,
  type LinkChanges,
  type LinkPort,
  type LinkSpec,
  setLink,
} from "./changes/link.ts";
export { addAltNames, deleteAltNames } from "./changes/alt_name.ts";
export type * as kinds from "./kinds/options.ts";
export {
  addAddress,
  type AddressSpec,
  deleteAddress,
  replaceAddress,
} from "./changes/address.ts";
export { type AddressFlush, flushAddresses } from "./changes/flush.ts";
export {
  addRoute,
  appendRoute,
  deleteRoute,
  type NexthopSpec,
  replaceRoute,
  type RouteSpec,
} from "./changes/route.ts";
export type { RouteMetricsSpec } from "./changes/route_metrics.ts";
export {
  addNeighbour,
  deleteNeighbour,
  type NeighbourSpec,
  replaceNeighbour,
} from "./changes/neighbour.ts";
export { setNamespaceId } from "./changes/namespace_id.ts";
export { addRule, deleteRule, type RuleSpec } from "./changes/rule.ts";
export {
  addNexthop,
  deleteNexthop,
  type NexthopMemberSpec,
  type NexthopObjectSpec,
  replaceNexthop,
} from "./changes/nexthop.ts";
export {
  addBridgeVlan,
  type BridgeVlanSpec,
  deleteBridgeVlan,
} from "./changes/bridge_vlan.ts";
export { Monitor, monitor, type MonitorOptions } from "./monitor/monitor.ts";
export type {
  AnyObjectEvent,
  EventOrigin,
  IgnoredEvent,
  MonitoredObject,
  MonitoredObjects,
  MonitorEvent,
  NamespaceEvent,
  ObjectEvent,
  OverrunEvent,
  ResynchronisedEvent,
} from "./monitor/event.ts";
