/**
 * A network as a file describes it: links, addresses, routes, rules and more, in
 * as many namespaces as wanted, applied and kept so.
 *
 * @module
 */

export { SystemError } from "../../ffi/errno.ts";
export { ArgumentError, ClosedError, TimeoutError } from "../errors.ts";
export type { WaitOptions } from "../io/reactor.ts";
export { inNamespace, type Namespace } from "../netns/namespace.ts";
export { TemporaryNamespace } from "../netns/temporary_namespace.ts";
export type {
  AddressDescription,
  Exclusive,
  LinkDescription,
  NamespaceDescription,
  NeighbourDescription,
  NetworkDescription,
} from "./parse/description.ts";
export {
  DescriptionError,
  type Path,
  pathText,
  type Problem,
} from "./parse/problem.ts";
export { parseDescription } from "./parse/parse.ts";
export { descriptionSchema } from "./parse/schema.ts";
export type { DesiredNetwork } from "./parse/desired.ts";
export type { Differences } from "./plan/comparison.ts";
export type { Step } from "./plan/step.ts";
export {
  Ensurer,
  type EnsurerOptions,
  type KeepOptions,
} from "./reconcile/ensurer.ts";
export type { Applied, EnsureReport } from "./reconcile/report.ts";
export type * as reports from "./reports.ts";
