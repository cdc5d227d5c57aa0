// A description that was read: every object with the namespace it is in.

import type { LinkPort } from "../../rtnetlink/changes/link.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import type { NexthopObjectSpec } from "../../rtnetlink/changes/nexthop.ts";
import type { RouteSpec } from "../../rtnetlink/changes/route.ts";
import type { RuleSpec } from "../../rtnetlink/changes/rule.ts";
import type {
  AddressDescription,
  ExclusiveKind,
  NeighbourDescription,
} from "./description.ts";
import type { Path } from "./problem.ts";

/** A namespace's name; undefined is this thread's own. */
export type NamespaceName = string | undefined;

/** A link as it is to be. */
export interface DesiredLink {
  /** Where it is described. */
  readonly path: Path;
  /** The namespace it is to be in. */
  readonly namespace: NamespaceName;
  /** The namespace it is made in, and where `link` is. */
  readonly from: NamespaceName;
  /** Its name. */
  readonly name: string;
  /** Undefined of a device of the machine, which is there or not. */
  readonly kind: string | undefined;
  /** The link it stands on. */
  readonly link: string | undefined;
  /** Settings by their words, without the name and the master. */
  readonly settings: OptionValues;
  /** Undefined where nothing is said of it. */
  readonly master: string | null | undefined;
  /** Options of its kind, without the peer of a veth. */
  readonly options: OptionValues;
  /** Options as the port of its master. */
  readonly port: LinkPort | undefined;
  /** Further names. */
  readonly altnames: readonly string[];
  /** Its addresses. */
  readonly addresses: readonly AddressDescription[];
  /** What it may have none of but those described. */
  readonly exclusive: ReadonlySet<ExclusiveKind>;
  /** The other end of a veth. */
  peer: DesiredLink | undefined;
  /** Whether the other end is the one that says so. */
  isPeer: boolean;
}

/** What is to be in a namespace. */
export interface DesiredNamespace {
  /** Its name. */
  readonly name: NamespaceName;
  /** The links to be in it, those described elsewhere too. */
  readonly links: DesiredLink[];
  /** Its routes. */
  readonly routes: readonly RouteSpec[];
  /** Its neighbours. */
  readonly neighbours: readonly NeighbourDescription[];
  /** Its rules. */
  readonly rules: readonly RuleSpec[];
  /** Its nexthop objects. */
  readonly nexthops: readonly NexthopObjectSpec[];
  /** What it may have none of but those described. */
  readonly exclusive: ReadonlySet<ExclusiveKind>;
}

/** A network as it is to be; made by parseDescription(). */
export interface DesiredNetwork {
  /** This thread's own namespace first, if anything is said of it. */
  readonly namespaces: readonly DesiredNamespace[];
}

/** How messages call a namespace in front of what is in it. */
export function inWords(namespace: NamespaceName, text: string): string {
  return namespace === undefined ? text : `${namespace}: ${text}`;
}
