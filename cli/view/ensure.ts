// netplumb view --ensure: reconciles a configuration, and reports it to the page.

import { realTime } from "../../lib/clock.ts";
import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { actionKey } from "../../lib/ensure/plan/action.ts";
import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import type { ReconcileReport } from "../../lib/ensure/reconcile/reports.ts";
import { reportText } from "../ensure/text.ts";
import type { EnsureTotals } from "../metrics/commands.ts";
import { style } from "../output/style.ts";
import type { EnsureRecord } from "./records.ts";

const PLAIN = style(false);

/** The total that counts a report. */
const TOTALS = {
  corrected: "corrections",
  refused: "refused",
  conflict: "conflicts",
  overrun: "overruns",
  resolved: undefined,
  missing: undefined,
} as const satisfies Record<
  ReconcileReport["event"],
  keyof EnsureTotals | undefined
>;

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
  readonly totals: EnsureTotals = {
    corrections: 0,
    refused: 0,
    conflicts: 0,
    overruns: 0,
  };
  readonly #file: string;
  readonly #reconciler: Reconciler;
  /** What is refused, in conflict or missing, by object. */
  readonly #problems = new Map<string, string>();

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
      for (const one of missing) ensure.#take({ event: "missing", ...one });
      return ensure;
    } catch (error) {
      await ensure[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What it wants, and what is wrong. */
  get record(): EnsureRecord {
    return {
      file: this.#file,
      wants: wants(this.#reconciler.desired),
      problems: [...this.#problems.values()],
      corrections: this.totals.corrections,
    };
  }

  /** Corrects deviations until the signal. */
  async run(
    report: (event: EnsureEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const one of this.#reconciler.reconcile({ signal })) {
      this.#take(one);
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

  #take(report: ReconcileReport): void {
    const total = TOTALS[report.event];
    if (total !== undefined) this.totals[total]++;
    if (report.event === "overrun") return;
    const key = actionKey(
      report.event === "missing"
        ? { ...report, object: "link" }
        : report.action,
    );
    if (report.event === "corrected" || report.event === "resolved") {
      this.#problems.delete(key);
    } else this.#problems.set(key, reportText(report, PLAIN));
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
