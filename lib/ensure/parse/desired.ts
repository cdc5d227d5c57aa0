// The desired state: a parsed configuration, by namespace.

import type { Change } from "../../rtnetlink/changes/change.ts";
import type { ClassSpec, QdiscSpec } from "../../rtnetlink/changes/qdisc.ts";
import type { LinkPort } from "../../rtnetlink/changes/link.ts";
import type { FdbSpec } from "../../rtnetlink/fdb.ts";
import type { NexthopObjectSpec } from "../../rtnetlink/nexthop.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import type { RuleSpec } from "../../rtnetlink/rule.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type {
  AddressConfiguration,
  DeviceIdentity,
  ExclusiveKind,
  LinkHooks,
  MdbConfiguration,
  NeighbourConfiguration,
  VlanConfiguration,
} from "./configuration.ts";
import type { Cidr } from "../../net/prefix.ts";
import type { Path } from "./error.ts";
import type { AbsentLinks, AbsentRoutes, Ignored } from "./selection.ts";

/** The name of a namespace; undefined for the one at the top level. */
export type NamespaceName = string | undefined;

/** A desired sysctl. */
export interface DesiredSysctl {
  /** Its path in the configuration. */
  readonly path: Path;
  /** Its name: "net.ipv4.ip_forward". */
  readonly name: string;
  /** Its value, with one space between several. */
  readonly value: string;
  /** Its link, if it is of one. */
  readonly dev: string | undefined;
}

/** A desired link. */
export interface DesiredLink {
  /** Its path in the configuration. */
  readonly path: Path;
  /** Its namespace. */
  readonly namespace: NamespaceName;
  /** The namespace it is created in, with its lower link. */
  readonly from: NamespaceName;
  /** Its name. */
  readonly name: string;
  /** Its kind; undefined for a device that has to exist. */
  readonly kind: string | undefined;
  /** Which device it is, if it can have another name or be in `from`. */
  readonly identity: DeviceIdentity | undefined;
  /** Commands that run when it is made. */
  readonly hooks: LinkHooks;
  /** Its lower link. */
  readonly link: string | undefined;
  /** Settings by key, without the name and the master. */
  readonly settings: OptionValues;
  /** Its master; null for none, undefined to leave it unchanged. */
  readonly master: string | null | undefined;
  /** Options of its kind, without the peer of a veth. */
  readonly options: OptionValues;
  /** Its options as a port of its master. */
  readonly port: LinkPort | undefined;
  /** Alternative names. */
  readonly altnames: readonly string[];
  /** Its addresses. */
  readonly addresses: readonly AddressConfiguration[];
  /** Addresses that are removed. */
  readonly absentAddresses: readonly Cidr[];
  /** Entries of forwarding tables. */
  readonly fdb: readonly Omit<FdbSpec, "dev" | "use">[];
  /** Its VLANs as a bridge or a port. */
  readonly vlans: readonly VlanConfiguration[];
  /** VLANs that are removed: numbers and ranges. */
  readonly absentVlans: readonly string[];
  /** Multicast groups. */
  readonly mdb: readonly MdbConfiguration[];
  /** Of `vlans`, `fdb` and `mdb` those that the link has, also empty. */
  readonly listed: ReadonlySet<ExclusiveKind>;
  /** Its queueing disciplines. */
  readonly qdiscs: readonly Omit<QdiscSpec, "dev">[];
  /** Classes of its queueing disciplines. */
  readonly classes: readonly Omit<ClassSpec, "dev">[];
  /** Its sysctls. */
  readonly sysctls: readonly DesiredSysctl[];
  /** The types of objects of which unmanaged ones are removed. */
  readonly exclusive: ReadonlySet<ExclusiveKind>;
  /** The other end of a veth pair. */
  readonly peer: DesiredLink | undefined;
  /** Whether it is created as the peer of another link. */
  readonly isPeer: boolean;
}

/** A desired namespace. */
export interface DesiredNamespace {
  /** Its name. */
  readonly name: NamespaceName;
  /**
   * Its path if another program creates it: it is waited for, and not deleted.
   */
  readonly foreignPath: string | undefined;
  /** Its links, also those configured in another namespace. */
  readonly links: readonly DesiredLink[];
  /** Its routes. */
  readonly routes: readonly RouteSpec[];
  /** Its neighbours. */
  readonly neighbours: readonly NeighbourConfiguration[];
  /** Its rules. */
  readonly rules: readonly RuleSpec[];
  /** Its nexthop objects. */
  readonly nexthops: readonly NexthopObjectSpec[];
  /** Links that are removed. */
  readonly absentLinks: readonly AbsentLinks[];
  /** Routes that are removed. */
  readonly absentRoutes: readonly AbsentRoutes[];
  /** Objects that are not removed, because other programs manage them. */
  readonly ignored: readonly Ignored[];
  /** Its sysctls, without those of its links. */
  readonly sysctls: readonly DesiredSysctl[];
  /** The types of objects of which unmanaged ones are removed. */
  readonly exclusive: ReadonlySet<ExclusiveKind>;
}

/** A desired network, the result of parseConfiguration(). */
export interface DesiredNetwork {
  /** The namespace of this thread first, if it is configured. */
  readonly namespaces: readonly DesiredNamespace[];
}

const paths = new WeakMap<object, Path>();

/** Records the path of an object in the configuration. */
export function setPath(spec: object, path: Path): void {
  paths.set(spec, path);
}

/** The path of an object in the configuration. */
export function pathOf(spec: object): Path | undefined {
  return paths.get(spec);
}

const changes = new WeakMap<object, Change>();

/**
 * Caches the change that adds an object, which the parser builds to check it.
 */
export function cacheChange(spec: object, change: Change): void {
  changes.set(spec, change);
}

/** The change that adds an object, built now if it is not cached. */
export function changeOf(spec: object, make: () => Change): Change {
  let change = changes.get(spec);
  if (change === undefined) changes.set(spec, change = make());
  return change;
}
