// Which objects of a table to read.

import type { DumpOptions } from "../netlink/connection.ts";
import type { AddressFamily } from "./family.ts";

/** Which links to dump. */
export interface LinkFilter extends DumpOptions {
  /**
   * What this family has to say of links: "inet6" tells little, of those that
   * IPv6 is used on; "bridge" of the ports of bridges. Default: all of all.
   */
  readonly family?: AddressFamily | undefined;
  /** Only those of this kind, for example "veth". */
  readonly kind?: string | undefined;
  /** Only those of this master, by its index. */
  readonly master?: number | undefined;
  /** Whether all their counters are wanted, those of functions and IPv6 too. */
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
  /** Only those that leave by this interface. */
  readonly ifindex?: number | undefined;
  /** Only those made by this RTPROT_*. */
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
  /** Only those of interfaces of this master. */
  readonly master?: number | undefined;
  /** Those the machine answers for instead of those it knows. */
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
  /** Only those that leave by this interface. */
  readonly ifindex?: number | undefined;
}
