/**
 * The objects that `ip -j`, `bridge -j` and `tc -j` print.
 *
 * @module
 */

export type { JsonValue } from "../rtnetlink/spec/json.ts";
export type { IpAddress } from "./address.ts";
export type { BridgeMdb, BridgeVlanJson, BridgeVni } from "./bridge.ts";
export type { BridgeFdb } from "./fdb.ts";
export type { IpLink } from "./link.ts";
export type { IpNeighbour } from "./neighbour.ts";
export type { IpEncapsulation, IpNexthop } from "./nexthop.ts";
export type { IpClass, IpQdisc } from "./qdisc.ts";
export type { IpRoute, IpRouteHop } from "./route.ts";
export type { IpRule } from "./rule.ts";
