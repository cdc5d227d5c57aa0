// netplumb ensure: applies the network configuration in a file, and reconciles
// it.

import type { Action } from "../../lib/ensure/plan/action.ts";
import type { Missing } from "../../lib/ensure/plan/planner.ts";
import type { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import type { ReconcileReport } from "../../lib/ensure/reconcile/reports.ts";
import { file } from "../arguments.ts";
import { showMessage } from "../change/make.ts";
import { subcommand } from "../command.ts";
import { STDIN } from "../ensure/file.ts";
import { readReported } from "../ensure/read.ts";
import {
  actionObject,
  actionText,
  counts,
  countsText,
  missingText,
  notRolledBackText,
  reportObject,
  reportText,
  whereText,
} from "../ensure/text.ts";
import { describeFailure, Exit } from "../failure.ts";
import { log } from "../log.ts";
import { ensureMetrics } from "../metrics/commands.ts";
import { exportMetrics } from "../metrics/otlp.ts";
import { namespace } from "../namespace.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";

export const ensure = subcommand(
  "The file, in YAML or JSON, configures namespaces, links, addresses, routes, " +
    "neighbours, rules and nexthops with the keys of the other commands. " +
    "Differences are applied in a safe order; then netplumb monitors the network " +
    "and corrects deviations. Other objects are unchanged, unless the file says " +
    "exclusive.\n\nIf the kernel refuses a change of the first run, additions are " +
    "rolled back. SIGHUP reloads the file; SIGINT and SIGTERM end the command and " +
    "leave the network unchanged.",
)
  .type("file", file)
  .type("work-netns", namespace)
  .arguments("<file:file>", ["Configuration file; - is standard input."])
  .group("Namespace")
  .option(
    "--in, --netns <name:work-netns>",
    "Apply the top level of the file to this network namespace.",
  )
  .group("Mode")
  .option("--once", "Apply the configuration and exit.")
  .option("--dry-run", "Print the plan and change nothing.")
  .option(
    "--details",
    "With --dry-run, print the messages too, decoded and in hexadecimal.",
  )
  .example("Keep the configuration of a lab", "netplumb ensure lab.yaml")
  .example("Apply it once, at boot", "netplumb ensure net.yaml --once")
  .example(
    "Print the plan as JSON",
    "netplumb ensure net.yaml --dry-run --json",
  )
  .action((options, path) =>
    perform(options, async ({ output, signal }) => {
      const { Reconciler } = await import(
        "../../lib/ensure/reconcile/reconciler.ts"
      );
      const desired = await readReported(path, output);
      await using reconciler = await Reconciler.open(desired, {
        namespace: options.in,
      });
      if (options.dryRun) {
        return await preview(reconciler, options.details, output, signal);
      }
      if (options.once) return await apply(reconciler, output, signal);
      output.dropLinesOnError();
      using reloads = new Reloads();
      await apply(reconciler, output, signal);
      await reconcile(reconciler, path, reloads, output, signal);
    })
  );

/** Prints the plan; exits with 1 if there are differences. */
async function preview(
  reconciler: Reconciler,
  details: boolean | undefined,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { actions, missing } = await reconciler.plan({ signal });
  const messages = details
    ? await reconciler.messages(actions, { signal })
    : [];
  for (const action of actions) {
    output.event(
      { event: "planned", ...actionObject(action) },
      () => actionText(action, output.style),
    );
  }
  showMissing(missing, output);
  for (const { namespace = null, request, first } of messages) {
    showMessage(output, { namespace }, request, first);
  }
  summarise(output, actions);
  if (actions.length + missing.length > 0) Deno.exitCode = Exit.refused;
}

function showMissing(missing: readonly Missing[], output: Output): void {
  for (const { namespace, name } of missing) {
    const report = { event: "missing", namespace, name } as const;
    output.event(
      reportObject(report),
      () => missingText(report, output.style),
    );
  }
}

function summarise(output: Output, actions: readonly Action[]): void {
  output.event(
    { event: "summary", ...counts(actions) },
    () => countsText(actions),
  );
}

/** Applies the configuration, or throws the error. */
async function apply(
  reconciler: Reconciler,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const result = await reconciler.apply({ signal });
  const { applied, refused, rolledBack, notRolledBack } = result;
  const { unresolved, missing } = result;
  if (refused !== undefined) {
    if (output.json) {
      const { code, message } = refused.error;
      output.object({
        event: "refused",
        ...actionObject(refused.action),
        error: { code, message },
        rolledBack: rolledBack.map(actionObject),
        notRolledBack: notRolledBack.map(({ action }) => actionObject(action)),
      });
    }
    log.error(`refused: ${whereText(refused.action)}`);
    log.error(`additions rolled back: ${rolledBack.length}`);
    for (const line of notRolledBackText(result)) log.error(line);
    throw refused.error;
  }
  for (const action of applied) {
    output.event(
      { event: "applied", ...actionObject(action) },
      () => actionText(action, output.style),
    );
  }
  showMissing(missing, output);
  for (const { summary, reasons } of unresolved) {
    const why = reasons.map(printable).join(", ") || "it does not exist";
    log.error(
      `${printable(summary)}: the kernel accepted it without effect; ${why}`,
    );
  }
  summarise(output, applied);
  Deno.exitCode = unresolved.length + missing.length > 0
    ? Exit.refused
    : Exit.done;
}

/** The counter of each report. */
const COUNTERS = {
  corrected: "corrections",
  refused: "refused",
  conflict: "conflicts",
  overrun: "overruns",
  resolved: undefined,
  missing: undefined,
} as const satisfies Record<ReconcileReport["event"], string | undefined>;

/** Requests to read the file again: SIGHUP, also before it is applied. */
class Reloads implements Disposable {
  #requested = new AbortController();
  readonly #request = () => this.#requested.abort();

  constructor() {
    Deno.addSignalListener("SIGHUP", this.#request);
  }

  /** Aborted by the next request. */
  get signal(): AbortSignal {
    return this.#requested.signal;
  }

  /** Returns whether there was a request, and clears it. */
  take(): boolean {
    if (!this.signal.aborted) return false;
    this.#requested = new AbortController();
    return true;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGHUP", this.#request);
  }
}

/** Reconciles until it is stopped; reads the file again on request. */
async function reconcile(
  reconciler: Reconciler,
  path: string,
  reloads: Reloads,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const totals = { corrections: 0, refused: 0, conflicts: 0, overruns: 0 };
  using _metrics = await exportMetrics(() => ensureMetrics(totals));
  Deno.exitCode = Exit.done;
  log.info(`reconciling the network with ${printable(path)}`);
  while (!signal.aborted) {
    if (reloads.take()) await reload(reconciler, path, output, signal);
    const until = AbortSignal.any([signal, reloads.signal]);
    try {
      for await (const report of reconciler.reconcile({ signal: until })) {
        const counter = COUNTERS[report.event];
        if (counter !== undefined) totals[counter]++;
        output.event(
          reportObject(report),
          () => reportText(report, output.style),
        );
        await output.ready();
      }
    } catch (error) {
      if (!until.aborted || error !== until.reason) throw error;
    }
  }
}

/** Applies the current file, or continues with the previous configuration. */
async function reload(
  reconciler: Reconciler,
  path: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  if (path === STDIN) {
    log.warn("standard input cannot be read again; configuration unchanged");
    return;
  }
  const before = reconciler.desired;
  try {
    await reconciler.replace(await readReported(path, output));
    await apply(reconciler, output, signal);
    output.event({ event: "reloaded" }, () => `reloaded ${printable(path)}`);
  } catch (error) {
    if (signal.aborted) return;
    log.error(describeFailure(error).sentence);
    const text = "keeping the previous configuration";
    log.warn(`${printable(path)} is not applied; ${text}`);
    output.event({ event: "rejected" }, () => text);
    await reconciler.replace(before);
  } finally {
    Deno.exitCode = Exit.done;
  }
}
