/**
 * The parts of a description that was read, of its differences from the kernel's
 * state, and of what Ensurer reports.
 *
 * @module
 */

export type {
  DesiredLink,
  DesiredNamespace,
  NamespaceName,
} from "./parse/desired.ts";
export type { ExclusiveKind } from "./parse/description.ts";
export type { Missing } from "./plan/comparison.ts";
export type { Step, StepObject, StepPart } from "./plan/step.ts";
export type { LeftBehind } from "./apply/apply.ts";
export type { StepMessage } from "./apply/messages.ts";
export type {
  Applied,
  ContestedReport,
  CorrectedReport,
  EnsureReport,
  LostEventsReport,
  MissingReport,
  RefusedReport,
  SettledReport,
} from "./reconcile/report.ts";
