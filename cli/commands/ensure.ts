// netplumb ensure: applies the network configuration in a file, and reconciles
// it.

import { duration, file } from "../arguments.ts";
import { subcommand } from "../command.ts";
import { namespace } from "../namespace.ts";

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
    "Then wait until devices exist, carriers are up, bridges forward and addresses are usable (default: 60s).",
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
    const { run } = await import("../ensure/run.ts");
    await run(options, path);
  });
