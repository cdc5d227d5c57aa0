// Where a scenario plays: steps that are timed, judged and told, and everything
// it uses put away afterwards, however it ended.

import { TimeoutError } from "../../../lib/errors.ts";
import { within } from "./patience.ts";
import type { StageEvent, StepEvent, Table, Verdict } from "./events.ts";

/** No step takes long; one that does is stuck. */
const STEP_LIMIT = 20_000;

/** What a trap or a cure turned out to do. */
export interface Observation {
  /** Whether it is what was expected. */
  readonly held: boolean;
  /** What happened, in words. */
  readonly happened: string;
  /** The same in figures. */
  readonly measured?: Readonly<Record<string, unknown>>;
  /** Observations side by side. */
  readonly table?: Table;
}

export class Stage implements AsyncDisposable {
  /** Aborted when the command is asked to stop. */
  readonly signal: AbortSignal;
  /** The name of the mistake to make in place of the cure. */
  readonly fault: string | undefined;
  readonly #scenario: string;
  readonly #tell: (event: StageEvent) => void;
  readonly #resources = new AsyncDisposableStack();
  #missing = false;
  #broken = false;
  /** A step that was given up and has not noticed yet. */
  #abandoned: Promise<unknown> | undefined;

  constructor(
    scenario: string,
    tell: (event: StageEvent) => void,
    options: { readonly signal: AbortSignal; readonly fault?: string },
  ) {
    this.#scenario = scenario;
    this.#tell = tell;
    this.signal = options.signal;
    this.fault = options.fault;
  }

  /** What the steps so far come to. */
  get verdict(): Verdict {
    return this.#broken
      ? "failed"
      : this.#missing
      ? "not reproduced"
      : "as told";
  }

  /** Takes care of a resource until the scenario is over. */
  use<T extends AsyncDisposable>(resource: T): T {
    if (this.#resources.disposed) {
      void resource[Symbol.asyncDispose]();
      throw new Error("the scenario is over");
    }
    return this.#resources.use(resource);
  }

  /** A step that prepares the next ones; failing ends the scenario. */
  setup<T>(title: string, body: () => Promise<T> | T): Promise<T> {
    return this.#step("setup", title, {}, async () => {
      return { value: await body(), outcome: "done" };
    });
  }

  /** Shows what goes wrong without netplumb. */
  async trap(
    title: string,
    expected: string,
    body: () => Promise<Observation>,
  ): Promise<void> {
    await this.#judge("trap", title, expected, body);
  }

  /** Shows that with netplumb it does not. */
  async cure(
    title: string,
    expected: string,
    body: () => Promise<Observation>,
  ): Promise<void> {
    await this.#judge("cure", title, expected, body);
  }

  /** Puts everything away, last taken first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    // What it waited for is gone now, so it ends; but do not hang on it.
    if (this.#abandoned) await within(this.#abandoned, STEP_LIMIT / 4);
  }

  #judge(
    kind: "trap" | "cure",
    title: string,
    expected: string,
    body: () => Promise<Observation>,
  ): Promise<void> {
    return this.#step(kind, title, { expected }, async () => {
      const { held, ...observed } = await body();
      if (!held && kind === "trap") this.#missing = true;
      if (!held && kind === "cure") this.#broken = true;
      return {
        value: undefined,
        outcome: held
          ? "as told"
          : kind === "trap"
          ? "not reproduced"
          : "failed",
        ...observed,
      };
    });
  }

  async #step<T>(
    kind: StepEvent["kind"],
    title: string,
    said: Pick<StepEvent, "expected">,
    body: () => Promise<
      & { readonly value: T }
      & Pick<StepEvent, "outcome" | "happened" | "measured" | "table">
    >,
  ): Promise<T> {
    const started = performance.now();
    const head = {
      event: "step",
      scenario: this.#scenario,
      kind,
      title,
      ...said,
    } as const;
    const milliseconds = () => Number((performance.now() - started).toFixed(1));
    try {
      this.signal.throwIfAborted();
      const { value, ...rest } = await this.#bounded(title, body());
      this.#tell({ ...head, ...rest, milliseconds: milliseconds() });
      return value;
    } catch (error) {
      if (error !== this.signal.reason) {
        this.#broken = true;
        this.#tell({
          ...head,
          outcome: "failed",
          happened: error instanceof Error ? error.message : String(error),
          milliseconds: milliseconds(),
        });
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
