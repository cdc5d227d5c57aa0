// Applies actions in order and in batches, and rolls additions back.

import {
  EADDRNOTAVAIL,
  EBUSY,
  EEXIST,
  EHOSTUNREACH,
  EINVAL,
  ENETDOWN,
  ENETUNREACH,
  ENODEV,
  ENOENT,
  ESRCH,
  SystemError,
} from "../../../ffi/errno.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import type { Network } from "../../rtnetlink/network.ts";
import type { NamespaceName } from "../parse/desired.ts";
import { type Action, actionKey, type ActionPart } from "../plan/action.ts";
import type { NamespacePool } from "./namespace_pool.ts";

/** The result of an action. */
export interface Outcome {
  readonly action: Action;
  /** The error of the kernel; undefined if it was applied. */
  readonly error: SystemError | undefined;
  /** Whether a part of it was applied. */
  readonly begun: boolean;
}

/** A part of an action that is being applied. */
interface Work {
  readonly action: Action;
  readonly part: ActionPart;
}

/**
 * The number of parts that are sent together: all their messages are in memory.
 */
const BATCH = 8192;

/** Errors of removals of objects that do not exist any more. */
const GONE: ReadonlySet<number> = new Set([
  ENODEV,
  ENOENT,
  EADDRNOTAVAIL,
  ESRCH,
]);

/** Errors of routes while an address is tentative or a carrier is down. */
const TRANSIENT: ReadonlySet<number> = new Set([
  EINVAL,
  ENETDOWN,
  ENETUNREACH,
  EHOSTUNREACH,
]);

/** Whether an error means that the object already has the desired state. */
function isAsDesired(
  { type, object }: Action,
  { errno }: SystemError,
): boolean {
  return type === "remove"
    ? GONE.has(errno)
    : type === "add" && object !== "link" && object !== "namespace" &&
      errno === EEXIST;
}

/**
 * Whether an error may be transient: the kernel may accept a route later, and
 * loading a module creates some links (ifb0).
 */
export function isTransient(
  { object, type }: Action,
  { errno }: SystemError,
): boolean {
  return object === "link"
    ? type === "add" && errno === EEXIST
    : (object === "route" || object === "nexthop") && TRANSIENT.has(errno);
}

/**
 * Applies actions.
 *
 * @param stopAtError Whether to stop at the first error that is not transient.
 * @throws {TimeoutError} After the timeout; some actions may be applied.
 * @throws {ClosedError} If the pool is closed during the wait.
 */
export async function applyActions(
  actions: readonly Action[],
  pool: NamespacePool,
  stopAtError: boolean,
  options?: WaitOptions,
): Promise<Outcome[]> {
  const errors = new Map<Action, SystemError>();
  const begun = new Set<Action>();
  let isStopped = false;
  const settle = (action: Action, error: SystemError | undefined) => {
    if (error === undefined) begun.add(action);
    if (error === undefined || isAsDesired(action, error)) return;
    if (errors.has(action)) return;
    errors.set(action, error);
    isStopped ||= stopAtError && !isTransient(action, error);
  };
  for (const action of actions) {
    if (!isNamespace(action, "add") || isStopped) continue;
    settle(action, await attempt(() => pool.create(action.name)));
  }
  for (const { namespace, works } of batches(actions)) {
    if (isStopped) break;
    pool.check();
    const network = pool.get(namespace)?.network;
    const left = works.filter(({ action }) => !errors.has(action));
    if (network !== undefined) await carryOut(left, network, settle, options);
    else for (const { action } of left) settle(action, notThere(namespace));
  }
  for (const action of actions) {
    if (!isNamespace(action, "remove") || isStopped) continue;
    settle(action, await attempt(() => pool.delete(action.name)));
  }
  return actions.map((action) => ({
    action,
    error: errors.get(action),
    begun: begun.has(action),
  }));
}

function isNamespace(action: Action, type: Action["type"]): boolean {
  return action.object === "namespace" && action.type === type;
}

async function attempt(
  body: () => Promise<void> | void,
): Promise<SystemError | undefined> {
  try {
    await body();
    return undefined;
  } catch (error) {
    if (error instanceof SystemError) return error;
    throw error;
  }
}

function notThere(namespace: NamespaceName): SystemError {
  const tried = `enter network namespace ${namespace ?? "at the top"}`;
  return new SystemError("open", ENOENT, { tried });
}

/** Batches of parts with the same order and namespace. */
function* batches(actions: readonly Action[]): Generator<
  { readonly namespace: NamespaceName; readonly works: readonly Work[] }
> {
  const works = actions.flatMap((action) =>
    action.parts.map((part) => ({ action, part }))
  ).toSorted((a, b) => a.part.order - b.part.order);
  const byOrder = Map.groupBy(works, ({ part }) => part.order);
  for (const works of byOrder.values()) {
    const all = Map.groupBy(works, ({ part }) => part.namespace);
    for (const [namespace, works] of all) {
      for (let at = 0; at < works.length; at += BATCH) {
        yield { namespace, works: works.slice(at, at + BATCH) };
      }
    }
  }
}

async function carryOut(
  works: readonly Work[],
  network: Network,
  settle: (action: Action, error: SystemError | undefined) => void,
  options?: WaitOptions,
): Promise<void> {
  if (works.length === 0) return;
  let errors: (SystemError | undefined)[];
  try {
    const lists = works.map(({ part }) => part.changes);
    errors = await applyLists(lists, network, options);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // A part names a link that does not exist: nothing was sent.
    if (works.length === 1) return settle(works[0]!.action, error);
    for (const one of works) await carryOut([one], network, settle, options);
    return;
  }
  for (const [at, { action, part: { ifBusy } }] of works.entries()) {
    let error = errors[at];
    if (error?.errno === EBUSY && ifBusy !== undefined) {
      [error] = await applyLists([ifBusy], network, options);
    }
    settle(action, error);
  }
}

/** The first error of each list of changes. */
async function applyLists(
  lists: readonly (readonly Change[])[],
  network: Network,
  options?: WaitOptions,
): Promise<(SystemError | undefined)[]> {
  const results = await network.applyEach(lists.flat(), options);
  let at = 0;
  return lists.map(({ length }) => {
    const failed = results.slice(at, at += length).find((one) =>
      "error" in one
    );
    return failed !== undefined && "error" in failed ? failed.error : undefined;
  });
}

/** An action that was not rolled back. */
export interface NotRolledBack {
  /** The applied action. */
  readonly action: Action;
  /** The error of the kernel; undefined if the action was not an addition. */
  readonly error: SystemError | undefined;
}

/**
 * Rolls additions back, last first; returns the actions that were not rolled
 * back.
 */
export async function rollBack(
  actions: readonly Action[],
  pool: NamespacePool,
  options?: WaitOptions,
): Promise<NotRolledBack[]> {
  const left: NotRolledBack[] = [];
  const removed = new Set(
    actions.filter(({ type }) => type === "remove").map(actionKey),
  );
  for (const action of actions.toReversed()) {
    // Without a recreated link, neither the old one nor the new one exists.
    if (action.type !== "add" || removed.has(actionKey(action))) {
      left.push({ action, error: undefined });
      continue;
    }
    try {
      pool.check();
      if (action.object === "namespace") await pool.delete(action.name);
      else {
        const network = pool.get(action.namespace)?.network;
        await network?.apply(action.undo(), options);
      }
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (!GONE.has(error.errno)) left.push({ action, error });
    }
  }
  return left;
}
