// What is told of a scenario while it plays: the JSON lines of the command.

/**
 * - as told: the traps are there and the cures hold
 * - not reproduced: the cures hold, but this kernel lacks a trap
 * - failed: a cure does not hold, or a step could not be taken
 * - not permitted: it takes a capability that this process lacks
 * - interrupted: it was stopped before its end
 */
export type Verdict =
  | "as told"
  | "not reproduced"
  | "failed"
  | "not permitted"
  | "interrupted";

/** The scenario begins. */
export interface Opening {
  readonly event: "scenario";
  readonly scenario: string;
  readonly year: number;
  readonly who: string;
  readonly title: string;
  readonly story: string;
  /** The mistake that stands in for the cure; null for none. */
  readonly fault: string | null;
}

/** Rows with the same keys, which are the headings. */
export type Table = ReadonlyArray<Readonly<Record<string, string>>>;

/** A step is over. */
export interface StepEvent {
  readonly event: "step";
  readonly scenario: string;
  /** "trap" shows what goes wrong, "cure" how netplumb walks past it. */
  readonly kind: "setup" | "trap" | "cure";
  readonly title: string;
  readonly expected?: string;
  readonly happened?: string;
  readonly outcome: "done" | "as told" | "not reproduced" | "failed";
  readonly milliseconds: number;
  /** The figures behind `happened`. */
  readonly measured?: Readonly<Record<string, unknown>>;
  /** Observations side by side, a record a row. */
  readonly table?: Table;
}

/** The scenario is over. */
export interface Closing {
  readonly event: "verdict";
  readonly scenario: string;
  readonly verdict: Verdict;
  readonly milliseconds: number;
  /** What stopped it, where something did. */
  readonly error?: string;
}

export type StageEvent = Opening | StepEvent | Closing;
