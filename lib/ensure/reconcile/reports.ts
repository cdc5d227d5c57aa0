// Reports of the reconcile loop.

import type { SystemError } from "../../../ffi/errno.ts";
import type { NamespaceName } from "../parse/desired.ts";
import type { Action } from "../plan/action.ts";
import type { Missing } from "../plan/planner.ts";

/** An object was corrected. */
export interface CorrectedReport {
  /** Always "corrected". */
  readonly event: "corrected";
  /** The action, with its reasons. */
  readonly action: Action;
  /** Time from the event that reported the difference to the kernel's reply. */
  readonly milliseconds: number;
}

/** The kernel rejects a correction repeatedly; it is retried. */
export interface RefusedReport {
  /** Always "refused". */
  readonly event: "refused";
  /** The rejected action. */
  readonly action: Action;
  /** The error of the kernel. */
  readonly error: SystemError;
  /** Milliseconds until the next attempt, unless an event comes first. */
  readonly pause: number;
}

/** Another program undoes a correction repeatedly; the next one is delayed. */
export interface ConflictReport {
  /** Always "conflict". */
  readonly event: "conflict";
  /** The last correction of the object. */
  readonly action: Action;
  /** Milliseconds until the next correction. */
  readonly pause: number;
}

/** A conflict is resolved: the object did not change for some time. */
export interface ResolvedReport {
  /** Always "resolved". */
  readonly event: "resolved";
  /** The last correction of the object. */
  readonly action: Action;
}

/**
 * A device does not exist and cannot be created, several devices match its
 * identity, or a namespace does not exist that another program creates.
 */
export interface MissingReport extends Missing {
  /** Always "missing". */
  readonly event: "missing";
}

/** The kernel dropped events; the objects are dumped again. */
export interface OverrunReport {
  /** Always "overrun". */
  readonly event: "overrun";
  /** The namespace of the events. */
  readonly namespace: NamespaceName;
}

/** A report of the reconcile loop; `event` is its type. */
export type ReconcileReport =
  | CorrectedReport
  | RefusedReport
  | ConflictReport
  | ResolvedReport
  | MissingReport
  | OverrunReport;
