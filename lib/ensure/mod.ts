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
} from "./description.ts";
export {
  DescriptionError,
  type Path,
  pathText,
  type Problem,
} from "./problem.ts";
export { parseDescription } from "./parse.ts";
export { descriptionSchema } from "./schema.ts";
export type { DesiredNetwork } from "./desired.ts";
export type { Differences } from "./comparison.ts";
export type { Step } from "./step.ts";
export { Ensurer, type EnsurerOptions, type KeepOptions } from "./ensurer.ts";
export type { Applied, EnsureReport } from "./report.ts";
export type * as reports from "./reports.ts";
