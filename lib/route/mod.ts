// What of this room a program may use.

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
export { decodeLink, Link } from "./link/link.ts";
export {
  type Address,
  type AddressLifetime,
  decodeAddress,
} from "./address.ts";
export {
  decodeRoute,
  type Route,
  type RouteCache,
  type RouteEncapsulation,
  type RouteNexthop,
  type RouteVia,
} from "./route.ts";
export type { RouteMetrics } from "./metrics.ts";
export {
  decodeNeighbour,
  type Neighbour,
  type NeighbourCache,
} from "./neighbour.ts";
export { decodeRule, type NumberRange, type Rule } from "./rule.ts";
export {
  decodeNexthop,
  type Nexthop,
  type NexthopMember,
  type ResilientGroup,
} from "./nexthop.ts";
export {
  decodeNamespaceId,
  type NamespaceId,
  namespaceIdOf,
} from "./namespace_id.ts";
export { addNamespace, deleteNamespace, namespaceNames } from "./namespace.ts";
export type { JsonValue, KindData } from "../rtnetlink/spec/json.ts";
export type { LinkStatistics } from "./link/statistics.ts";
export { LinkNames } from "./link/names.ts";
export type { IpJsonOptions } from "./json/options.ts";
export { type IpLink, ipLink, type IpLinkOptions } from "./json/link.ts";
export { type IpAddress, ipAddress } from "./json/address.ts";
export { type IpRoute, ipRoute, type IpRouteOptions } from "./json/route.ts";
export {
  type IpNeighbour,
  ipNeighbour,
  type IpNeighbourOptions,
} from "./json/neighbour.ts";
export { type IpRule, ipRule } from "./json/rule.ts";
export { type IpNexthop, ipNexthop } from "./json/nexthop.ts";
export {
  topology,
  type TopologyEnd,
  type TopologyLink,
  type TopologyNamespace,
  type TopologyOptions,
} from "./topology.ts";
export { type TunHolder, type TunHolders, tunHolders } from "./tun_holders.ts";
export {
  addTunAddress,
  addTunRoute,
  type TunAddressOptions,
  type TunDevice,
} from "./tun.ts";
export {
  type Done,
  Network,
  type NetworkOptions,
  type Refused,
} from "./network.ts";
export * from "./change/mod.ts";
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
export * from "./ensure/mod.ts";
