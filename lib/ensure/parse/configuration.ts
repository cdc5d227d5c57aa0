// The types of a configuration, composed of the specification types of
// rtnetlink.

import type { AddressSpec } from "../../rtnetlink/address.ts";
import type { BridgeVlanSpec } from "../../rtnetlink/bridge_vlan.ts";
import type { ClassSpec, QdiscSpec } from "../../rtnetlink/changes/qdisc.ts";
import type { LinkPort } from "../../rtnetlink/changes/link.ts";
import type { NeighbourSpec } from "../../rtnetlink/neighbour.ts";
import type { NexthopObjectSpec } from "../../rtnetlink/nexthop.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import type { RuleSpec } from "../../rtnetlink/rule.ts";
import type { FdbSpec } from "../../rtnetlink/fdb.ts";
import type { MdbSpec } from "../../rtnetlink/mdb.ts";
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
  | "vlans"
  | "fdb"
  | "mdb"
  | "dynamic";

/**
 * Whether to remove unmanaged objects: of all types, or of these. Without
 * "dynamic", objects of other programs remain: router advertisements, DHCP,
 * routing daemons.
 */
export type Exclusive = boolean | readonly ExclusiveKind[];

/** A queueing discipline of a link. */
export type QdiscConfiguration = Omit<QdiscSpec, "dev">;

/** A class of a queueing discipline of a link. */
export type ClassConfiguration = Omit<ClassSpec, "dev">;

/** An address of a link. */
export type AddressConfiguration = Omit<AddressSpec, "dev">;

/** VLANs of a bridge or of a port: one, or a range. */
export type VlanConfiguration = Omit<BridgeVlanSpec, "dev" | "self" | "master">;

/** A multicast group that a link receives, or a remote of a VXLAN for it. */
export type MdbConfiguration = Omit<MdbSpec, "dev" | "port" | "state">;

/**
 * What identifies an existing device: all that is given has to match, and one
 * device only.
 */
export interface DeviceIdentity {
  /** Its name, or an alternative one, before it is renamed or moved. */
  readonly name?: string;
  /** Its permanent link-layer address, or its address if it has no other. */
  readonly address?: string;
  /** Its parent device: "0000:03:00.0" of the bus pci. */
  readonly parent?: string;
  /** The bus of its parent device. */
  readonly bus?: string;
}

/**
 * Commands that /bin/sh runs in the network namespace of a link when `ensure`
 * makes it. NETPLUMB_HOOK, NETPLUMB_LINK, NETPLUMB_KIND and NETPLUMB_NAMESPACE
 * are in their environment; a failure is that of the link.
 */
export interface LinkHooks {
  /** Runs before the link is made. */
  readonly before?: string;
  /** Runs after it was made, is up and has its addresses. */
  readonly after?: string;
}

/** A link. Settings that are not given are not changed. */
export interface LinkConfiguration
  extends Omit<LinkSettings, "netns" | "state"> {
  /** Its name. */
  readonly name: string;
  /**
   * Removes all links with the name, in which * stands for any text and ? for a
   * character. Other keys are not possible then.
   */
  readonly state?: "absent";
  /**
   * Its kind, to create it; without a kind, it is a device that has to exist.
   */
  readonly kind?: string;
  /**
   * Which existing device it is, if it has another name; without a kind. It is
   * looked for in the namespace that it is configured in.
   */
  readonly identify?: DeviceIdentity;
  /** Commands that run when it is made. */
  readonly hooks?: LinkHooks;
  /** The lower link of a vlan, macvlan, macvtap, ipvlan or macsec. */
  readonly link?: string;
  /**
   * Its namespace, if not the one it is configured in: it is created there with
   * its lower link, or exists there, and is moved.
   */
  readonly netns?: string;
  /** Alternative names. */
  readonly altnames?: readonly string[];
  /** Options of its kind. */
  readonly options?: OptionValues;
  /** Its options as a port of its master. */
  readonly port?: LinkPort;
  /** Links of its namespace that have it as their master. */
  readonly ports?: readonly string[];
  /** Its addresses: objects, or addresses with prefix length. */
  readonly addresses?:
    readonly (string | AddressConfiguration | AbsentAddress)[];
  /**
   * Entries of its forwarding table if it is a VXLAN, of that of its bridge
   * with `master`.
   */
  readonly fdb?: readonly Omit<FdbSpec, "dev" | "use">[];
  /**
   * Its VLANs, if it is a bridge or a port of one: numbers, ranges such as
   * "20-30", or objects.
   */
  readonly vlans?:
    readonly (number | string | VlanConfiguration | AbsentVlan)[];
  /**
   * Permanent entries of the multicast database of its bridge; those with `dst`
   * are in that of the VXLAN itself.
   */
  readonly mdb?: readonly MdbConfiguration[];
  /** Its queueing disciplines: one, or a list. */
  readonly qdisc?: Omit<QdiscSpec, "dev"> | readonly Omit<QdiscSpec, "dev">[];
  /** Classes of its queueing disciplines. */
  readonly classes?: readonly Omit<ClassSpec, "dev">[];
  /**
   * Its sysctls, without its name: `net.ipv6.conf.accept_ra`,
   * `net.ipv4.neigh.gc_stale_time`.
   */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /**
   * Whether to remove its unmanaged addresses, routes and neighbours, and what
   * `vlans`, `fdb` and `mdb` do not have.
   */
  readonly exclusive?: Exclusive;
}

