// The desired state: a parsed configuration, every object in its namespace.

import type { Change } from "../../rtnetlink/changes/change.ts";
import type { LinkPort } from "../../rtnetlink/changes/link.ts";
import type { NexthopObjectSpec } from "../../rtnetlink/nexthop.ts";
import type { RouteSpec } from "../../rtnetlink/route.ts";
import type { RuleSpec } from "../../rtnetlink/rule.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type {
  AddressConfiguration,
  ExclusiveKind,
  NeighbourConfiguration,
} from "./configuration.ts";
import type { Path } from "./error.ts";

/** A namespace's name; undefined for the one at the top. */
export type NamespaceName = string | undefined;

/** A desired link. */
export interface DesiredLink {
  /** Where it is configured. */
  readonly path: Path;
  /** The namespace it is in. */
  readonly namespace: NamespaceName;
  /** The namespace it is created in, and where its lower link is. */
  readonly from: NamespaceName;
  /** Its name. */
  readonly name: string;
  /** Its kind; undefined for a device that has to exist. */
  readonly kind: string | undefined;
  /** Its lower link. */
  readonly link: string | undefined;
  /** Settings by key, without the name and the master. */
  readonly settings: OptionValues;
  /** Null for none, undefined if it is not mentioned. */
  readonly master: string | null | undefined;
  /** Options of its kind, without the peer of a veth. */
  readonly options: OptionValues;
  /** Options as the port of its master. */
  readonly port: LinkPort | undefined;
  /** Alternative names. */
  readonly altnames: readonly string[];
  /** Its addresses. */
  readonly addresses: readonly AddressConfiguration[];
  /** Of what it has no unmanaged ones. */
  readonly exclusive: ReadonlySet<ExclusiveKind>;
  /** The other end of a veth pair. */
  readonly peer: DesiredLink | undefined;
  /** Whether it is created with the other end. */
  readonly isPeer: boolean;
}

/** A desired namespace. */
export interface DesiredNamespace {
  /** Its name. */
  readonly name: NamespaceName;
  /** The links in it, those configured elsewhere too. */
  readonly links: readonly DesiredLink[];
  /** Its routes. */
  readonly routes: readonly RouteSpec[];
  /** Its neighbours. */
  readonly neighbours: readonly NeighbourConfiguration[];
  /** Its rules. */
  readonly rules: readonly RuleSpec[];
  /** Its nexthop objects. */
  readonly nexthops: readonly NexthopObjectSpec[];
  /** Of what it has no unmanaged ones. */
  readonly exclusive: ReadonlySet<ExclusiveKind>;
}

/** A desired network, as parseConfiguration() returns it. */
export interface DesiredNetwork {
  /** This thread's own namespace first, if it is mentioned. */
  readonly namespaces: readonly DesiredNamespace[];
}

const changes = new WeakMap<object, Change>();

/** Keeps the change that adds an object, which the parser made to check it. */
export function keepChange(spec: object, change: Change): void {
  changes.set(spec, change);
}

/** The change that adds an object, made now if it was not kept. */
export function changeOf(spec: object, make: () => Change): Change {
  let change = changes.get(spec);
  if (change === undefined) changes.set(spec, change = make());
  return change;
}
