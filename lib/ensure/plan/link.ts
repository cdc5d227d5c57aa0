// Compares a link with its configuration; builds the actions that create,
// recreate and change it.

import { IFF_UP } from "../../../ffi/uapi/net_if.ts";
import { addAltNames } from "../../rtnetlink/changes/alt_name.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import {
  addLink,
  deleteLink,
  type LinkChanges,
  setLink,
} from "../../rtnetlink/changes/link.ts";
import { kernelName, kindDifferences } from "../../rtnetlink/kinds/kind.ts";
import { kindNamed, portKind } from "../../rtnetlink/kinds/mod.ts";
import { kindLevel, type Link } from "../../rtnetlink/link/link.ts";
import { readSettings, SETTINGS_TABLE } from "../../rtnetlink/settings.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import { AttributeLevel } from "../../rtnetlink/spec/level.ts";
import {
  type OptionDifference,
  valueText,
} from "../../rtnetlink/spec/table.ts";
import type { DesiredLink, NamespaceName } from "../parse/desired.ts";
import {
  creation,
  firstSettings,
  laterOptions,
  laterSettings,
} from "../parse/link.ts";
import {
  type Action,
  type ActionPart,
  type Difference,
  differenceText,
  Order,
} from "./action.ts";
import { hookChanges } from "./hook.ts";
import type { State, View } from "./state.ts";

/** Exceeds the depth of any stack of links. */
const LEVELS = 1000;

/** A link and its namespace. */
export interface Located {
  readonly link: Link;
  readonly namespace: NamespaceName;
}

/** The states that a desired link is compared with. */
export interface LinkStates {
  /** The state of its namespace. */
  readonly home: State;
  /** The state of the namespace that it is created in. */
  readonly from: State;
}

/** The path of a namespace in a message. */
type PathOf = (namespace: NamespaceName) => string;

/** A link by its configured name. */
export function locatedByName(
  namespace: NamespaceName,
  name: string,
  view: View,
): Located | undefined {
  const link = view.state(namespace)?.named(name);
  return link && { link, namespace };
}

/** The end of a pair whose peer has the desired location. */
export async function locatedByPeer(
  { peer }: DesiredLink,
  view: View,
): Promise<Located | undefined> {
  const other = peer && locatedByName(peer.namespace, peer.name, view)?.link;
  const kind = other?.kind;
  if (kind === undefined || !kindNamed(kind).pair || !other?.link) {
    return undefined;
  }
  const { linkNetnsid } = other;
  const where = linkNetnsid === undefined
    ? { name: peer!.namespace }
    : await view.byId(peer!.namespace, linkNetnsid);
  const link = where && view.state(where.name)?.link(other.link);
  return link?.kind === kind && link.link === other.ifindex
    ? { link, namespace: where!.name }
    : undefined;
}

/** The differences between a link and its configuration. */
export interface LinkDiff {
  /** Differences that only a new link can resolve. */
  readonly recreate: readonly Difference[];
  readonly settings: readonly OptionDifference[];
  readonly options: readonly OptionDifference[];
  readonly port: readonly OptionDifference[];
}

/** Compares a link with its configuration. */
export function diffLink(
  link: Link,
  desired: DesiredLink,
  { home, from }: LinkStates,
): LinkDiff {
  const { kind, options } = desired;
  const recreate: Difference[] = [];
  if (kind !== undefined) {
    if (!isOfKind(link, kind)) {
      const is = link.kind === "tun" ? link.data?.type : link.kind;
      recreate.push({ key: "kind", is: String(is ?? "device"), wanted: kind });
      return { recreate, settings: [], options: [], port: [] };
    }
    const lower = lowerDifference(link, desired, { home, from });
    if (lower !== undefined) recreate.push(lower);
  }
  const nameOf = (ifindex: number) => from.nameOf(ifindex);
  const different = {
    settings: settingDifferences(link, desired.settings, home),
    options: kind === undefined ? [] : kindDifferences(
      kindNamed(kind),
      kindLevel(link),
      options,
      from.numbers,
      nameOf,
    ),
  };
  if (kind !== undefined) {
    for (const one of [...different.settings, ...different.options]) {
      if (needsNewLink(one)) recreate.push(one);
    }
  }
  return {
    recreate,
    settings: different.settings.filter((one) => !needsNewLink(one)),
    options: different.options,
    port: portDifferences(link, desired, home),
  };
}

