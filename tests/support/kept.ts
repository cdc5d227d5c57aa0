// A network being kept as it is described, and what is told of it.

import {
  Ensurer,
  type KeepOptions,
} from "../../lib/ensure/reconcile/ensurer.ts";
import { parseDescription } from "../../lib/ensure/parse/parse.ts";
import type { EnsureReport } from "../../lib/ensure/reconcile/report.ts";

/** How long a report may take to come, in milliseconds. */
const LIMIT = 20_000;

/** An Ensurer at work. */
export class Kept implements AsyncDisposable {
  /** What was told and not waited for yet. */
  readonly reports: EnsureReport[] = [];
  readonly #ensurer: Ensurer;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #told = Promise.withResolvers<void>();

  private constructor(ensurer: Ensurer, options: KeepOptions) {
    this.#ensurer = ensurer;
    this.#loop = this.#keep(options);
  }

  /** Makes a network as it is described and begins to keep it so. */
  static async open(
    description: unknown,
    options: KeepOptions = {},
  ): Promise<Kept> {
    const ensurer = await Ensurer.open(parseDescription(description));
    const { refused } = await ensurer.apply();
    if (refused === undefined) return new Kept(ensurer, options);
    await ensurer.close();
    throw refused.error;
  }

  /** Waits for a report, whatever comes before it. */
  async report<E extends EnsureReport["event"]>(
    event: E,
    is: (report: EnsureReport & { event: E }) => boolean = () => true,
  ): Promise<EnsureReport & { event: E }> {
    const matches = (one: EnsureReport): one is EnsureReport & { event: E } =>
      one.event === event && is(one as EnsureReport & { event: E });
    const late = setTimeout(() => this.#told.reject(this.#late(event)), LIMIT);
    try {
      for (;;) {
        const at = this.reports.findIndex(matches);
        if (at >= 0) {
          const [found] = this.reports.splice(0, at + 1).slice(-1);
          return found as EnsureReport & { event: E };
        }
        await this.#told.promise;
        this.#told = Promise.withResolvers();
      }
    } finally {
      clearTimeout(late);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#ensurer.close();
  }

  #late(event: string): Error {
    const told = this.reports.map((one) =>
      "step" in one ? `${one.event}: ${one.step.what}` : one.event
    );
    return new Error(`no report "${event}"; told: ${told.join(", ")}`);
  }

  async #keep(options: KeepOptions): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const report of this.#ensurer.keep({ ...options, signal })) {
        this.reports.push(report);
        this.#told.resolve();
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }
}
