// Formats actions and reports of `ensure`.

import type { SystemError } from "../../ffi/errno.ts";
import type {
  DesiredNetwork,
  NamespaceName,
} from "../../lib/ensure/parse/desired.ts";
import type { Action } from "../../lib/ensure/plan/action.ts";
import type { Missing } from "../../lib/ensure/plan/planner.ts";
import type { ApplyResult } from "../../lib/ensure/reconcile/reconciler.ts";
import type { ReconcileReport } from "../../lib/ensure/reconcile/reports.ts";
import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { positionOf } from "./file.ts";

const SIGNS = { add: "+", change: "~", remove: "-" } as const;

function paint({ type }: Action, style: Style): (text: string) => string {
  return { add: style.green, change: style.yellow, remove: style.red }[type];
}

function within(namespace: NamespaceName, text: string): string {
  return namespace === undefined ? text : `${namespace}: ${text}`;
}

/** The namespace and the summary of an action. */
export function whereText({ namespace, object, summary }: Action): string {
  return printable(
    object === "namespace" ? summary : within(namespace, summary),
  );
}

/** An action on one line: sign, object, summary and reasons. */
export function actionText(action: Action, style: Style, after = ""): string {
  const { type, reasons } = action;
  const why = reasons.length === 0 ? "" : `: ${reasons.join(", ")}`;
  const line = `${SIGNS[type]} ${whereText(action)}`;
  return paint(action, style)(line) + printable(why) +
    (after === "" ? "" : style.dim(` (${after})`));
}

/** An action as JSON, with the position of its object in the files. */
export function actionObject(action: Action, desired: DesiredNetwork) {
  const { type, object, namespace = null, name, summary, reasons } = action;
  const differences = action.differences.map(({ key, is, wanted }) => (
    { key, is, wanted }
  ));
  const position = positionOf(desired, action.path) ?? { line: null };
  return {
    ...{ action: type, object, namespace, name, summary, reasons },
    differences,
    ...position,
  };
}

/** An error of the kernel as JSON. */
export function errorObject({ code, errno, syscall, message }: SystemError) {
  return { code, errno, syscall, message };
}

const ms = (milliseconds: number) => `${milliseconds.toFixed(1)} ms`;

/** A report on one line. */
export function reportText(report: ReconcileReport, style: Style): string {
  switch (report.event) {
    case "corrected":
      return actionText(report.action, style, ms(report.milliseconds));
    case "refused":
      return `${style.red("!")} ${
        printable(within(report.action.namespace, report.error.message))
      }; retrying in ${ms(report.pause)}`;
    case "conflict":
      return `${style.red("!")} ${
        whereText(report.action)
      }: conflict, another program keeps undoing it; retrying in ${
        ms(report.pause)
      }`;
    case "resolved":
      return `${style.green("=")} ${
        whereText(report.action)
      }: conflict resolved`;
    case "missing":
      return `${missingText(report, style)}; waiting for it`;
    case "overrun":
      return `${style.yellow("!")} ${
        printable(within(report.namespace, "events were lost"))
      }; reading the state again`;
  }
}

/** A device or a namespace that does not exist, as text. */
export function missingText(
  { object, namespace, name, candidates = [] }: Missing,
  style: Style,
): string {
  const [what, why] = object === "namespace"
    ? [`namespace ${name}`, "does not exist, and is not created"]
    : [
      within(namespace, `link ${name}`),
      candidates.length === 0
        ? "does not exist and has no kind to create it"
        : `can be any of ${candidates.join(", ")}, which identify matches`,
    ];
  return `${style.yellow("?")} ${printable(`${what} ${why}`)}`;
}

/** A report as JSON. */
export function reportObject(
  report: ReconcileReport,
  desired: DesiredNetwork,
): unknown {
  switch (report.event) {
    case "missing":
    case "overrun":
      return { ...report, namespace: report.namespace ?? null };
  }
  const { event, action, ...rest } = report;
  const error = "error" in report ? { error: errorObject(report.error) } : {};
  return { event, ...actionObject(action, desired), ...rest, ...error };
}

/** The number of actions of each type. */
export function counts(actions: readonly Action[]) {
  const count = (wanted: Action["type"]) =>
    actions.filter(({ type }) => type === wanted).length;
  return {
    added: count("add"),
    changed: count("change"),
    removed: count("remove"),
  };
}

/** The number of actions of each type as text. */
export function countsText(actions: readonly Action[]): string {
  if (actions.length === 0) return "no change";
  const { added, changed, removed } = counts(actions);
  return `${added} added, ${changed} changed, ${removed} removed`;
}

/** Actions that were not rolled back after a rejection, as text. */
export function notRolledBackText({ notRolledBack }: ApplyResult): string[] {
  return notRolledBack.map(({ action, error }) => {
    const why = error === undefined ? "" : `: ${printable(error.message)}`;
    return `not rolled back: ${whereText(action)}${why}`;
  });
}
