// Reports of the reconcile loop.

import type { SystemError } from "../../../ffi/errno.ts";
import type { NamespaceName } from "../parse/desired.ts";
import type { Action } from "../plan/action.ts";

/** An object was corrected. */
export interface CorrectedReport {
  /** Always "corrected". */
  readonly event: "corrected";
  /** What was done, and why. */
  readonly action: Action;
  /** From the event that reported the difference to the kernel's answer. */
  readonly milliseconds: number;
}

/** The kernel keeps refusing a correction; it is tried again. */
export interface RefusedReport {
  /** Always "refused". */
  readonly event: "refused";
  /** What was tried. */
  readonly action: Action;
  /** Why it was refused. */
  readonly error: SystemError;
  /** Milliseconds until it is tried again, unless something changes before. */
  readonly pause: number;
}

/** Another program keeps undoing a correction; the next one is delayed. */
export interface ConflictReport {
  /** Always "conflict". */
  readonly event: "conflict";
  /** The last correction of the object. */
  readonly action: Action;
  /** Milliseconds until it is corrected again. */
  readonly pause: number;
}

/** A conflict is over: the object has been left alone for a while. */
export interface ResolvedReport {
  /** Always "resolved". */
  readonly event: "resolved";
  /** The last correction of the object. */
  readonly action: Action;
}

/** A device does not exist, and has no kind to create it by; waiting for it. */
export interface MissingReport {
  /** Always "missing". */
  readonly event: "missing";
  /** The namespace it should be in. */
  readonly namespace: NamespaceName;
  /** Its name. */
  readonly name: string;
}

/** The kernel dropped events; the state is read again. */
export interface OverrunReport {
  /** Always "overrun". */
  readonly event: "overrun";
  /** The namespace of the events. */
  readonly namespace: NamespaceName;
}

/** A report of the reconcile loop; `event` tells which one. */
export type ReconcileReport =
  | CorrectedReport
  | RefusedReport
  | ConflictReport
  | ResolvedReport
  | MissingReport
  | OverrunReport;
