// What a description of a network says: the words of the library's
// specifications, put together.

import type { AddressSpec } from "../../rtnetlink/changes/address.ts";
import type { LinkPort } from "../../rtnetlink/changes/link.ts";
import type { NeighbourSpec } from "../../rtnetlink/changes/neighbour.ts";
import type { NexthopObjectSpec } from "../../rtnetlink/changes/nexthop.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type { RouteSpec } from "../../rtnetlink/changes/route.ts";
import type { RuleSpec } from "../../rtnetlink/changes/rule.ts";
import type { LinkSettings } from "../../rtnetlink/settings.ts";

/** Kinds of object of which a namespace may have none but those described. */
export type ExclusiveKind =
  | "links"
  | "addresses"
  | "routes"
  | "neighbours"
  | "rules"
  | "nexthops"
  | "dynamic";

/**
 * Whether what is not described goes: all kinds of object, or these. Without
 * "dynamic", what came by router advertisements or DHCP stays.
 */
export type Exclusive = boolean | readonly ExclusiveKind[];

/** An address of a described link. */
export type AddressDescription = Omit<AddressSpec, "dev">;

/** A link as it is to be. What is not said of it is left alone. */
export interface LinkDescription extends Omit<LinkSettings, "netns" | "state"> {
  /** Its name. */
  readonly name: string;
  /** What to make if it is not there; without, it is a device of the machine. */
  readonly kind?: string;
  /** The link it stands on: of vlan, macvlan, macvtap, ipvlan. */
  readonly link?: string;
  /**
   * The namespace it is in, where that is not the one it is described in: then
   * it is made there, on a link of there, and moved.
   */
  readonly netns?: string;
  /** Further names. */
  readonly altnames?: readonly string[];
  /** What its kind can be told. */
  readonly options?: OptionValues;
  /** What its master can be told of it. */
  readonly port?: LinkPort;
  /** Its addresses: each in words, or the address alone. */
  readonly addresses?: readonly (string | AddressDescription)[];
  /** Whether its other addresses, routes and neighbours go. */
  readonly exclusive?: Exclusive;
}

/** A neighbour as it is to be. */
export type NeighbourDescription = Omit<
  NeighbourSpec,
  "proxy" | "use" | "managed"
>;

/** What is to be in a namespace. What is not mentioned is left alone. */
export interface NamespaceDescription {
  /** Its links. */
  readonly links?: readonly LinkDescription[];
  /** Its routes, of any table. */
  readonly routes?: readonly RouteSpec[];
  /** Its neighbours. */
  readonly neighbours?: readonly NeighbourDescription[];
  /** Its routing policy rules. */
  readonly rules?: readonly RuleSpec[];
  /** Its nexthop objects, each with its id. */
  readonly nexthops?: readonly NexthopObjectSpec[];
  /** Whether what is not described goes. */
  readonly exclusive?: Exclusive;
}

/**
 * A network as it is to be: what is in this thread's own namespace, and the
 * named namespaces there are to be.
 */
export interface NetworkDescription extends NamespaceDescription {
  /** By their names, as `ip netns` has them. */
  readonly namespaces?: Readonly<Record<string, NamespaceDescription>>;
}
