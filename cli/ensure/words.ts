// What `ensure` says of steps and of what becomes of them.

import type {
  Applied,
  EnsureReport,
} from "../../lib/ensure/reconcile/report.ts";
import type { NamespaceName } from "../../lib/ensure/parse/desired.ts";
import type { Step } from "../../lib/ensure/plan/step.ts";
import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";

const SIGNS = { add: "+", change: "~", remove: "-" } as const;

function paint({ action }: Step, style: Style): (text: string) => string {
  return { add: style.green, change: style.yellow, remove: style.red }[action];
}

function within(namespace: NamespaceName, text: string): string {
  return namespace === undefined ? text : `${namespace}: ${text}`;
}

/** A step in a line: its sign, where, what and why. */
export function stepText(step: Step, style: Style, after = ""): string {
  const { action, namespace, object, what, reasons } = step;
  const where = object === "namespace" ? what : within(namespace, what);
  const why = reasons.length === 0 ? "" : `: ${reasons.join(", ")}`;
  const line = printable(`${SIGNS[action]} ${where}`);
  return paint(step, style)(line) + printable(why) +
    (after === "" ? "" : style.dim(` (${after})`));
}

/** A step for programs. */
export function stepObject(step: Step) {
  const { action, object, namespace = null, name, what, reasons } = step;
  return { action, object, namespace, name, what, reasons };
}

const ms = (milliseconds: number) => `${milliseconds.toFixed(1)} ms`;

/** A report in a line. */
export function reportText(report: EnsureReport, style: Style): string {
  switch (report.event) {
    case "corrected":
      return stepText(report.step, style, ms(report.milliseconds));
    case "refused":
      return `${style.red("!")} ${
        printable(within(report.step.namespace, report.error.message))
      }; again in ${ms(report.pause)}`;
    case "contested":
      return `${style.red("!")} ${
        printable(within(report.step.namespace, report.step.what))
      }: something else keeps undoing it; again in ${ms(report.pause)}`;
    case "settled":
      return `${style.green("=")} ${
        printable(within(report.step.namespace, report.step.what))
      }: it is left alone again`;
    case "missing":
      return `${style.yellow("?")} ${
        printable(within(report.namespace, `link ${report.name}`))
      } is not there, and is of no kind to be made; waiting for it`;
    case "overrun":
      return `${style.yellow("!")} ${
        printable(within(report.namespace, "events were lost"))
      }; everything is read again`;
  }
}

/** A report for programs. */
export function reportObject(report: EnsureReport): unknown {
  switch (report.event) {
    case "missing":
    case "overrun":
      return { ...report, namespace: report.namespace ?? null };
  }
  const { event, step, ...rest } = report;
  const error = "error" in report
    ? { error: { code: report.error.code, message: report.error.message } }
    : {};
  return { event, ...stepObject(step), ...rest, ...error };
}

/** How many steps of each action. */
export function counts(steps: readonly Step[]) {
  const count = (wanted: Step["action"]) =>
    steps.filter(({ action }) => action === wanted).length;
  return {
    added: count("add"),
    changed: count("change"),
    removed: count("remove"),
  };
}

/** The same in words. */
export function countsText(steps: readonly Step[]): string {
  if (steps.length === 0) return "no change";
  const { added, changed, removed } = counts(steps);
  return `${added} added, ${changed} changed, ${removed} removed`;
}

/** What is left of a run whose step was refused. */
export function leftText({ left }: Applied): string[] {
  return left.map(({ step, error }) => {
    const what = printable(within(step.namespace, step.what));
    return error === undefined
      ? `not taken back: ${what}`
      : `could not be taken back: ${what}: ${printable(error.message)}`;
  });
}
