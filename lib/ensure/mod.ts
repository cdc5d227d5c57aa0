/**
 * Configurations of networks: links, addresses, routes, rules and more, in any
 * number of namespaces, applied and kept by a reconciler.
 *
 * @module
 */

export { SystemError } from "../../ffi/errno.ts";
export { ArgumentError, ClosedError, TimeoutError } from "../errors.ts";
export type { WaitOptions } from "../io/reactor.ts";
export { inNamespace, type Namespace } from "../netns/namespace.ts";
export { TemporaryNamespace } from "../netns/namespace.ts";
export { exportConfiguration, type ExportOptions } from "./export/export.ts";
export type {
  NamespaceConfiguration,
  NetworkConfiguration,
} from "./parse/configuration.ts";
export type * as configuration from "./configuration_types.ts";
export type { DesiredNetwork } from "./parse/desired.ts";
export {
  ConfigurationError,
  type Path,
  pathText,
  type Problem,
} from "./parse/error.ts";
export { parseConfiguration } from "./parse/parse.ts";
export { configurationSchema } from "./parse/schema.ts";
export type { Action } from "./plan/action.ts";
export type { Plan } from "./plan/planner.ts";
export {
  type ApplyResult,
  type ReconcileOptions,
  Reconciler,
  type ReconcilerOptions,
} from "./reconcile/reconciler.ts";
export type { ReconcileReport } from "./reconcile/reports.ts";
export type * as reports from "./reports.ts";
