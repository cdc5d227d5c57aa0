// The steps that make a described link what it is to be.

import { IFF_UP } from "../../../ffi/uapi/net_if.ts";
import { addAltNames } from "../../rtnetlink/changes/alt_name.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import { kindNamed } from "../../rtnetlink/kinds/mod.ts";
import {
  addLink,
  deleteLink,
  type LinkChanges,
  type LinkSpec,
  setLink,
} from "../../rtnetlink/changes/link.ts";
import type { DesiredLink, NamespaceName } from "../parse/desired.ts";
import {
  needsNewLink,
  optionDifferences,
  portDifferences,
  reasonOf,
  settingDifferences,
} from "./link_differences.ts";
import { longestPaths } from "./longest_path.ts";
import { creation, firstSettings, laterSettings } from "../parse/parse_link.ts";
import type { State } from "./state.ts";
import { Order, type Step, type StepPart } from "./step.ts";
import type { Located, View } from "./whereabouts.ts";

/** More than links ever stand on each other. */
const LEVELS = 1000;

/** What a link can be told that is there. */
interface Later {
  readonly reasons: string[];
  readonly parts: StepPart[];
}

/** What is around a link. */
export interface Surroundings {
  /** What there is in its namespace. */
  readonly home: State;
  /** What there is where it is made. */
  readonly from: State;
  readonly view: View;
  /** How many links it stands on: see linkHeights(). */
  readonly height: number;
}

/** The described links, found by their namespace and name. */
export function linksByName(
  links: Iterable<DesiredLink>,
): (namespace: NamespaceName, name: unknown) => DesiredLink | undefined {
  const byNamespace = new Map<NamespaceName, Map<unknown, DesiredLink>>();
  for (const link of links) {
    let names = byNamespace.get(link.namespace);
    if (names === undefined) {
      byNamespace.set(link.namespace, names = new Map());
    }
    if (!names.has(link.name)) names.set(link.name, link);
  }
  return (namespace, name) => byNamespace.get(namespace)?.get(name);
}

/** How many described links each one stands on: it is made after those. */
export function linkHeights(
  links: readonly DesiredLink[],
): ReadonlyMap<DesiredLink, number> {
  const find = linksByName(links);
  const lowers = ({ link, kind, options, from }: DesiredLink) => {
    const entries = kind === undefined ? {} : kindNamed(kind).options;
    const named = Object.keys(options).filter((word) => entries[word]?.link)
      .map((word) => options[word]);
    return [link, ...named].flatMap((lower) =>
      (lower === undefined ? undefined : find(from, lower)) ?? []
    );
  };
  return longestPaths(links, (link) => lowers(link).length > 0 ? 1 : 0, lowers);
}

/** The step that removes a link in the way of another. */
export function clearStep(
  { link, namespace, reasons }: Located & {
    readonly reasons: readonly string[];
  },
): Step {
  return {
    action: "remove",
    object: "link",
    namespace,
    name: link.name,
    what: `delete link ${link.name}, to make it again`,
    reasons,
    parts: [{
      order: Order.clear,
      where: namespace,
      changes: [deleteLink(link.name)],
    }],
    undo: [],
  };
}

/** The step that makes a link, and the other end of a veth with it. */
export function makeStep(
  desired: DesiredLink,
  height: number,
  view: View,
): Step {
  const { name, namespace, from, kind, peer } = desired;
  const moved = namespace === from ? {} : { netns: view.pathOf(namespace) };
  const spec: LinkSpec = { ...creation(desired), ...moved };
  const ends = peer === undefined ? [desired] : [desired, peer];
  const other = peer && ` with ${peer.name} at its other end`;
  return {
    action: "add",
    object: "link",
    namespace,
    name,
    what: `add link ${name} (${kind}${other ?? ""})`,
    reasons: [],
    parts: [
      {
        order: Order.make + Math.min(99, height),
        where: from,
        changes: [
          addLink(
            peer === undefined ? spec : {
              ...spec,
              options: {
                peer: peerSettings(peer, from, view),
              },
            },
          ),
        ],
      },
      ...ends.flatMap((end) => laterParts(end)),
    ],
    undo: [deleteLink(name)],
  };
}

/** The step that sets up loopback in a namespace that is only made now. */
export function newLoopbackStep(desired: DesiredLink): Step {
  const { name, namespace: where, settings } = desired;
  const changes = [setLink(name, settings)];
  return {
    action: "change",
    object: "link",
    namespace: where,
    name,
    what: `change link ${name}`,
    reasons: ["its namespace is new"],
    parts: [{ order: Order.settings, where, changes }],
    undo: [],
  };
}

function peerSettings(
  peer: DesiredLink,
  from: NamespaceName,
  view: View,
) {
  const { name, namespace } = peer;
  return {
    ...firstSettings(peer),
    name,
    ...(namespace === from ? {} : { netns: view.pathOf(namespace) }),
  };
}

