// Runs scenarios: times, checks and reports their steps, and always releases
// their resources.

import { TimeoutError } from "../../lib/errors.ts";
import { describeFailure, Exit } from "../failure.ts";
import { within } from "./waiting.ts";

/** Steps are short; one that takes longer has failed. */
const STEP_LIMIT = 20_000;

/** A field report, reproduced on this kernel. */
export interface Scenario {
  /** As the command line names it. */
  readonly name: string;
  /** The year of the report. */
  readonly year: number;
  /** The program that was affected. */
  readonly program: string;
  readonly title: string;
  /** What was reported, in two or three sentences. */
  readonly report: string;
  /** Faults to inject in place of the fix, to check that they are detected. */
  readonly faults: readonly {
    readonly name: string;
    readonly summary: string;
  }[];
  /** Reproduces the problem, then shows the fix, step by step. */
  run(runner: Runner): Promise<void>;
}

/**
 * - as expected: the problems are reproduced and the fixes work
 * - not reproduced: the fixes work, but this kernel lacks a problem
 * - failed: a fix does not work, or a step could not be run
 * - not permitted: a capability is missing
 * - interrupted: stopped before the end
 */
export type Result =
  | "as expected"
  | "not reproduced"
  | "failed"
  | "not permitted"
  | "interrupted";

/** A scenario begins. */
export interface ScenarioEvent
  extends Omit<Scenario, "name" | "faults" | "run"> {
  readonly event: "scenario";
  readonly scenario: string;
  /** The injected fault; null for none. */
  readonly fault: string | null;
}

/** The observed behaviour of a problem or a fix. */
export interface Observation {
  /** Whether it is the expected behaviour. */
  readonly ok: boolean;
  /** A description. */
  readonly observed: string;
  /** The measured values. */
  readonly measured?: Readonly<Record<string, unknown>>;
  /** A table of observations: rows with the same keys. */
  readonly table?: ReadonlyArray<Readonly<Record<string, string>>>;
}

/** The end of a step. */
export interface StepEvent extends Partial<Omit<Observation, "ok">> {
  readonly event: "step";
  readonly scenario: string;
  /** "problem" is the behaviour without netplumb, "fix" with netplumb. */
  readonly kind: "setup" | "problem" | "fix";
  readonly title: string;
  readonly expected?: string;
  readonly outcome: "done" | "as expected" | "not reproduced" | "failed";
  readonly milliseconds: number;
}

/** The end of a scenario. */
export interface ResultEvent {
  readonly event: "result";
  readonly scenario: string;
  readonly result: Result;
  readonly milliseconds: number;
  /** The error that stopped it. */
  readonly error?: string;
}

/** The JSON lines of the command. */
export type RunnerEvent = ScenarioEvent | StepEvent | ResultEvent;

type Report = (event: RunnerEvent) => void;

export interface RunOptions {
  /** Aborted when the command is to stop. */
  readonly signal: AbortSignal;
  /** The name of the injected fault. */
  readonly fault?: string;
}

type StepHead = Pick<StepEvent, "kind" | "title" | "expected">;
type StepBody = Omit<
  StepEvent,
  keyof StepHead | "event" | "scenario" | "milliseconds"
>;

/** Runs the steps of one scenario. */
export class Runner implements AsyncDisposable {
  readonly signal: AbortSignal;
  readonly fault: string | undefined;
  readonly #scenario: string;
  readonly #report: Report;
  readonly #resources = new AsyncDisposableStack();
  #result: "as expected" | "not reproduced" | "failed" = "as expected";
  /** A step that timed out and may still be running. */
  #abandoned: Promise<unknown> | undefined;

  constructor(scenario: string, report: Report, { signal, fault }: RunOptions) {
    this.#scenario = scenario;
    this.#report = report;
    this.signal = signal;
    this.fault = fault;
  }

  /** The result of the steps so far. */
  get result(): Result {
    return this.#result;
  }