/** Whether a link is of a kind; the kernel does not distinguish tun and tap. */
export function isOfKind(link: Link, kind: string): boolean {
  return link.kind === kernelName(kindNamed(kind)) &&
    (link.kind !== "tun" || link.data?.type === kind);
}

/** The lower links of a link, by name. */
export function lowerNames({ link, kind, options }: DesiredLink): string[] {
  const entries = kind === undefined ? {} : kindNamed(kind).options;
  const named = Object.keys(options).filter((key) => entries[key]?.link)
    .map((key) => options[key]);
  return [link, ...named].filter((name) => typeof name === "string");
}

function lowerDifference(
  { link, linkNetnsid }: Link,
  { link: wanted }: DesiredLink,
  { home, from }: LinkStates,
): Difference | undefined {
  if (wanted === undefined) return undefined;
  const lower = from.named(wanted);
  if (lower !== undefined && lower.ifindex === link) return undefined;
  const isHere = home === from && link !== undefined &&
    linkNetnsid === undefined;
  const is = isHere ? home.nameOf(link) : "another link";
  return { key: "link", is, wanted };
}

function settingDifferences(
  link: Link,
  settings: OptionValues,
  state: State,
): OptionDifference[] {
  const different: OptionDifference[] = [];
  const others: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    const { flags, change, values } = readSettings({ [key]: value });
    if (change === 0) Object.assign(others, values);
    else if ((link.flags & change) !== flags) {
      const text = (on: boolean) =>
        key === "up" ? on ? "up" : "down" : valueText(on);
      const [is, wanted] = [text(!value), text(Boolean(value))];
      different.push({ key, is, wanted, change: "any time" });
    }
  }
  if (Object.keys(others).length === 0) return different;
  return different.concat(SETTINGS_TABLE.differences(
    new AttributeLevel(link.attributes()),
    others,
    others,
    state.numbers,
    (ifindex) => state.nameOf(ifindex),
  ));
}

function portDifferences(
  link: Link,
  { port }: DesiredLink,
  state: State,
): OptionDifference[] {
  if (port === undefined) return [];
  const kind = portKind(port.kind);
  if (kind === undefined || link.masterKind !== port.kind) {
    return Object.entries(port.options).map(([key, value]) => ({
      key,
      is: "not set",
      wanted: valueText(value),
      change: "any time",
    }));
  }
  return kindDifferences(
    kind,
    state.portLevel(link),
    { ...port.options },
    state.numbers,
    (ifindex) => state.nameOf(ifindex),
  );
}

function needsNewLink({ change }: OptionDifference): boolean {
  return change === "at creation";
}

function linkAction(
  type: Action["type"],
  { name, namespace, path }: Pick<DesiredLink, "name" | "namespace" | "path">,
  summary: string,
  differences: readonly Difference[],
  parts: readonly ActionPart[],
): Action {
  return {
    type,
    object: "link",
    namespace,
    name,
    summary,
    differences,
    reasons: differences.map(differenceText),
    path,
    devices: [],
    parts,
    undo: () => type === "add" ? [deleteLink(name)] : [],
  };
}

/** Removes a link that is recreated. */
export function clearAction(
  { link: { name }, namespace }: Located,
  { path }: DesiredLink,
  differences: readonly Difference[],
): Action {
  const changes = [deleteLink(name)];
  const parts = [{ order: Order.clear, namespace, changes }];
  const summary = `delete link ${name}, to recreate it`;
  const link = { name, namespace, path };
  return linkAction("remove", link, summary, differences, parts);
}

