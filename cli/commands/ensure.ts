// netplumb ensure: applies the network configuration in a file, and reconciles
// it.

import { ArgumentError } from "../../lib/errors.ts";
import { duration, file } from "../arguments.ts";
import { subcommand } from "../command.ts";
import {
  apply,
  preview,
  previewDown,
  takeDown,
  waitReady,
} from "../ensure/apply.ts";
import { exportState, printConfiguration } from "../ensure/export.ts";
import { inputsOf, valueOf } from "../ensure/file.ts";
import { Reloads } from "../ensure/reloads.ts";
import { Service } from "../ensure/service.ts";
import { Source } from "../ensure/source.ts";
import { SavedState } from "../ensure/state.ts";
import { refuseRunning, showStatus } from "../ensure/status.ts";
import { confirmTrial, restore, Trial } from "../ensure/trial.ts";
import { namespace } from "../namespace.ts";
import { perform } from "../perform.ts";

export const ensure = subcommand(
  "The file, in YAML or JSON, configures namespaces, links, addresses, routes, " +
    "neighbours, rules and nexthops with the keys of the other commands. " +
    "Differences are applied in a safe order; then netplumb monitors the network " +
    "and corrects deviations. Other objects are unchanged, unless the file says " +
    "exclusive.\n\nIf the kernel refuses a change of the first run, additions are " +
    "rolled back. SIGHUP reloads the file, and what it does not mention any more " +
    "is removed; SIGINT and SIGTERM end the command and leave the network " +
    "unchanged.",
)
  .type("file", file)
  .type("work-netns", namespace)
  .type("duration", duration)
  .arguments("[file:file]", [
    "Configuration file; - is standard input. Required except with --export.",
  ])
  .group("Namespace")
  .option(
    "--in, --netns <name:work-netns>",
    "Apply the top level of the file to this network namespace.",
  )
  .option(
    "--all-netns",
    "With --export, export all named network namespaces too.",
    { depends: ["export"] },
  )
  .group("Mode")
  .option("--once", "Apply the configuration and exit.")
  .option("--dry-run", "Print the plan and change nothing.")
  .option(
    "--down",
    "Remove what the file describes, and the namespaces that ensure created.",
  )
  .option(
    "--export",
    "Print the current state as a file with which ensure changes nothing.",
  )
  .option(
    "--status",
    "Print the status of the ensure that runs with this file.",
  )
  .option(
    "--expand",
    "Print the file with its included files, variables and repetitions expanded.",
  )
  .option(
    "--watch",
    "Reload the file when it or an included file changes.",
  )
  .option(
    "--prune",
    "Remove what the file described when it was last applied and does not any more.",
    { conflicts: ["down"] },
  )
  .option(
    "--wait [time:duration]",
    "Then wait until carriers are up, bridges forward and addresses are usable (default: 60s).",
  )
  .option(
    "--try <time:duration>",
    "Restore the state before unless --confirm or SIGUSR1 comes in time.",
    { conflicts: ["down", "dry-run", "export", "status"] },
  )
  .option("--confirm", "Confirm the trial of this file.")
  .option("--restore", "Restore the state that stdin has.", { hidden: true })
  .option(
    "--details",
    "With --dry-run, print the messages too, decoded and in hexadecimal.",
  )
  .example("Keep the configuration of a lab", "netplumb ensure lab.yaml")
  .example(
    "Apply it once, at boot, and wait until it can be used",
    "netplumb ensure net.yaml --once --wait 30s",
  )
  .example(
    "Print the plan as JSON",
    "netplumb ensure net.yaml --dry-run --json",
  )
  .example(
    "Remove a lab with its namespaces",
    "netplumb ensure lab.yaml --down",
  )
  .example(
    "Apply a file, and return to the state before unless it is confirmed",
    "netplumb ensure net.yaml --try 60s",
  )
  .action(async (options, path) => {
    if (options.restore) return await restore();
    await perform(options, async ({ output, signal }) => {
      const { Reconciler } = await import(
        "../../lib/ensure/reconcile/reconciler.ts"
      );
      if (options.export) {
        return await exportState(options, { output, signal });
      }
      if (path === undefined) {
        throw new ArgumentError("FILE", "", "a configuration file");
      }
      const source = new Source(path, options.in, new SavedState());
      if (options.status) return await showStatus(source, output);
      if (options.confirm) return await confirmTrial(source);
      const desired = await source.read(output);
      if (options.expand) return printConfiguration(valueOf(desired), output);
      await using reconciler = await Reconciler.open(desired, {
        namespace: options.in,
        created: source.saved,
      });
      const { details, down, dryRun } = options;
      const session = { output, signal };
      if (down) {
        if (dryRun) return await previewDown(reconciler, details, session);
        await refuseRunning(source);
        using _locks = await source.lock(desired, signal);
        await takeDown(reconciler, session);
        return source.forget();
      }
      const previous = options.prune ? source.previous() : undefined;
      if (dryRun) {
        return await preview(reconciler, previous, details, session);
      }
      const { wait, try: time } = options;
      const applyOnce = async () => {
        using _locks = await source.lock(desired, signal);
        await apply(reconciler, previous, session);
        if (time === undefined) source.save(desired);
      };
      if (time !== undefined) {
        await refuseRunning(source);
        await using trial = await Trial.start(source, desired, time, session);
        await applyOnce();
        if (!await trial.confirmed()) return;
        source.save(desired);
      }
      if (options.once) {
        if (time === undefined) await applyOnce();
        if (wait) await waitReady(reconciler, wait, session);
        return;
      }
      output.dropLinesOnError();
      await using service = await Service.open(reconciler, source);
      await using reloads = new Reloads(options.watch === true);
      await reloads.watch(inputsOf(desired));
      if (time === undefined) await applyOnce();
      if (wait) await waitReady(reconciler, wait, session);
      await service.run(reloads, session);
    });
  });
