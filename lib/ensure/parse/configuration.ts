// The types of a configuration: those of the specifications of rtnetlink, put
// together.

import type { AddressSpec } from "../../rtnetlink/address.ts";
import type { LinkPort } from "../../rtnetlink/changes/link.ts";
import type { NeighbourSpec } from "../../rtnetlink/neighbour.ts";
import type { NexthopObjectSpec } from "../../rtnetlink/nexthop.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import type { RuleSpec } from "../../rtnetlink/rule.ts";
import type { LinkSettings } from "../../rtnetlink/settings.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";

/** Types of objects of which a namespace may have no unmanaged ones. */
export type ExclusiveKind =
  | "links"
  | "addresses"
  | "routes"
  | "neighbours"
  | "rules"
  | "nexthops"
  | "dynamic";

/**
 * Whether unmanaged objects are removed: of all types, or of these. Without
 * "dynamic", what other programs added stays: router advertisements, DHCP,
 * routing daemons.
 */
export type Exclusive = boolean | readonly ExclusiveKind[];

/** An address of a link. */
export type AddressConfiguration = Omit<AddressSpec, "dev">;

/** A link. What is not mentioned is left alone. */
export interface LinkConfiguration
  extends Omit<LinkSettings, "netns" | "state"> {
  /** Its name. */
  readonly name: string;
  /** Its kind, to create it; without, it is a device that has to exist. */
  readonly kind?: string;
  /** The lower link: of vlan, macvlan, macvtap, ipvlan, macsec. */
  readonly link?: string;
  /**
   * The namespace it is in, if not the one it is configured in: it is created
   * there, on a lower link there, and moved.
   */
  readonly netns?: string;
  /** Alternative names. */
  readonly altnames?: readonly string[];
  /** Options of its kind. */
  readonly options?: OptionValues;
  /** Options as the port of its master. */
  readonly port?: LinkPort;
  /** Its addresses: objects, or addresses with prefix length. */
  readonly addresses?: readonly (string | AddressConfiguration)[];
  /** Whether its unmanaged addresses, routes and neighbours are removed. */
  readonly exclusive?: Exclusive;
}

/** A neighbour. */
export type NeighbourConfiguration = Omit<
  NeighbourSpec,
  "proxy" | "use" | "managed"
>;

/** A namespace. What is not mentioned is left alone. */
export interface NamespaceConfiguration {
  /** Its links. */
  readonly links?: readonly LinkConfiguration[];
  /** Its routes, of any table. */
  readonly routes?: readonly RouteSpec[];
  /** Its neighbours. */
  readonly neighbours?: readonly NeighbourConfiguration[];
  /** Its policy routing rules. */
  readonly rules?: readonly RuleSpec[];
  /** Its nexthop objects, each with its id. */
  readonly nexthops?: readonly NexthopObjectSpec[];
  /** Whether unmanaged objects are removed. */
  readonly exclusive?: Exclusive;
}

/** A network: this thread's own namespace, and named ones. */
export interface NetworkConfiguration extends NamespaceConfiguration {
  /** Named namespaces, as `ip netns` lists them. */
  readonly namespaces?: Readonly<Record<string, NamespaceConfiguration>>;
}
