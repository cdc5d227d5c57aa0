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
} from "./desired.ts";
export type { ExclusiveKind } from "./description.ts";
export type { Missing } from "./comparison.ts";
export type { Step, StepObject, StepPart } from "./step.ts";
export type { LeftBehind } from "./apply.ts";
export type { StepMessage } from "./messages.ts";
export type {
  Applied,
  ContestedReport,
  CorrectedReport,
  EnsureReport,
  LostEventsReport,
  MissingReport,
  RefusedReport,
  SettledReport,
} from "./report.ts";
