// What Ensurer tells of what it does.

import type { SystemError } from "../../../ffi/errno.ts";
import type { LeftBehind } from "../apply/apply.ts";
import type { NamespaceName } from "../parse/desired.ts";
import type { Missing } from "../plan/comparison.ts";
import type { Step } from "../plan/step.ts";

/** What came of making things as they are described. */
export interface Applied {
  /** What was done, in that order; without what was taken back. */
  readonly done: readonly Step[];
  /** The step that was refused, after which additions were taken back. */
  readonly refused:
    | { readonly step: Step; readonly error: SystemError }
    | undefined;
  /** What was taken back. */
  readonly takenBack: readonly Step[];
  /** What was done and is not taken back. */
  readonly left: readonly LeftBehind[];
  /** What still differs although the kernel refused nothing. */
  readonly remaining: readonly Step[];
  /** Devices of the machine that are not there. */
  readonly missing: readonly Missing[];
}

/** Something was corrected. */
export interface CorrectedReport {
  /** Always "corrected". */
  readonly event: "corrected";
  /** What was done, and why. */
  readonly step: Step;
  /** From the event that told of it to the kernel's word that it is done. */
  readonly milliseconds: number;
}

/** The kernel refused a correction; it is tried again. */
export interface RefusedReport {
  /** Always "refused". */
  readonly event: "refused";
  /** What was tried. */
  readonly step: Step;
  /** Why it was refused. */
  readonly error: SystemError;
  /** Milliseconds until it is tried again. */
  readonly pause: number;
}

/** Something else keeps undoing a correction: the next one waits. */
export interface ContestedReport {
  /** Always "contested". */
  readonly event: "contested";
  /** The last correction of it. */
  readonly step: Step;
  /** Milliseconds until it is corrected again. */
  readonly pause: number;
}

/** What was contested has been left alone for a while. */
export interface SettledReport {
  /** Always "settled". */
  readonly event: "settled";
  /** The last correction of it. */
  readonly step: Step;
}

/** A described device of the machine is not there, or gone. */
export interface MissingReport {
  /** Always "missing". */
  readonly event: "missing";
  /** The namespace it is to be in. */
  readonly namespace: NamespaceName;
  /** Its name. */
  readonly name: string;
}

/** The kernel dropped events; what they told of is found by reading again. */
export interface LostEventsReport {
  /** Always "overrun". */
  readonly event: "overrun";
  /** The namespace they were of. */
  readonly namespace: NamespaceName;
}

/** Whatever Ensurer tells; `event` says which it is. */
export type EnsureReport =
  | CorrectedReport
  | RefusedReport
  | ContestedReport
  | SettledReport
  | MissingReport
  | LostEventsReport;
