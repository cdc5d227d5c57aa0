// What of this room a program may use.

export type {
  AddressDescription,
  Exclusive,
  ExclusiveKind,
  LinkDescription,
  NamespaceDescription,
  NeighbourDescription,
  NetworkDescription,
} from "./description.ts";
export {
  DescriptionError,
  type Path,
  pathText,
  type Problem,
} from "./problem.ts";
export { parseDescription } from "./parse.ts";
export { descriptionSchema } from "./schema.ts";
export type { JsonSchema } from "../../rtnetlink/spec/value.ts";
export type {
  DesiredLink,
  DesiredNamespace,
  DesiredNetwork,
  NamespaceName,
} from "./desired.ts";
export type { Differences, Missing } from "./differences.ts";
export type { Step, StepObject, StepPart } from "./step.ts";
export type { LeftBehind } from "./apply.ts";
export type { StepMessage } from "./messages.ts";
export { Ensurer, type EnsurerOptions, type KeepOptions } from "./ensurer.ts";
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
