// Plans the removal of what a configuration describes, for down() and for
// configurations that are replaced.

import { deleteLink, setLink } from "../../rtnetlink/changes/link.ts";
import type {
  DesiredLink,
  DesiredNamespace,
  DesiredNetwork,
  NamespaceName,
} from "../parse/desired.ts";
import { type Action, Order } from "./action.ts";
import { longestPaths } from "./dependency_order.ts";
import type { DesiredObject } from "./desired_object.ts";
import { desiredObjects } from "./desired_objects.ts";
import { hasIdentity } from "./device.ts";
import {
  afterSettingAside,
  isOfKind,
  type Located,
  locatedByName,
  locatedByPeer,
  lowerNames,
  namespaceText,
  renameWhileDown,
} from "./link.ts";
import type { State, View } from "./state.ts";

/** The position of the removal of each type of object. */
const ORDER = {
  sysctl: Order.sysctl,
  qdisc: Order.removeQdisc,
  class: Order.removeClass,
  rule: Order.removeRule,
  route: Order.removeRoute,
  nexthop: Order.removeNexthop,
  neighbour: Order.removeNeighbour,
  fdb: Order.removeNeighbour,
  mdb: Order.removeNeighbour,
  vlan: Order.removeVlan,
  address: Order.removeAddress,
} as const satisfies Record<DesiredObject["object"], number>;

/** Types of which several objects can have the same key. */
const SHARED: ReadonlySet<string> = new Set(["fdb", "mdb", "vlan"]);

/** Options of planRemoval(). */
export interface RemovalOptions {
  /** Whether a namespace was created for the configuration. */
  isCreated(namespace: string): boolean;
  /** A configuration whose objects stay. */
  readonly kept?: DesiredNetwork | undefined;
}

/**
 * Plans the removal of the links, the objects and the created namespaces of a
 * configuration, as far as they exist. Settings of existing devices stay.
 */
export async function planRemoval(
  desired: DesiredNetwork,
  view: View,
  { isCreated, kept }: RemovalOptions,
): Promise<Action[]> {
  const keptNamespaces = new Map(
    kept?.namespaces.map((one) => [one.name, one]),
  );
  const links = await linkRemovals(desired, keptNamespaces, view);
  const gone = new Set(links.flatMap(({ names }) => names));
  const deleted = new Set(
    desired.namespaces.flatMap(({ name }) =>
      name !== undefined && !keptNamespaces.has(name) &&
        view.state(name) !== undefined && isCreated(name)
        ? [name]
        : []
    ),
  );
  const actions: Action[] = [];
  for (const namespace of desired.namespaces) {
    const { name } = namespace;
    const state = view.state(name);
    // Other objects are deleted with their namespace.
    if (state === undefined || deleted.has(name ?? "")) continue;
    const other = keptNamespaces.get(name);
    const stay = other === undefined ? [] : desiredObjects(other);
    const keys = new Set(
      stay.filter((one) => !SHARED.has(one.object))
        .map((one) => identity(one, state)),
    );
    const kept = new Set(
      stay.filter((one) => SHARED.has(one.object))
        .flatMap((one) => one.find(state)),
    );
    for (const object of desiredObjects(namespace)) {
      // It is removed with its link.
      if (object.devices.some((one) => gone.has(keyOf(name, one)))) continue;
      if (keys.has(identity(object, state))) continue;
      const action = objectRemoval(object, state, name, kept);
      if (action !== undefined) actions.push(action);
    }
  }
  for (const { action } of links) actions.push(action);
  for (const name of deleted) {
    actions.push(removal("namespace", name, name, ["namespaces", name], []));
  }
  return actions.toSorted((a, b) => orderOf(a) - orderOf(b));
}

function keyOf(namespace: NamespaceName, name: string): string {
  return `${namespace ?? ""}\0${name}`;
}

function orderOf({ parts }: Action): number {
  return parts[0]?.order ?? Infinity;
}

function identity(object: DesiredObject, state: State): string {
  return `${object.object}\0${object.key(state)}`;
}

function removal(
  object: Action["object"],
  namespace: NamespaceName,
  name: string,
  path: Action["path"],
  parts: Action["parts"],
): Action {
  return {
    type: "remove",
    object,
    namespace,
    name,
    summary: `delete ${object} ${name}`,
    differences: [],
    reasons: [],
    path,
    devices: [],
    parts,
    undo: () => [],
  };
}

function orderOfRemoval({ object, order }: DesiredObject): number {
  if (order === Order.innerQdisc) return Order.removeInnerQdisc;
  // Inner classes first.
  return ORDER[object] - (object === "class" ? order - Order.class : 0);
}

