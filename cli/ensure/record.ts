// What the reports of a reconcile loop add up to: counts, problems, the last
// corrections.

import { actionKey } from "../../lib/ensure/plan/action.ts";
import type {
  CorrectedReport,
  ReconcileReport,
} from "../../lib/ensure/reconcile/reports.ts";
import type { EnsureTotals } from "../metrics/commands.ts";

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

/** The number of corrections in the record. */
const CORRECTIONS = 10;

/** The state of a reconcile loop. */
export class RunRecord {
  readonly totals: EnsureTotals = {
    corrections: 0,
    refused: 0,
    conflicts: 0,
    overruns: 0,
  };
  /** What is refused, in conflict or missing, by object. */
  readonly #problems = new Map<string, ReconcileReport>();
  /** The last corrections, each with its time. */
  readonly last: { readonly time: Date; readonly report: CorrectedReport }[] =
    [];

  /** What is refused, in conflict or missing. */
  get problems(): ReconcileReport[] {
    return [...this.#problems.values()];
  }

  /** Counts a report. */
  take(report: ReconcileReport): void {
    const total = TOTALS[report.event];
    if (total !== undefined) this.totals[total]++;
    if (report.event === "corrected") {
      this.last.push({ time: new Date(), report });
      if (this.last.length > CORRECTIONS) this.last.shift();
    }
    if (report.event === "overrun") return;
    const key = actionKey(report.event === "missing" ? report : report.action);
    if (report.event === "corrected" || report.event === "resolved") {
      this.#problems.delete(key);
    } else this.#problems.set(key, report);
  }

  /** Removes the problems of a configuration that was replaced. */
  clearProblems(): void {
    this.#problems.clear();
  }
}
