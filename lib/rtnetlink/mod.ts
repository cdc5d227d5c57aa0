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
export { TemporaryNamespace } from "../netns/namespace.ts";
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
export {
  type BridgeDumpOptions,
  RouteSocket,
  type RouteSocketOptions,
} from "./socket.ts";
export type { RouteLookup } from "./route_lookup.ts";
export type {
  AddressFilter,
  LinkFilter,
  NeighbourFilter,
  NexthopFilter,
  QdiscFilter,
  RouteFilter,
  RuleFilter,
} from "./filter.ts";
export type { AddressFamily } from "./family.ts";
export type { Link } from "./link/link.ts";
export type { LinkStatistics } from "./link/statistics.ts";
export { LinkNames } from "./link/names.ts";
export type { JsonValue, KindData } from "./spec/json.ts";
export {
  addAddress,
  type Address,
  type AddressLifetime,
  type AddressSpec,
  deleteAddress,
  replaceAddress,
} from "./address.ts";
export {
  addRoute,
  appendRoute,
  deleteRoute,
  replaceRoute,
  type Route,
  type RouteSpec,
} from "./route.ts";
export type { NexthopSpec, RouteNexthop, RouteVia } from "./route_nexthop.ts";
export {
  addClass,
  addQdisc,
  type ClassSpec,
  deleteClass,
  deleteQdisc,
  type QdiscPlace,
  type QdiscSpec,
  replaceClass,
  replaceQdisc,
} from "./changes/qdisc.ts";
export type { Qdisc } from "./qdisc.ts";
export type { RouteCache } from "./route_cache.ts";
export type { RouteMetrics, RouteMetricsSpec } from "./metrics.ts";
export type { RouteEncapsulation } from "./encapsulation.ts";
export {
  addNeighbour,
  deleteNeighbour,
  type Neighbour,
  type NeighbourCache,
  type NeighbourSpec,
  replaceNeighbour,
} from "./neighbour.ts";
export {
  addFdb,
  appendFdb,
  deleteFdb,
  type FdbSpec,
  replaceFdb,
} from "./fdb.ts";
export { addMdb, deleteMdb, type MdbSpec, replaceMdb } from "./mdb.ts";
export type { MdbEntry, MdbSource, MulticastRouter } from "./mdb.ts";
export type { Vni, VniStatistics } from "./vni.ts";
export {
  addRule,
  deleteRule,
  type NumberRange,
  type Rule,
  type RuleSpec,
} from "./rule.ts";
export {
  addNexthop,
  deleteNexthop,
  type Nexthop,
  type NexthopMember,
  type NexthopMemberSpec,
  type NexthopObjectSpec,
  replaceNexthop,
  type ResilientGroup,
} from "./nexthop.ts";
export { type NamespaceId, namespaceIdOf } from "./namespace_id.ts";
export {
  addNamespace,
  deleteNamespace,
  namespaceNames,
} from "../netns/named_namespace.ts";
export type { IpJsonOptions } from "../iproute2/options.ts";
export type * as iproute2 from "../iproute2/json_types.ts";
export { ipAddress } from "../iproute2/address.ts";
export { bridgeMdb, bridgeVlan, bridgeVni } from "../iproute2/bridge.ts";
export { bridgeFdb } from "../iproute2/fdb.ts";
export { ipLink } from "../iproute2/link.ts";
export { ipNeighbour } from "../iproute2/neighbour.ts";
export { ipNexthop } from "../iproute2/nexthop.ts";
export { ipClass, ipQdisc } from "../iproute2/qdisc.ts";
export { ipRoute } from "../iproute2/route.ts";
export { ipRule } from "../iproute2/rule.ts";
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
export { type AddressFlush, flushAddresses } from "./changes/flush.ts";
export { setNamespaceId } from "./changes/namespace_id.ts";
export {
  addBridgeVlan,
  type BridgeVlan,
  type BridgeVlanSpec,
  type BridgeVlanStatistics,
  deleteBridgeVlan,
} from "./bridge_vlan.ts";
export { Monitor, monitor, type MonitorOptions } from "./monitor/monitor.ts";
export type { MonitoredObject, MonitorEvent } from "./monitor/event.ts";
export type * as monitorEventTypes from "./monitor/event_types.ts";
