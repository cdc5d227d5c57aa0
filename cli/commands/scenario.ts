// netplumb scenario: the stories netplumb answers, replayed on this kernel.

import { EnumType } from "@cliffy/command";
import { EPERM, SystemError } from "../../ffi/errno.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { effectiveCapabilities } from "../capabilities.ts";
import { subcommand } from "../command.ts";
import { log } from "../log.ts";
import type { Output } from "../output/output.ts";
import { table } from "../output/table.ts";
import { perform } from "../perform.ts";
import { SCENARIOS } from "../scenarios/all.ts";
import type { Verdict } from "../scenarios/stage/events.ts";
import { narrate } from "../scenarios/stage/narrative.ts";
import { exitCode, play } from "../scenarios/stage/play.ts";
import type { Scenario } from "../scenarios/stage/scenario.ts";

const ALL = "all";
const NAMES = SCENARIOS.map(({ name }) => name);
const FAULTS = SCENARIOS.flatMap(({ faults }) =>
  faults.map(({ name }) => name)
);

export const scenario = subcommand(
  "Each scenario makes a network of its own, shows with bare system calls what " +
    "went wrong in a report from the field, shows netplumb walking past it, " +
    "and says whether both were as told. Without a name it lists them.\n\n" +
    "Exits with 0 when the trap and the cure both behaved as told, with 1 " +
    "when not, also when this kernel does not have the trap. Without root, " +
    "`unshare --user --map-root-user --net` before it gives it what it needs.",
)
  .type("scenario", new EnumType([...NAMES, ALL]))
  .type("fault", new EnumType([...new Set(FAULTS)]))
  .arguments("[name:scenario]", ["Which one to play, or all of them."])
  .option(
    "--fault <fault:fault>",
    "Make this mistake in place of the cure, to see that it is noticed.",
  )
  .example("List the scenarios and their faults", "netplumb scenario")
  .example("Play all of them", "netplumb scenario all")
  .example(
    "See one fail",
    "netplumb scenario pktinfo-close --fault blocking-receive",
  )
  .action((options, name) =>
    perform(options, async ({ output, signal }) => {
      const { fault } = options;
      if (name === undefined) return list(output);
      const chosen = SCENARIOS.filter((one) =>
        name === ALL || name === one.name
      );
      checkFault(name, chosen, fault);
      checkPermission();
      const verdicts: Verdict[] = [];
      for (const one of chosen) {
        if (signal.aborted) break;
        verdicts.push(
          await play(
            one,
            (event) =>
              output.event(event, (event) => narrate(event, output.style)),
            { signal, fault },
          ),
        );
      }
      summarise(output, chosen, verdicts);
    })
  );

function list(output: Output): void {
  if (output.json) {
    for (const { name, year, who, title, story, faults } of SCENARIOS) {
      output.object({
        event: "scenario",
        scenario: name,
        year,
        who,
        title,
        story,
        faults,
      });
    }
    return;
  }
  output.line(table(
    SCENARIOS.map(({ name, year, title, faults }) => ({
      scenario: name,
      year: String(year),
      "what it is about": title,
      faults: faults.map(({ name }) => name).join(" "),
    })),
  ));
}

function checkFault(
  name: string,
  chosen: readonly Scenario[],
  fault: string | undefined,
): void {
  if (fault === undefined) return;
  const known = chosen.length === 1
    ? chosen[0].faults.map(({ name }) => name)
    : [];
  if (!known.includes(fault)) {
    throw new ArgumentError(
      "--fault",
      fault,
      known.length === 0
        ? "possible with more than one scenario"
        : `a fault of ${name}, which has ${known.join(", ")}`,
    );
  }
}

function checkPermission(): void {
  const held = effectiveCapabilities();
  for (const capability of ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"] as const) {
    if (held.has(capability)) continue;
    throw new SystemError("unshare", EPERM, {
      tried: "make a network to play in",
      capability,
      advice: `Run as root, or have ${capability} in a network of your own: ` +
        "`unshare --user --map-root-user --net netplumb scenario ...`",
    });
  }
}

function summarise(
  output: Output,
  chosen: readonly Scenario[],
  verdicts: readonly Verdict[],
): void {
  const asTold = verdicts.filter((one) => one === "as told").length;
  if (output.json) {
    output.object({ event: "summary", scenarios: chosen.length, asTold });
  } else if (chosen.length > 1) {
    log.info(`${asTold} of ${chosen.length} scenarios as told`);
  }
  Deno.exitCode = exitCode(chosen.length, verdicts);
}
