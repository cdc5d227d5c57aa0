// netplumb view --ensure: reconciles a configuration, and reports it to the page.

import { realTime } from "../../lib/clock.ts";
import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import type { ReconcileReport } from "../../lib/ensure/reconcile/reports.ts";
import { RunRecord } from "../ensure/record.ts";
import { reportText } from "../ensure/text.ts";
import type { EnsureTotals } from "../metrics/commands.ts";
import { style } from "../output/style.ts";
import type { EnsureRecord } from "./records.ts";

const PLAIN = style(false);

/** A report for the timeline. */
export interface EnsureEvent {
  readonly event: ReconcileReport["event"];
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The namespace; undefined for this thread's own. */
  readonly namespace: string | undefined;
}

/** A configuration that is reconciled. */
export class ViewedEnsure implements AsyncDisposable {
  readonly #record = new RunRecord();
  readonly #file: string;
  readonly #reconciler: Reconciler;

  private constructor(file: string, reconciler: Reconciler) {
    this.#file = file;
    this.#reconciler = reconciler;
  }

  /**
   * Applies a configuration.
   *
   * @param file Its file, for the page.
   * @throws {SystemError} If the kernel refuses a change.
   */
  static async start(
    desired: DesiredNetwork,
    file: string,
    signal: AbortSignal,
  ): Promise<ViewedEnsure> {
    const ensure = new ViewedEnsure(file, await Reconciler.open(desired));
    try {
      const { refused, missing } = await ensure.#reconciler.apply({ signal });
      if (refused !== undefined) throw refused.error;
      for (const one of missing) {
        ensure.#record.take({ event: "missing", ...one });
      }
      return ensure;
    } catch (error) {
      await ensure[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The counts of its reports. */
  get totals(): EnsureTotals {
    return this.#record.totals;
  }

  /** What it wants, and what is wrong. */
  get record(): EnsureRecord {
    return {
      file: this.#file,
      wants: wants(this.#reconciler.desired),
      problems: this.#record.problems.map((one) => reportText(one, PLAIN)),
      corrections: this.totals.corrections,
    };
  }

  /** Corrects deviations until the signal. */
  async run(
    report: (event: EnsureEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const one of this.#reconciler.reconcile({ signal })) {
      this.#record.take(one);
      const { seconds, nanoseconds } = realTime();
      report({
        event: one.event,
        text: reportText(one, PLAIN),
        time: seconds * 1000 + Math.floor(nanoseconds / 1e6),
        namespace: "action" in one ? one.action.namespace : one.namespace,
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reconciler.close();
  }
}

/** The desired objects, a line for each link and for each other type. */
function wants({ namespaces }: DesiredNetwork): EnsureRecord["wants"] {
  return namespaces.map(
    ({ name, links, routes, neighbours, rules, nexthops }) => ({
      namespace: name ?? null,
      objects: [
        ...links.map(({ name, kind, master, addresses }) =>
          [
            `link ${name}${kind === undefined ? "" : ` (${kind})`}`,
            ...master ? [`port of ${master}`] : [],
            ...addresses.map(({ address }) => address),
          ].join(", ")
        ),
        ...Object.entries({ routes, neighbours, rules, nexthops })
          .filter(([, { length }]) => length > 0)
          .map(([type, { length }]) => `${type}: ${length}`),
      ],
    }),
  );
}