function objectRemoval(
  object: DesiredObject,
  state: State,
  namespace: NamespaceName,
  kept: ReadonlySet<unknown>,
): Action | undefined {
  const changes = object.removal(state, kept);
  if (changes === undefined) return undefined;
  const order = orderOfRemoval(object);
  const parts = [{ order, namespace, changes }];
  return removal(object.object, namespace, object.name, object.path, parts);
}

/** The removal of a link. */
interface LinkRemoval {
  readonly action: Action;
  /** The keys of the link, and of the other end of a pair. */
  readonly names: readonly string[];
}

/** Removals of links. */
async function linkRemovals(
  { namespaces }: DesiredNetwork,
  kept: ReadonlyMap<NamespaceName, DesiredNamespace>,
  view: View,
): Promise<LinkRemoval[]> {
  const links = namespaces.flatMap(({ links }) => links);
  const names = (list: readonly DesiredLink[]) =>
    new Map(
      list.map((link) => [keyOf(link.namespace, link.name), link]),
    );
  const byName = names(links);
  const stays = names([...kept.values()].flatMap(({ links }) => links));
  const lowers = (link: DesiredLink) =>
    lowerNames(link).flatMap((name) =>
      byName.get(keyOf(link.from, name)) ?? []
    );
  const heights = longestPaths(
    links,
    (link) => lowers(link).length > 0 ? 1 : 0,
    lowers,
  );
  const removals: LinkRemoval[] = returnActions(links, stays, view)
    .map((action) => ({ action, names: [] }));
  for (const link of links) {
    // A pair is deleted as one.
    if (link.kind === undefined || link.isPeer) continue;
    if (stays.has(keyOf(link.namespace, link.name))) continue;
    const state = view.state(link.namespace);
    const found = state?.named(link.name);
    const located = found === undefined
      ? await locatedByPeer(link, view)
      : { link: found, namespace: link.namespace };
    if (located === undefined || !isOfKind(located.link, link.kind)) continue;
    const { namespace, link: { name } } = located;
    const order = Order.removeLink - heights.get(link)! / 1000;
    const parts = [{ order, namespace, changes: [deleteLink(name)] }];
    const { peer } = link;
    removals.push({
      action: removal("link", namespace, name, link.path, parts),
      names: [link, ...peer === undefined ? [] : [peer]].map((one) =>
        keyOf(one.namespace, one.name)
      ),
    });
  }
  return removals;
}

/** A device that has another name than before, or was moved. */
interface MovedDevice {
  readonly desired: DesiredLink;
  readonly located: Located;
  /** Its name before. */
  readonly original: string;
  readonly isAway: boolean;
}

/**
 * Moves existing devices back to the namespaces that they are from, with the
 * names that identify them.
 */
function returnActions(
  links: readonly DesiredLink[],
  stays: ReadonlyMap<string, DesiredLink>,
  view: View,
): Action[] {
  const moved = links.flatMap((desired): MovedDevice[] => {
    const { identity, name, namespace, from } = desired;
    if (identity === undefined) return [];
    const original = identity.name ?? name;
    const staying = stays.get(keyOf(namespace, name));
    // Another device has the name from now on.
    const isReplaced = stays.has(keyOf(from, original)) &&
      JSON.stringify(staying?.identity) !== JSON.stringify(identity);
    if (staying !== undefined && !isReplaced) return [];
    const located = locatedByName(namespace, name, view);
    if (located === undefined || !hasIdentity(located.link, identity)) {
      return [];
    }
    const isAway = namespace !== from && view.state(from) !== undefined;
    if (original === name && !isAway) return [];
    return [{ desired, located, original, isAway }];
  });
  const originals = new Set(
    moved.map(({ desired, original }) => keyOf(desired.from, original)),
  );
  return moved.map((one) => {
    const { located } = one;
    const { namespace, link: { name } } = located;
    const action = returnAction(one, view);
    return originals.has(keyOf(namespace, name))
      ? afterSettingAside(action, located)
      : action;
  });
}

function returnAction(
  { desired, located: { link }, original, isAway }: MovedDevice,
  view: View,
): Action {
  const { name, namespace, from, path } = desired;
  const { ifindex } = link;
  const changes = [
    setLink(ifindex, {
      ...original === link.name ? {} : { name: original },
      ...isAway ? { netns: view.pathOf(from) } : {},
    }),
  ];
  const ifBusy = renameWhileDown(ifindex, changes, isAway);
  const parts = [{ order: Order.removeLink, namespace, changes, ifBusy }];
  const whereTo = isAway ? ` to ${namespaceText(from)}` : "";
  const called = original === name ? "" : ` as ${original}`;
  return {
    ...removal("link", namespace, name, path, parts),
    type: "change",
    summary: `return link ${name}${whereTo}${called}`,
  };
}