/** Creates a link, with its veth peer. */
export function createAction(
  desired: DesiredLink,
  height: number,
  pathOf: PathOf,
): Action {
  const { name, from, kind, peer } = desired;
  const netns = (link: DesiredLink) =>
    link.namespace === from ? {} : { netns: pathOf(link.namespace) };
  const spec = { ...creation(desired), ...netns(desired) };
  const options = peer && {
    peer: { ...firstSettings(peer), name: peer.name, ...netns(peer) },
  };
  const change = addLink(options === undefined ? spec : { ...spec, options });
  const ends = peer === undefined ? [desired] : [desired, peer];
  const description = peer === undefined ? kind : `${kind}, peer ${peer.name}`;
  const order = Order.make + Math.min(99, height);
  const hook = (when: "before" | "after", order: number, at: NamespaceName) =>
    hookChanges(when, desired).map((change): ActionPart => (
      { order, namespace: at, changes: [change] }
    ));
  return linkAction("add", desired, `add link ${name} (${description})`, [], [
    // Before links of the same height, after lower ones.
    ...hook("before", order - 0.5, from),
    { order, namespace: from, changes: [change] },
    ...ends.flatMap((end) => laterParts(end, height)),
    ...hook("after", Order.hook, desired.namespace),
  ]);
}

/** Sets the loopback link of a namespace that the same plan creates. */
export function newLoopbackAction(desired: DesiredLink): Action {
  const { name, namespace, settings } = desired;
  const changes = [setLink(name, settings)];
  const parts = [{ order: Order.settings, namespace, changes }];
  return {
    ...linkAction("change", desired, `change link ${name}`, [], parts),
    reasons: ["its namespace is new"],
  };
}

/** The settings that follow once all new links exist. */
function laterParts(desired: DesiredLink, height: number): ActionPart[] {
  const { name, namespace, kind, master, port, altnames, settings } = desired;
  const parts: ActionPart[] = [];
  const add = (order: number, ...changes: Change[]) => {
    if (changes.length > 0) parts.push({ order, namespace, changes });
  };
  if (master) add(Order.master, setLink(name, { master }));
  const later = laterSettings(desired);
  const options = laterOptions(desired);
  add(
    Order.settings,
    ...Object.keys(later).length === 0 ? [] : [setLink(name, later)],
    ...kind === undefined || Object.keys(options).length === 0
      ? []
      : [setLink(name, { kind, options })],
    ...altnames.length === 0 ? [] : [addAltNames(name, altnames)],
    ...port === undefined ? [] : [setLink(name, { port })],
  );
  if (settings.up !== undefined) {
    add(
      above(Order.up, height),
      setLink(name, { up: Boolean(settings.up) }),
    );
  }
  return parts;
}

/** The order of upper links: lower links first. */
function above(order: number, height: number): number {
  return order + Math.min(height, LEVELS - 1) / LEVELS;
}

/** Changes an existing link; undefined if nothing differs. */
export function changeAction(
  desired: DesiredLink,
  located: Located,
  diff: LinkDiff,
  home: State,
  height: number,
  pathOf: PathOf,
): Action | undefined {
  const { name, namespace, master, altnames } = desired;
  const { link } = located;
  const isAway = located.namespace !== namespace;
  const differences: Difference[] = [];
  const parts: ActionPart[] = [];
  const isRenamed = link.name !== name && !link.altNames.includes(name);
  if (isAway || isRenamed) {
    const part = restorePart(desired, located, isAway, isRenamed, pathOf);
    if (isAway) {
      const is = namespaceText(located.namespace);
      const wanted = namespaceText(namespace);
      differences.push({ key: "namespace", is, wanted });
    }
    if (isRenamed) {
      differences.push({ key: "name", is: link.name, wanted: name });
    }
    parts.push(part);
  }
  const masterIndex = master ? home.named(master)?.ifindex ?? -1 : 0;
  const hasMaster = !isAway && link.master === masterIndex;
  if (master !== undefined && !hasMaster && !(isAway && master === null)) {
    const is = isAway ? "nothing" : home.nameOf(link.master);
    differences.push({ key: "master", is, wanted: master ?? "nothing" });
    // A bond rejects ports that are up.
    const isUp = !isAway && (link.flags & IFF_UP) !== 0 &&
      master !== null && home.named(master)?.kind === "bond";
    const changes = isUp
      ? [{ up: false }, { master }, { up: true }]
      : [{ master }];
    parts.push({
      order: Order.master,
      namespace,
      changes: changes.map((one) => setLink(name, one)),
    });
  }
  const missing = altnames.filter((one) => !link.altNames.includes(one));
  const changes = [
    ...settingChanges(desired, link, diff, isAway, differences).map((one) =>
      setLink(name, one)
    ),
    ...(missing.length === 0 ? [] : [addAltNames(name, missing)]),
  ];
  if (missing.length > 0) {
    const is = link.altNames.join(", ") || "nothing";
    differences.push({ key: "altnames", is, wanted: missing.join(", ") });
  }
  if (changes.length > 0) {
    parts.push({ order: above(Order.settings, height), namespace, changes });
  }
  const up = Boolean(desired.settings.up);
  // Moving a link sets it down.
  if (diff.settings.some(({ key }) => key === "up") || (isAway && up)) {
    const changes = [setLink(name, { up })];
    parts.push({ order: above(Order.up, height), namespace, changes });
  }
  const summary = `change link ${name}`;
  return differences.length === 0
    ? undefined
    : linkAction("change", desired, summary, differences, parts);
}