/** What a new link is told once all of them are there. */
function laterParts(desired: DesiredLink): StepPart[] {
  const { name, namespace: where, master, port, altnames, settings } = desired;
  const later = laterSettings(desired);
  const part = (order: number, changes: readonly Change[]) =>
    changes.length === 0 ? [] : [{ order, where, changes }];
  return [
    ...part(Order.master, master ? [setLink(name, { master })] : []),
    ...part(Order.settings, [
      ...(Object.keys(later).length === 0 ? [] : [setLink(name, later)]),
      ...(altnames.length === 0 ? [] : [addAltNames(name, altnames)]),
      ...(port === undefined ? [] : [setLink(name, { port })]),
    ]),
    ...part(
      Order.up,
      settings.up === undefined
        ? []
        : [setLink(name, { up: Boolean(settings.up) })],
    ),
  ];
}

/** The step that changes a link that is there, if anything differs. */
export function changeStep(
  desired: DesiredLink,
  located: Located,
  around: Surroundings,
): Step[] {
  const later: Later = { reasons: [], parts: [] };
  restore(desired, located, around.view, later);
  const isAway = located.namespace !== desired.namespace;
  changeMaster(desired, located, around.home, isAway, later);
  changeSettings(desired, located, around, isAway, later);
  const { reasons, parts } = later;
  if (reasons.length === 0) return [];
  const { name, namespace } = desired;
  return [{
    action: "change",
    object: "link",
    namespace,
    name,
    what: `change link ${name}`,
    reasons,
    parts,
    undo: [],
  }];
}

/** Brings it back under its name, into its namespace. */
function restore(
  desired: DesiredLink,
  { link, namespace }: Located,
  view: View,
  { reasons, parts }: Later,
): void {
  const { name } = desired;
  const isAway = namespace !== desired.namespace;
  const isCalledOtherwise = link.name !== name;
  if (!isAway && !isCalledOtherwise) return;
  if (isAway) {
    const where = namespace === undefined
      ? "the namespace of this process"
      : `namespace ${namespace}`;
    reasons.push(`is in ${where}`);
  }
  if (isCalledOtherwise) reasons.push(`is called ${link.name}`);
  const changes = [
    setLink(link.ifindex, {
      ...(isCalledOtherwise ? { name } : {}),
      ...(isAway ? { netns: view.pathOf(desired.namespace) } : {}),
    }),
  ];
  // An older kernel renames no link that is up.
  const down = setLink(link.ifindex, { up: false });
  const up = isAway ? [] : [setLink(link.ifindex, { up: true })];
  const ifBusy = [down, ...changes, ...up];
  parts.push({ order: Order.restore, where: namespace, changes, ifBusy });
}

function changeMaster(
  { master, name, namespace }: DesiredLink,
  { link }: Located,
  home: State,
  isAway: boolean,
  { reasons, parts }: Later,
): void {
  if (master === undefined || (isAway && master === null)) return;
  const wanted = master === null ? 0 : home.named(master)?.ifindex ?? -1;
  if (!isAway && link.master === wanted) return;
  const is = isAway ? "nothing" : home.nameOf(link.master);
  reasons.push(`belongs to ${is}, wanted ${master ?? "nothing"}`);
  const changes = [setLink(name, { master })];
  parts.push({ order: Order.master, where: namespace, changes });
}

function changeSettings(
  desired: DesiredLink,
  { link }: Located,
  { home, from, height }: Surroundings,
  isAway: boolean,
  { reasons, parts }: Later,
): void {
  const { name, namespace: where, kind, options, port, altnames } = desired;
  const settings = settingDifferences(link, desired.settings, home)
    .filter((difference) => !needsNewLink(difference));
  for (const one of settings) reasons.push(reasonOf(one));
  const given = settings.filter(({ key }) => key !== "up").map(({ key }) =>
    [key, desired.settings[key]] as const
  );
  const changes: LinkChanges[] = given.length === 0
    ? []
    : [Object.fromEntries(given)];
  if (kind !== undefined) {
    const different = optionDifferences(link, kind, options, from);
    for (const one of different) reasons.push(reasonOf(one));
    if (different.length > 0) {
      const { together, options: entries } = kindNamed(kind);
      const words = together
        ? Object.keys(options).filter((word) =>
          entries[word]?.change !== "at creation"
        )
        : different.map(({ key }) => key);
      const values = words.map((word) => [word, options[word]]);
      const change = { kind, options: Object.fromEntries(values) };
      const isUp = (link.flags & IFF_UP) !== 0;
      const needsDown = different.some(({ change }) => change === "while down");
      if (needsDown && isUp) changes.push({ up: false }, change, { up: true });
      else changes.push(change);
    }
  }
  if (port !== undefined) {
    const different = isAway ? [] : portDifferences(link, desired, home);
    for (const one of different) reasons.push(reasonOf(one));
    if (isAway || different.length > 0) changes.push({ port });
  }
  const missing = altnames.filter((one) => !link.altNames.includes(one));
  if (missing.length > 0) {
    reasons.push(`is not called ${missing.join(", ")} too`);
  }
  const all = [
    ...changes.map((one) => setLink(name, one)),
    ...(missing.length === 0 ? [] : [addAltNames(name, missing)]),
  ];
  if (all.length > 0) {
    const order = Order.settings + Math.min(height, LEVELS - 1) / LEVELS;
    parts.push({ order, where, changes: all });
  }
  const { up } = desired.settings;
  // Moving takes a link down.
  if (settings.some(({ key }) => key === "up") || (isAway && up)) {
    const changes = [setLink(name, { up: Boolean(up) })];
    parts.push({ order: Order.up, where, changes });
  }
}
