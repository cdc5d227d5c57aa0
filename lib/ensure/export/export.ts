// Exports the current state as a configuration that changes nothing.

import type { WaitOptions } from "../../io/reactor.ts";
import type { Namespace } from "../../netns/namespace.ts";
import {
  type FollowedNamespace,
  NamespacePool,
} from "../apply/namespace_pool.ts";
import type { NetworkConfiguration } from "../parse/configuration.ts";
import { ConfigurationError, type Path } from "../parse/error.ts";
import { parseConfiguration } from "../parse/parse.ts";
import type { Action } from "../plan/action.ts";
import { LinkTracker } from "../plan/link_tracker.ts";
import { Planner } from "../plan/planner.ts";
import type { ObjectTypes, View } from "../plan/state.ts";
import { describe } from "./describe.ts";
import type { Draft } from "./draft.ts";

/** The types of objects of a configuration. */
const TYPES: ObjectTypes = new Set([
  "link",
  "port",
  "address",
  "route",
  "neighbour",
  "rule",
  "nexthop",
  "fdb",
  "vlan",
  "mdb",
  "qdisc",
  "class",
]);

/** The number of times that values are left out and the rest is checked. */
const ROUNDS = 20;

/** Options of exportConfiguration(). */
export interface ExportOptions extends WaitOptions {
  /** The namespace of the top level; default: this thread's. */
  readonly namespace?: Namespace | undefined;
  /**
   * Named namespaces to export as well, and others that have a name in the
   * configuration and a path: `{ name: "web", path: "/proc/1234/ns/net" }`.
   */
  readonly namespaces?: readonly (
    string | { readonly name: string; readonly path: string }
  )[];
  /**
   * Whether settings of existing devices are exported that they have by
   * themselves: the link-layer address, no master.
   */
  readonly isComplete?: boolean;
}

/**
 * Exports the current state of namespaces as a configuration with which
 * `ensure` changes nothing. Objects of the kernel, of routing daemons and with a
 * lifetime are left out, and values that a configuration cannot have.
 *
 * Source: rtnetlink(7).
 *
 * @throws {SystemError} If a namespace does not exist.
 *
 * @example
 * ```ts
 * import { exportConfiguration } from "@netplumb/netplumb";
 *
 * const { links = [] } = await exportConfiguration();
 * console.log(links[0]?.name); // lo
 * ```
 */
export async function exportConfiguration(
  { namespace, namespaces = [], isComplete = false, ...options }:
    ExportOptions = {},
): Promise<NetworkConfiguration> {
  await using pool = new NamespacePool(namespace);
  const followed: FollowedNamespace[] = [
    { name: undefined },
    ...namespaces.map((one) =>
      typeof one === "string"
        ? { name: one }
        : { name: one.name, foreignPath: one.path }
    ),
  ];
  await pool.follow({ namespaces: followed });
  for (const { name } of followed) pool.require(name);
  const view = await pool.read(TYPES, options);
  const draft = await describe(followed, view, isComplete);
  for (let round = 0; round < ROUNDS; round++) {
    const left = await leftOut(draft, view);
    if (left.length === 0) return draft as NetworkConfiguration;
    for (const path of left) remove(draft, path);
    compact(draft);
  }
  throw new Error("the state cannot be written as a configuration");
}

/** The paths of values that are invalid, or that would change something. */
async function leftOut(draft: Draft, view: View): Promise<Path[]> {
  let desired;
  try {
    desired = parseConfiguration(draft);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ path }) => path);
  }
  const planner = new Planner(desired, new LinkTracker());
  const { actions } = await planner.update(view);
  return actions.flatMap((action) => changedPaths(draft, action));
}

/** The values that an action is about, or its whole object. */
function changedPaths(
  draft: Draft,
  { type, object, path, differences }: Action,
): Path[] {
  if (path === undefined) return [];
  if (type === "add") return [path];
  const found = differences.flatMap(({ key }) =>
    [[key], ["options", key], ["port", "options", key]]
      .map((inner) => [...path, ...inner])
      .filter((inner) => valueAt(draft, inner) !== undefined)
  );
  if (found.length > 0) return found;
  // A link with another kind or peer is only a device.
  const isDevice = object !== "link" ||
    valueAt(draft, [...path, "kind"]) === undefined;
  return isDevice
    ? [path]
    : ["kind", "options", "link"].map((key) => [...path, key]);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Draft)[key]
        : undefined,
    value,
  );
}

function remove(draft: Draft, path: Path): void {
  const parent = valueAt(draft, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof parent !== "object" || parent === null || key === undefined) {
    return;
  }
  (parent as Draft)[key] = undefined;
}

/** Removes undefined values, and what is empty without them. */
function compact(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    compact(inner);
    if (Array.isArray(inner)) {
      const items = inner.filter((item) => item !== undefined);
      (value as Draft)[key] = items.length === 0 ? undefined : items;
    }
    const now = (value as Draft)[key];
    if (now === undefined && !Array.isArray(value)) {
      delete (value as Draft)[key];
    }
  }
}
