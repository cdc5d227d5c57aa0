// netplumb ensure: makes a network what a file describes, and keeps it so.

import type { Ensurer } from "../../lib/ensure/reconcile/ensurer.ts";
import type { EnsureReport } from "../../lib/ensure/reconcile/report.ts";
import type { Step } from "../../lib/ensure/plan/step.ts";
import { file } from "../arguments.ts";
import { showMessage } from "../change/make.ts";
import { subcommand } from "../command.ts";
import {
  FileError,
  problemText,
  readDescription,
  STDIN,
} from "../ensure/file.ts";
import {
  counts,
  countsText,
  leftText,
  reportObject,
  reportText,
  stepObject,
  stepText,
} from "../ensure/words.ts";
import { describeFailure, Exit } from "../failure.ts";
import { log } from "../log.ts";
import { namespace } from "../namespace.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { style, wantsColor } from "../output/style.ts";
import { perform } from "../perform.ts";
import { exportTotals } from "../output/telemetry.ts";

export const ensure = subcommand(
  "The file, in YAML or JSON, describes namespaces, links, addresses, routes, " +
    "neighbours, rules and nexthops in the words of the other commands. What " +
    "differs is made so, in a safe order; then netplumb stays and corrects " +
    "what drifts away within moments. What the file does not mention is left " +
    "alone, unless it says exclusive.\n\nIf the kernel refuses a step at the " +
    "start, what was added is taken back. SIGHUP reads the file again; SIGINT " +
    "and SIGTERM end it and leave the network as it is.",
)
  .type("file", file)
  .type("work-netns", namespace)
  .arguments("<file:file>", ["The description, - for standard input."])
  .option(
    "--in, --netns <name:work-netns>",
    "What stands at the top of the file is of this network namespace.",
    { defaultText: "this one" },
  )
  .option("--once", "Make it so and end.")
  .option(
    "--dry-run",
    "Print what differs and the messages that would be sent, and send nothing.",
  )
  .example("Keep a lab as it is described", "netplumb ensure lab.yaml")
  .example(
    "Once, at the start of the machine",
    "netplumb ensure net.yaml --once",
  )
  .example(
    "What would be done, for programs",
    "netplumb ensure net.yaml --dry-run --json",
  )
  .action((options, path) =>
    perform(options, async ({ output, signal }) => {
      const { Ensurer } = await import("../../lib/ensure/reconcile/ensurer.ts");
      const desired = await reading(path, output);
      await using ensurer = await Ensurer.open(desired, {
        namespace: options.in,
      });
      if (options.dryRun) return await preview(ensurer, output, signal);
      await apply(ensurer, output, signal);
      if (!options.once) await keep(ensurer, path, output, signal);
    })
  );

/** Reads the file and shows all that is wrong with it. */
async function reading(path: string, output: Output) {
  try {
    return await readDescription(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const colours = style(wantsColor(Deno.stderr));
    for (const problem of error.problems) {
      if (output.json) output.object({ event: "problem", ...problem });
      else log.error(problemText(problem, colours));
    }
    throw error;
  }
}

/** Shows what differs; exits with 1 if something does. */
async function preview(
  ensurer: Ensurer,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { steps, missing } = await ensurer.differences({ signal });
  const messages = await ensurer.messages(steps, { signal });
  for (const step of steps) {
    output.event(
      { event: "difference", ...stepObject(step) },
      () => stepText(step, output.style),
    );
  }
  for (const { namespace, name } of missing) {
    tellMissing(output, namespace, name);
  }
  for (const { where, request, first } of messages) {
    showMessage(output, { namespace: where ?? null }, request, first);
  }
  summarise(output, steps);
  if (steps.length + missing.length > 0) Deno.exitCode = Exit.refused;
}

function tellMissing(
  output: Output,
  namespace: string | undefined,
  name: string,
): void {
  const report = { event: "missing", namespace, name } as const;
  output.event(reportObject(report), () => reportText(report, output.style));
}

function summarise(output: Output, steps: readonly Step[]): void {
  output.event(
    { event: "summary", ...counts(steps) },
    () => countsText(steps),
  );
}

/** Makes everything as it is described, or throws why not. */
async function apply(
  ensurer: Ensurer,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const applied = await ensurer.apply({ signal });
  const { done, refused, takenBack, left, remaining, missing } = applied;
  if (refused !== undefined) {
    if (output.json) {
      const { code, message } = refused.error;
      output.object({
        event: "refused",
        ...stepObject(refused.step),
        error: { code, message },
        takenBack: takenBack.map(stepObject),
        left: left.map(({ step }) => stepObject(step)),
      });
    }
    log.error(`additions taken back: ${takenBack.length}`);
    for (const line of leftText(applied)) log.error(line);
    throw refused.error;
  }
  for (const step of done) {
    output.event(
      { event: "done", ...stepObject(step) },
      () => stepText(step, output.style),
    );
  }
  for (const { namespace, name } of missing) {
    tellMissing(output, namespace, name);
  }
  for (const { what, reasons } of remaining) {
    log.error(
      `${printable(what)}: the kernel refused nothing, and yet ` +
        (reasons.map(printable).join(", ") || "it is not there"),
    );
  }
  summarise(output, done);
  Deno.exitCode = remaining.length + missing.length > 0
    ? Exit.refused
    : Exit.done;
}

/** What a report counts as. */
const COUNTERS = {
  corrected: "corrections",
  refused: "refused",
  contested: "contested",
  overrun: "overruns",
  settled: undefined,
  missing: undefined,
} as const satisfies Record<EnsureReport["event"], string | undefined>;

/** Stays and corrects, until it is asked to stop; reads the file again on SIGHUP. */
async function keep(
  ensurer: Ensurer,
  path: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const totals = { corrections: 0, refused: 0, contested: 0, overruns: 0 };
  using _metrics = await exportTotals(
    "netplumb.ensure",
    () => ({ ...totals }),
  );
  let asked = new AbortController();
  const hangUp = () => asked.abort();
  Deno.addSignalListener("SIGHUP", hangUp);
  Deno.exitCode = Exit.done;
  try {
    log.info(`keeping the network as ${printable(path)} describes it`);
    while (!signal.aborted) {
      const until = AbortSignal.any([signal, asked.signal]);
      try {
        for await (const report of ensurer.keep({ signal: until })) {
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
      if (!asked.signal.aborted || signal.aborted) continue;
      asked = new AbortController();
      await reload(ensurer, path, output, signal);
    }
  } finally {
    Deno.removeSignalListener("SIGHUP", hangUp);
  }
}

/** Takes the file as it is now, or goes on with what it was. */
async function reload(
  ensurer: Ensurer,
  path: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  if (path === STDIN) {
    log.warn("standard input is read only once: nothing changes");
    return;
  }
  const before = ensurer.desired;
  try {
    await ensurer.replace(await reading(path, output));
    await apply(ensurer, output, signal);
    output.event(
      { event: "reloaded" },
      () => `${printable(path)} was read again`,
    );
  } catch (error) {
    if (signal.aborted) return;
    log.error(describeFailure(error).sentence);
    log.warn(`${printable(path)} is not followed; going on as before`);
    output.event({ event: "kept" }, () => "going on as before");
    await ensurer.replace(before);
  } finally {
    Deno.exitCode = Exit.done;
  }
}
