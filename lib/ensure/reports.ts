/**
 * The parts of a desired state, of a plan and its results, and the reports of
 * the reconcile loop.
 *
 * @module
 */

export type { NotRolledBack } from "./apply/apply.ts";
export type { CreatedNamespaces } from "./apply/namespace_pool.ts";
export type { ActionMessage } from "./apply/messages.ts";
export type {
  DesiredLink,
  DesiredNamespace,
  DesiredSysctl,
  NamespaceName,
} from "./parse/desired.ts";
export type { AbsentLinks, AbsentRoutes, Ignored } from "./parse/selection.ts";
export type { Cidr } from "../net/prefix.ts";
export type {
  Action,
  ActionPart,
  Difference,
  ObjectType,
} from "./plan/action.ts";
export type { Missing } from "./plan/planner.ts";
export type { Unready } from "./plan/unready.ts";
export type {
  ApplyOptions,
  ApplyResult,
  DownResult,
} from "./reconcile/reconciler.ts";
export type {
  ConflictReport,
  CorrectedReport,
  MissingReport,
  OverrunReport,
  ReconcileReport,
  RefusedReport,
  ResolvedReport,
} from "./reconcile/reports.ts";
