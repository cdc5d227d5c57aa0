// Carries steps out, in their order and in batches, and takes additions back.

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
import type { Sites } from "./sites.ts";
import type { Step, StepPart } from "../plan/step.ts";

/** What came of a step. */
export interface Outcome {
  readonly step: Step;
  /** Why it was refused; undefined if it was done. */
  readonly error: SystemError | undefined;
  /** Whether some of it was done, all or not. */
  readonly begun: boolean;
}

/** A part of a step, at its turn. */
interface Turn {
  readonly step: Step;
  readonly part: StepPart;
}

/** Parts that are sent together at most: all their messages are in memory. */
const MOST_TURNS = 8192;

/** Refusals of removing what is gone already. */
const GONE: ReadonlySet<number> = new Set([
  ENODEV,
  ENOENT,
  EADDRNOTAVAIL,
  ESRCH,
]);

/** Refusals of routes that may pass: an address is not ready, a carrier not up. */
const PASSING: ReadonlySet<number> = new Set([
  EINVAL,
  ENETDOWN,
  ENETUNREACH,
  EHOSTUNREACH,
]);

/** Whether a refusal means that things are as they are to be. */
function isAgreement(
  { action, object }: Step,
  { errno }: SystemError,
): boolean {
  return action === "remove"
    ? GONE.has(errno)
    : action === "add" && object !== "link" && object !== "namespace" &&
      errno === EEXIST;
}

/** Whether it may be accepted a moment later. */
export function mayPass({ object }: Step, { errno }: SystemError): boolean {
  return (object === "route" || object === "nexthop") && PASSING.has(errno);
}

/**
 * Carries out steps.
 *
 * @param careful Whether to stop at the first refusal that will not pass.
 * @throws {TimeoutError} When the time is over; some may have been done.
 * @throws {ClosedError} When the sites are closed meanwhile.
 */
export async function applySteps(
  steps: readonly Step[],
  sites: Sites,
  careful: boolean,
  options?: WaitOptions,
): Promise<Outcome[]> {
  const errors = new Map<Step, SystemError>();
  const begun = new Set<Step>();
  let isFatal = false;
  const refuse = (step: Step, error: SystemError) => {
    if (errors.has(step) || isAgreement(step, error)) return;
    errors.set(step, error);
    if (!mayPass(step, error)) isFatal = true;
  };
  const stopped = () => careful && isFatal;
  for (const step of steps) {
    if (step.object !== "namespace" || stopped()) continue;
    try {
      sites.make(step.name);
      begun.add(step);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      refuse(step, error);
    }
  }
  for (const { where, turns } of batches(steps)) {
    if (stopped()) break;
    const left = turns.filter(({ step }) => !errors.has(step));
    sites.check();
    const network = sites.get(where)?.network;
    if (network === undefined) {
      for (const { step } of left) refuse(step, notThere(where));
      continue;
    }
    await carryOut(left, network, refuse, begun, options);
  }
  return steps.map((step) => ({
    step,
    error: errors.get(step),
    begun: begun.has(step),
  }));
}

function notThere(namespace: NamespaceName): SystemError {
  return new SystemError("open", ENOENT, {
    tried: `enter network namespace ${namespace}`,
  });
}

/** Parts of the same order and namespace are sent together. */
function* batches(
  steps: readonly Step[],
): Generator<{ readonly where: NamespaceName; readonly turns: Turn[] }> {
  const turns = steps.flatMap((step) =>
    step.parts.map((part) => ({ step, part }))
  );
  const byOrder = Map.groupBy(
    turns.toSorted((a, b) => a.part.order - b.part.order),
    ({ part }) => part.order,
  );
  for (const turns of byOrder.values()) {
    for (const [where, all] of Map.groupBy(turns, ({ part }) => part.where)) {
      for (let at = 0; at < all.length; at += MOST_TURNS) {
        yield { where, turns: all.slice(at, at + MOST_TURNS) };
      }
    }
  }
}

async function carryOut(
  turns: readonly Turn[],
  network: Network,
  refuse: (step: Step, error: SystemError) => void,
  begun: Set<Step>,
  options?: WaitOptions,
): Promise<void> {
  if (turns.length === 0) return;
  let errors: (SystemError | undefined)[];
  try {
    errors = await tryAll(
      turns.map(({ part }) => part.changes),
      network,
      options,
    );
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // One speaks of a link that is not there: nothing was sent.
    if (turns.length === 1) {
      refuse(turns[0]!.step, error);
      return;
    }
    for (const turn of turns) {
      await carryOut([turn], network, refuse, begun, options);
    }
    return;
  }
  for (const [at, { step, part }] of turns.entries()) {
    let error = errors[at];
    if (error?.errno === EBUSY && part.ifBusy !== undefined) {
      [error] = await tryAll([part.ifBusy], network, options);
    }
    if (error === undefined) begun.add(step);
    else refuse(step, error);
  }
}

/** The first refusal of each list of changes. */
async function tryAll(
  lists: readonly (readonly Change[])[],
  network: Network,
  options?: WaitOptions,
): Promise<(SystemError | undefined)[]> {
  const results = await network.applyEach(lists.flat(), options);
  let at = 0;
  return lists.map(({ length }) => {
    let error: SystemError | undefined;
    for (const end = at + length; at < end; at++) {
      const result = results[at]!;
      if (error === undefined && "error" in result) error = result.error;
    }
    return error;
  });
}

/** Something that could not be taken back. */
export interface LeftBehind {
  /** What was done. */
  readonly step: Step;
  /** Why: it was no addition, or this was refused. */
  readonly error: SystemError | undefined;
}

/** Takes additions back, the last first; what is left. */
export async function takeBack(
  steps: readonly Step[],
  sites: Sites,
  options?: WaitOptions,
): Promise<LeftBehind[]> {
  const left: LeftBehind[] = [];
  for (const step of steps.toReversed()) {
    if (step.action !== "add") {
      left.push({ step, error: undefined });
      continue;
    }
    try {
      sites.check();
      if (step.object === "namespace") await sites.remove(step.name);
      else await sites.get(step.namespace)?.network.apply(step.undo, options);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (!GONE.has(error.errno)) left.push({ step, error });
    }
  }
  return left;
}
