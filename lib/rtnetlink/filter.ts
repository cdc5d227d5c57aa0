// Filters of dumps.

import type { DumpOptions } from "../netlink/connection.ts";
import type { AddressFamily } from "./family.ts";

/** Which links to dump. */
export interface LinkFilter extends DumpOptions {
  /**
   * Links as this family reports them: "inet6" few attributes, of links with IPv6;
   * "bridge" the ports of bridges. Default: all links, all attributes.
   */
  readonly family?: AddressFamily | undefined;
  /** Only those of this kind, for example "veth". */
  readonly kind?: string | undefined;
  /** Only ports of this master, by ifindex. */
  readonly master?: number | undefined;
  /** Whether to read all counters, also of virtual functions and IPv6. */
  readonly statistics?: boolean | undefined;
}

/** Which addresses to dump. */
export interface AddressFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily | undefined;
  /** Only those of this interface. */
  readonly ifindex?: number | undefined;
}

/** Which routes to dump. */
export interface RouteFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily | undefined;
  /** Only those of this table; default: of all tables. */
  readonly table?: number | undefined;
  /** Only those with this outgoing interface. */
  readonly ifindex?: number | undefined;
  /** Only those of this RTPROT_*. */
  readonly protocol?: number | undefined;
  /** Only those of this RTN_*. */
  readonly type?: number | undefined;
  /** The cache of exceptions instead: path MTUs, redirects. */
  readonly cached?: boolean | undefined;
}

/** Which neighbours to dump. */
export interface NeighbourFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily | undefined;
  /** Only those of this interface. */
  readonly ifindex?: number | undefined;
  /** Only those on ports of this master. */
  readonly master?: number | undefined;
  /** Proxy entries instead of resolved neighbours. */
  readonly proxy?: boolean | undefined;
}

/** Which rules to dump. */
export interface RuleFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily | undefined;
}

/** Which nexthop objects to dump. */
export interface NexthopFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily | undefined;
  /** Only those with this outgoing interface. */
  readonly ifindex?: number | undefined;
}