/** An address that is removed. */
export interface AbsentAddress {
  /** The address with its prefix length. */
  readonly address: string;
  /** Always "absent". */
  readonly state: "absent";
}

/** VLANs that are removed from a bridge or a port. */
export interface AbsentVlan extends Pick<BridgeVlanSpec, "vid"> {
  /** Always "absent". */
  readonly state: "absent";
}

/** Routes that are removed: all that have these values. */
export interface AbsentRoute extends
  Pick<
    RouteSpec,
    "to" | "via" | "table" | "metric" | "protocol"
  > {
  /** The name of their link. */
  readonly dev?: string;
  /** Always "absent". */
  readonly state: "absent";
}

/** Objects of other programs: those with all of these values. */
export interface IgnoredConfiguration {
  /** The name of their link; * stands for any text, ? for a character. */
  readonly name?: string;
  /** A network that contains their address or destination. */
  readonly prefix?: string;
  /** The protocol of routes, rules and nexthop objects. */
  readonly protocol?: number | string;
}

/** A neighbour. */
export type NeighbourConfiguration = Omit<
  NeighbourSpec,
  "proxy" | "use" | "managed"
>;

/** A namespace. Objects that are not given are not changed. */
export interface NamespaceConfiguration {
  /**
   * Settings of its links by kind and by pattern of names; at the top level,
   * also of the links of other namespaces.
   */
  readonly defaults?: readonly (
    & Omit<LinkSettings, "name" | "netns" | "state" | "master" | "address">
    & { readonly kind?: string; readonly name?: string }
  )[];
  /** Its links. */
  readonly links?: readonly LinkConfiguration[];
  /** Its routes, of any table. */
  readonly routes?: readonly (RouteSpec | AbsentRoute)[];
  /** Its neighbours. */
  readonly neighbours?: readonly NeighbourConfiguration[];
  /** Its policy routing rules. */
  readonly rules?: readonly RuleSpec[];
  /** Its nexthop objects, each with its id. */
  readonly nexthops?: readonly NexthopObjectSpec[];
  /** Its sysctls: `net.ipv4.ip_forward`. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Whether to remove unmanaged objects. */
  readonly exclusive?: Exclusive;
  /** Objects that are not removed, because other programs manage them. */
  readonly ignore?: readonly IgnoredConfiguration[];
}

/**
 * A named namespace. Without `path`, `pid` and `create` it is created if it does
 * not exist.
 */
export interface NamedNamespaceConfiguration extends NamespaceConfiguration {
  /**
   * The path of a namespace that another program creates, which is waited for:
   * "/run/docker/netns/5d2c6f9a1b3e".
   */
  readonly path?: string;
  /** A process in a namespace that another program creates. */
  readonly pid?: number;
  /** false if another program creates the namespace, which is waited for. */
  readonly create?: boolean;
}

/** A network: the namespace of this thread, and named ones. */
export interface NetworkConfiguration extends NamespaceConfiguration {
  /** The version of the format; default 1, and no other is accepted. */
  readonly schema?: 1;
  /**
   * Text from which the link-layer addresses of new links are derived that do
   * not have an `address`.
   */
  readonly seed?: string;
  /** Named namespaces, as `ip netns` lists them. */
  readonly namespaces?: Readonly<
    Record<string, NamedNamespaceConfiguration>
  >;
}