/** The action after it freed the name that the link has. */
export function afterSettingAside(
  action: Action,
  { link: { ifindex }, namespace }: Located,
): Action {
  const rename = setLink(ifindex, { name: `unnamed${ifindex}` });
  const ifBusy = renameWhileDown(ifindex, [rename], false);
  const changes = [rename];
  const part = { order: Order.setAside, namespace, changes, ifBusy };
  return { ...action, parts: [part, ...action.parts] };
}

/** Renames a link that is up, which older kernels refuse. */
export function renameWhileDown(
  ifindex: number,
  changes: readonly Change[],
  isMoved: boolean,
): Change[] {
  const up = (up: boolean) => setLink(ifindex, { up });
  // A link that was moved is down.
  return [up(false), ...changes, ...isMoved ? [] : [up(true)]];
}

/** Restores the name and namespace of a link. */
function restorePart(
  { name, namespace: home }: DesiredLink,
  { link: { ifindex }, namespace }: Located,
  isAway: boolean,
  isRenamed: boolean,
  pathOf: PathOf,
): ActionPart {
  const changes = [
    setLink(ifindex, {
      ...(isRenamed ? { name } : {}),
      ...(isAway ? { netns: pathOf(home) } : {}),
    }),
  ];
  const ifBusy = renameWhileDown(ifindex, changes, isAway);
  return { order: Order.restore, namespace, changes, ifBusy };
}

/** A namespace in a message. */
export function namespaceText(namespace: NamespaceName): string {
  return namespace === undefined
    ? "the namespace of this process"
    : `namespace ${namespace}`;
}

/** Changes of settings, options and port options; `up` follows later. */
function settingChanges(
  { kind, options, port, settings }: DesiredLink,
  link: Link,
  diff: LinkDiff,
  isAway: boolean,
  differences: Difference[],
): LinkChanges[] {
  for (const one of diff.settings) differences.push(one);
  for (const one of diff.options) differences.push(one);
  const changes: LinkChanges[] = [];
  const keys = diff.settings.map(({ key }) => key).filter((key) =>
    key !== "up"
  );
  const picked = (values: OptionValues, keys: readonly string[]) =>
    Object.fromEntries(keys.map((key) => [key, values[key]]));
  if (keys.length > 0) changes.push(picked(settings, keys));
  if (kind !== undefined && diff.options.length > 0) {
    const { together, options: entries } = kindNamed(kind);
    const keys = together
      ? Object.keys(options).filter((key) =>
        entries[key]?.change !== "at creation"
      )
      : diff.options.map(({ key }) => key);
    const change = { kind, options: picked(options, keys) };
    const takeDown = (link.flags & IFF_UP) !== 0 &&
      diff.options.some(({ change }) => change === "while down");
    if (takeDown) changes.push({ up: false }, change, { up: true });
    else changes.push(change);
  }
  if (port !== undefined && (isAway || diff.port.length > 0)) {
    if (!isAway) { for (const one of diff.port) differences.push(one); }
    changes.push({ port });
  }
  return changes;
}
