// One scenario from its opening to its verdict.

import { describeFailure, Exit } from "../../failure.ts";
import type { StageEvent, Verdict } from "./events.ts";
import type { Scenario } from "./scenario.ts";
import { Stage } from "./stage.ts";

export interface PlayOptions {
  readonly signal: AbortSignal;
  /** The name of a fault of this scenario. */
  readonly fault?: string;
}

/** Plays a scenario, tells what happens and puts everything away. */
export async function play(
  scenario: Scenario,
  tell: (event: StageEvent) => void,
  { signal, fault }: PlayOptions,
): Promise<Verdict> {
  const { name, year, who, title, story } = scenario;
  const started = performance.now();
  tell({
    event: "scenario",
    scenario: name,
    year,
    who,
    title,
    story,
    fault: fault ?? null,
  });
  let verdict: Verdict;
  let error: string | undefined;
  try {
    await using stage = new Stage(name, tell, { signal, fault });
    await scenario.play(stage);
    verdict = stage.verdict;
  } catch (thrown) {
    const { code, sentence } = describeFailure(thrown);
    error = sentence;
    verdict = signal.aborted
      ? "interrupted"
      : code === Exit.notPermitted
      ? "not permitted"
      : "failed";
  }
  tell({
    event: "verdict",
    scenario: name,
    verdict,
    milliseconds: Math.round(performance.now() - started),
    ...(error === undefined || signal.aborted ? {} : { error }),
  });
  return verdict;
}

/**
 * How the command exits: only a scenario that was as told counts, and one that
 * was never begun does not.
 */
export function exitCode(chosen: number, verdicts: readonly Verdict[]): number {
  const count = (verdict: Verdict) =>
    verdicts.filter((one) => one === verdict).length;
  const asTold = count("as told");
  if (asTold === chosen) return Exit.done;
  return asTold + count("not permitted") === chosen
    ? Exit.notPermitted
    : Exit.refused;
}
