// A reconciled network, and its reports.

import {
  type ReconcileOptions,
  Reconciler,
} from "../../lib/ensure/reconcile/reconciler.ts";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import type { ReconcileReport } from "../../lib/ensure/reconcile/reports.ts";

/** How long a report may take to come, in milliseconds. */
const LIMIT = 20_000;

/** A reconcile loop at work. */
export class Reconciled implements AsyncDisposable {
  /** Reports that were not waited for yet. */
  readonly reports: ReconcileReport[] = [];
  readonly #reconciler: Reconciler;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #reported = Promise.withResolvers<void>();

  private constructor(reconciler: Reconciler, options: ReconcileOptions) {
    this.#reconciler = reconciler;
    this.#loop = this.#run(options);
  }

  /** Applies a configuration and begins to reconcile it. */
  static async open(
    configuration: unknown,
    options: ReconcileOptions = {},
  ): Promise<Reconciled> {
    const reconciler = await Reconciler.open(parseConfiguration(configuration));
    const { refused } = await reconciler.apply();
    if (refused === undefined) return new Reconciled(reconciler, options);
    await reconciler.close();
    throw refused.error;
  }

  /** Waits for a report; skips earlier ones. */
  async report<E extends ReconcileReport["event"]>(
    event: E,
    is: (report: ReconcileReport & { event: E }) => boolean = () => true,
  ): Promise<ReconcileReport & { event: E }> {
    const matches = (
      one: ReconcileReport,
    ): one is ReconcileReport & { event: E } =>
      one.event === event && is(one as ReconcileReport & { event: E });
    const late = setTimeout(
      () => this.#reported.reject(this.#late(event)),
      LIMIT,
    );
    try {
      for (;;) {
        const at = this.reports.findIndex(matches);
        if (at >= 0) {
          const [found] = this.reports.splice(0, at + 1).slice(-1);
          return found as ReconcileReport & { event: E };
        }
        await this.#reported.promise;
        this.#reported = Promise.withResolvers();
      }
    } finally {
      clearTimeout(late);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#reconciler.close();
  }

  #late(event: string): Error {
    const reported = this.reports.map((one) =>
      "action" in one ? `${one.event}: ${one.action.summary}` : one.event
    );
    return new Error(`no report "${event}"; reported: ${reported.join(", ")}`);
  }

  async #run(options: ReconcileOptions): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (
        const report of this.#reconciler.reconcile({ ...options, signal })
      ) {
        this.reports.push(report);
        this.#reported.resolve();
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }
}
