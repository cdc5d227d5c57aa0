// Which objects of a table to read.

import type { DumpOptions } from "../netlink/connection.ts";
import type { AddressFamily } from "./family.ts";

/** Which links to dump. */
export interface LinkFilter extends DumpOptions {
  /**
   * What this family has to say of links: "inet6" tells little, of those that
   * IPv6 is used on; "bridge" of the ports of bridges. Default: all of all.
   */
  readonly family?: AddressFamily;
  /** Only those of this kind, for example "veth". */
  readonly kind?: string;
  /** Only those of this master, by its index. */
  readonly master?: number;
  /** Whether all their counters are wanted, those of functions and IPv6 too. */
  readonly statistics?: boolean;
}

/** Which addresses to dump. */
export interface AddressFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily;
  /** Only those of this interface. */
  readonly ifindex?: number;
}

/** Which routes to dump. */
export interface RouteFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily;
  /** Only those of this table; default: of all tables. */
  readonly table?: number;
  /** Only those that leave by this interface. */
  readonly ifindex?: number;
  /** Only those made by this RTPROT_*. */
  readonly protocol?: number;
  /** Only those of this RTN_*. */
  readonly type?: number;
  /** The cache of exceptions instead: path MTUs, redirects. */
  readonly cached?: boolean;
}

/** Which neighbours to dump. */
export interface NeighbourFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily;
  /** Only those of this interface. */
  readonly ifindex?: number;
  /** Only those of interfaces of this master. */
  readonly master?: number;
  /** Those the machine answers for instead of those it knows. */
  readonly proxy?: boolean;
}

/** Which rules to dump. */
export interface RuleFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily;
}

/** Which nexthop objects to dump. */
export interface NexthopFilter extends DumpOptions {
  /** Only those of this family. */
  readonly family?: AddressFamily;
  /** Only those that leave by this interface. */
  readonly ifindex?: number;
}
