// Filters of dumps.

import type { DumpOptions } from "../netlink/connection.ts";
import type { AddressFamily } from "./family.ts";

/** Which links to dump. */
export interface LinkFilter extends DumpOptions {
  /**
   * The family that reports the links: "inet6" reports fewer attributes, of
   * links with IPv6; "bridge" reports the ports of bridges. Default: all links,
   * all attributes.
   */
  readonly family?: AddressFamily | undefined;
  /** Links of this kind, for example "veth". */
  readonly kind?: string | undefined;
  /** Ports of this master, by ifindex. */
  readonly master?: number | undefined;
  /** Read all counters, also of virtual functions and IPv6. */
  readonly statistics?: boolean | undefined;
}

/** Which addresses to dump. */
export interface AddressFilter extends DumpOptions {
  /** Addresses of this family. */
  readonly family?: AddressFamily | undefined;
  /** Addresses of this interface. */
  readonly ifindex?: number | undefined;
}

/** Which routes to dump. */
export interface RouteFilter extends DumpOptions {
  /** Routes of this family. */
  readonly family?: AddressFamily | undefined;
  /** Routes of this table; default: all tables. */
  readonly table?: number | undefined;
  /** Routes with this outgoing interface. */
  readonly ifindex?: number | undefined;
  /** Routes of this origin, RTPROT_*. */
  readonly protocol?: number | undefined;
  /** Routes of this type, RTN_*. */
  readonly type?: number | undefined;
  /** Cached exceptions instead of routes: path MTUs, redirects. */
  readonly cached?: boolean | undefined;
}

/** Which neighbours to dump. */
export interface NeighbourFilter extends DumpOptions {
  /** Neighbours of this family. */
  readonly family?: AddressFamily | undefined;
  /** Neighbours on this interface. */
  readonly ifindex?: number | undefined;
  /** Neighbours on ports of this master. */
  readonly master?: number | undefined;
  /** Proxy entries instead of resolved neighbours. */
  readonly proxy?: boolean | undefined;
}

/** Which rules to dump. */
export interface RuleFilter extends DumpOptions {
  /** Rules of this family. */
  readonly family?: AddressFamily | undefined;
}

/** Which nexthop objects to dump. */
export interface NexthopFilter extends DumpOptions {
  /** Nexthop objects of this family. */
  readonly family?: AddressFamily | undefined;
  /** Nexthop objects with this outgoing interface. */
  readonly ifindex?: number | undefined;
  /** Only those whose outgoing interface is a port of this master. */
  readonly master?: number | undefined;
  /** Only groups. */
  readonly groups?: boolean | undefined;
  /** Only those of a bridge's forwarding table. */
  readonly fdb?: boolean | undefined;
}

/** Which queueing disciplines to dump. */
export interface QdiscFilter extends DumpOptions {
  /** Those of this link. */
  readonly ifindex?: number | undefined;
}