  /** Releases a resource when the scenario is over. */
  use<T extends AsyncDisposable>(resource: T): T {
    if (this.#resources.disposed) {
      void resource[Symbol.asyncDispose]();
      throw new Error("the scenario is over");
    }
    return this.#resources.use(resource);
  }

  /** Prepares the next steps; an error ends the scenario. */
  async setup<T>(title: string, body: () => Promise<T> | T): Promise<T> {
    let value: T;
    await this.#step({ kind: "setup", title }, async () => {
      value = await body();
      return { outcome: "done" };
    });
    return value!;
  }

  /** Reproduces the problem without netplumb. */
  problem(
    title: string,
    expected: string,
    body: () => Promise<Observation>,
  ): Promise<void> {
    return this.#step({ kind: "problem", title, expected }, async () => {
      const { ok, ...observation } = await body();
      if (!ok && this.#result !== "failed") this.#result = "not reproduced";
      return { outcome: ok ? "as expected" : "not reproduced", ...observation };
    });
  }

  /** Checks the fix with netplumb. */
  fix(
    title: string,
    expected: string,
    body: () => Promise<Observation>,
  ): Promise<void> {
    return this.#step({ kind: "fix", title, expected }, async () => {
      const { ok, ...observation } = await body();
      if (!ok) this.#result = "failed";
      return { outcome: ok ? "as expected" : "failed", ...observation };
    });
  }

  /** Releases all resources, the last one first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    // Its resources are closed, so that it ends; the wait is bounded anyway.
    if (this.#abandoned) await within(this.#abandoned, STEP_LIMIT / 4);
  }

  async #step(head: StepHead, body: () => Promise<StepBody>): Promise<void> {
    const started = performance.now();
    const report = (outcome: StepBody) =>
      this.#report({
        event: "step",
        scenario: this.#scenario,
        ...head,
        ...outcome,
        milliseconds: Number((performance.now() - started).toFixed(1)),
      });
    try {
      this.signal.throwIfAborted();
      report(await this.#bounded(head.title, body()));
    } catch (error) {
      if (error !== this.signal.reason) {
        this.#result = "failed";
        const observed = error instanceof Error ? error.message : String(error);
        report({ outcome: "failed", observed });
      }
      throw error;
    }
  }

  async #bounded<T>(title: string, work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(this.signal.reason);
    const timer = setTimeout(
      () => reject(new TimeoutError(title, STEP_LIMIT)),
      STEP_LIMIT,
    );
    this.signal.addEventListener("abort", abort);
    this.#abandoned = work.catch(() => {});
    try {
      const value = await Promise.race([work, promise]);
      this.#abandoned = undefined;
      return value;
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener("abort", abort);
    }
  }
}

/** Runs a scenario, reports its steps and releases everything. */
export async function run(
  { name, faults: _, run, ...about }: Scenario,
  report: Report,
  options: RunOptions,
): Promise<Result> {
  const { signal, fault = null } = options;
  const started = performance.now();
  report({ event: "scenario", scenario: name, ...about, fault });
  let result: Result;
  let error: string | undefined;
  try {
    await using runner = new Runner(name, report, options);
    await run(runner);
    result = runner.result;
  } catch (thrown) {
    const { code, sentence } = describeFailure(thrown);
    if (!signal.aborted) error = sentence;
    result = signal.aborted
      ? "interrupted"
      : code === Exit.notPermitted
      ? "not permitted"
      : "failed";
  }
  report({
    event: "result",
    scenario: name,
    result,
    milliseconds: Math.round(performance.now() - started),
    ...(error === undefined ? {} : { error }),
  });
  return result;
}

/** The exit code; a scenario that did not start is a failure. */
export function exitCode(chosen: number, results: readonly Result[]): number {
  const count = (wanted: Result) =>
    results.filter((result) => result === wanted).length;
  const expected = count("as expected");
  if (expected === chosen) return Exit.done;
  return expected + count("not permitted") === chosen
    ? Exit.notPermitted
    : Exit.refused;
}
