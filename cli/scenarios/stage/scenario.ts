// What a scenario is: a story from the field, played on this kernel.

import type { Stage } from "./stage.ts";

/** A mistake put in place of the cure, to see that the scenario notices. */
export interface Fault {
  readonly name: string;
  readonly summary: string;
}

export interface Scenario {
  /** As the command line knows it. */
  readonly name: string;
  /** The year of the report and what it was about. */
  readonly year: number;
  readonly who: string;
  readonly title: string;
  /** What was reported, in two or three sentences. */
  readonly story: string;
  readonly faults: readonly Fault[];
  /** Shows the trap, then the cure, step by step on a stage. */
  play(stage: Stage): Promise<void>;
}
