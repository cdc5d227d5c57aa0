// Prints the plan of `ensure`, applies it, and removes what the file describes.

import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import type { Action } from "../../lib/ensure/plan/action.ts";
import type { Missing } from "../../lib/ensure/plan/planner.ts";
import type { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import { Deadline } from "../../lib/io/deadline.ts";
import { showMessage } from "../change/make.ts";
import { Exit } from "../failure.ts";
import { log } from "../log.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import type { Session } from "../perform.ts";
import {
  actionObject,
  actionText,
  counts,
  countsText,
  errorObject,
  missingText,
  notRolledBackText,
  reportObject,
  whereText,
} from "./text.ts";

/** Prints the plan; exits with 4 if there are differences. */
export async function preview(
  reconciler: Reconciler,
  previous: DesiredNetwork | undefined,
  details: boolean | undefined,
  { output, signal }: Session,
): Promise<void> {
  const { actions, missing } = await reconciler.plan({ previous, signal });
  await showPlan(reconciler, actions, missing, details, { output, signal });
}

/** Prints what --down would remove; exits with 4 if there is anything. */
export async function previewDown(
  reconciler: Reconciler,
  details: boolean | undefined,
  { output, signal }: Session,
): Promise<void> {
  const actions = await reconciler.planDown({ signal });
  await showPlan(reconciler, actions, [], details, { output, signal });
}

async function showPlan(
  reconciler: Reconciler,
  actions: readonly Action[],
  missing: readonly Missing[],
  details: boolean | undefined,
  { output, signal }: Session,
): Promise<void> {
  const messages = details
    ? await reconciler.messages(actions, { signal })
    : [];
  showActions("planned", actions, reconciler, output);
  showMissing(missing, reconciler, output);
  for (const { namespace = null, request, first } of messages) {
    showMessage(output, { namespace }, request, first);
  }
  summarise(output, actions);
  if (actions.length + missing.length > 0) Deno.exitCode = Exit.differs;
}

function showActions(
  event: "planned" | "applied",
  actions: readonly Action[],
  { desired }: Reconciler,
  output: Output,
): void {
  for (const action of actions) {
    output.event(
      { event, ...actionObject(action, desired) },
      () => actionText(action, output.style),
    );
  }
}

function showMissing(
  missing: readonly Missing[],
  { desired }: Reconciler,
  output: Output,
): void {
  for (const one of missing) {
    const report = { event: "missing", ...one } as const;
    output.event(
      reportObject(report, desired),
      () => missingText(report, output.style),
    );
  }
}

function summarise(output: Output, actions: readonly Action[]): void {
  output.event(
    { event: "summary", ...counts(actions) },
    () => countsText(actions),
  );
}

/**
 * Applies the configuration, or throws the error.
 *
 * @param previous The configuration that it replaces.
 */
export async function apply(
  reconciler: Reconciler,
  previous: DesiredNetwork | undefined,
  { output, signal }: Session,
): Promise<void> {
  const result = await reconciler.apply({ previous, signal });
  const { applied, refused, rolledBack, notRolledBack } = result;
  const { unresolved, missing } = result;
  const object = (action: Action) => actionObject(action, reconciler.desired);
  if (refused !== undefined) {
    if (output.json) {
      output.object({
        event: "refused",
        ...object(refused.action),
        error: errorObject(refused.error),
        rolledBack: rolledBack.map(object),
        notRolledBack: notRolledBack.map(({ action }) => object(action)),
      });
      throw refused.error;
    }
    log.error(`refused: ${whereText(refused.action)}`);
    log.error(`additions rolled back: ${rolledBack.length}`);
    for (const line of notRolledBackText(result)) log.error(line);
    throw refused.error;
  }
  showActions("applied", applied, reconciler, output);
  showMissing(missing, reconciler, output);
  for (const action of unresolved) {
    const { summary, reasons } = action;
    if (output.json) output.object({ event: "unresolved", ...object(action) });
    const why = reasons.map(printable).join(", ") || "it does not exist";
    log.error(
      `${printable(summary)}: the kernel accepted it without effect; ${why}`,
    );
  }
  summarise(output, applied);
  Deno.exitCode = unresolved.length + missing.length > 0
    ? Exit.differs
    : Exit.done;
}

/** How often --wait looks for what is missing, in milliseconds. */
const WAIT_INTERVAL = 100;

/**
 * Waits until no device and no namespace is missing.
 *
 * @param timeout Milliseconds.
 * @returns Whether anything was missing and nothing is any more.
 */
export async function waitForMissing(
  reconciler: Reconciler,
  timeout: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = new Deadline("wait for the network", { signal });
  const end = performance.now() + timeout;
  for (let wasMissing = false;; wasMissing = true) {
    const { missing } = await reconciler.plan({ signal });
    if (missing.length === 0) return wasMissing;
    if (performance.now() > end) return false;
    await deadline.pause(WAIT_INTERVAL);
  }
}

/**
 * Waits until the configuration can be used; exits with 4 if it cannot.
 *
 * @param timeout Milliseconds.
 */
export async function waitReady(
  reconciler: Reconciler,
  timeout: number,
  { output, signal }: Session,
): Promise<void> {
  const left = await reconciler.waitReady({ timeout, signal });
  for (const { object, namespace, name, reason } of left) {
    const where = namespace === undefined || object === "namespace"
      ? ""
      : `${namespace}: `;
    output.event(
      { event: "unready", object, namespace: namespace ?? null, name, reason },
      () => `? ${printable(`${where}${object} ${name}`)}: ${reason}`,
    );
  }
  if (left.length > 0) Deno.exitCode = Exit.differs;
}

/** Removes what the configuration describes; throws the first error. */
export async function takeDown(
  reconciler: Reconciler,
  { output, signal }: Session,
): Promise<void> {
  const { removed, refused } = await reconciler.down({ signal });
  showActions("applied", removed, reconciler, output);
  for (const { action, error } of refused) {
    if (output.json) {
      output.object({
        event: "refused",
        ...actionObject(action, reconciler.desired),
        error: errorObject(error),
      });
    } else log.error(`refused: ${whereText(action)}`);
  }
  summarise(output, removed);
  if (refused.length > 0) throw refused[0]!.error;
}
