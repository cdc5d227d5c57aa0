// netplumb scenario: reproduces field reports on the running kernel.

import { EnumType } from "@cliffy/command";
import { EPERM, SystemError } from "../../ffi/errno.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { effectiveCapabilities } from "../capabilities.ts";
import { subcommand } from "../command.ts";
import { log } from "../log.ts";
import { table } from "../output/layout.ts";
import type { Output } from "../output/output.ts";
import { perform } from "../perform.ts";
import { SCENARIOS } from "../scenarios/list.ts";
import { reportText } from "../scenarios/report.ts";
import {
  exitCode,
  type Result,
  run,
  type Scenario,
} from "../scenarios/runner.ts";

const ALL = "all";
const NAMES = SCENARIOS.map(({ name }) => name);
const faultNames = ({ faults }: Scenario) => faults.map(({ name }) => name);

export const scenario = subcommand(
  "Each scenario creates its own network namespaces, reproduces a problem from " +
    "a field report with plain system calls, and checks that netplumb avoids " +
    "it. Without a name, list the scenarios.\n\n" +
    "The exit code is 0 if each problem is reproduced and each fix works, and 1 " +
    "if not, also if this kernel does not have the problem. Without root, run " +
    "it behind `unshare --user --map-root-user --net`.",
)
  .type("scenario", new EnumType([...NAMES, ALL]))
  .type("fault", new EnumType([...new Set(SCENARIOS.flatMap(faultNames))]))
  .arguments("[name:scenario]", ["The scenario to run, or all."])
  .option(
    "--fault <fault:fault>",
    "Inject this fault in place of the fix, to check that it is detected.",
  )
  .example("List the scenarios and their faults", "netplumb scenario")
  .example("Run all scenarios", "netplumb scenario all")
  .example(
    "Check that a fault is detected",
    "netplumb scenario pktinfo-close --fault blocking-receive",
  )
  .action(async (options, name) => {
    await perform(options, async ({ output, signal }) => {
      const { fault } = options;
      if (name === undefined) return list(output);
      const chosen = SCENARIOS.filter((one) =>
        name === ALL || name === one.name
      );
      if (fault !== undefined) checkFault(name, chosen, fault);
      checkPermission();
      const results: Result[] = [];
      for (const one of chosen) {
        if (signal.aborted) break;
        const result = await run(
          one,
          (event) =>
            output.event(event, (event) => reportText(event, output.style)),
          { signal, fault },
        );
        results.push(result);
      }
      summarise(output, chosen.length, results);
    });
    // A thread that is still blocked would keep the process alive.
    Deno.exit();
  });

function list(output: Output): void {
  if (output.json) {
    for (const { name: scenario, run: _, ...about } of SCENARIOS) {
      output.object({ event: "scenario", scenario, ...about });
    }
    return;
  }
  output.line(table(
    SCENARIOS.map((scenario) => ({
      scenario: scenario.name,
      year: String(scenario.year),
      problem: scenario.title,
      faults: faultNames(scenario).join(" "),
    })),
  ));
}

function checkFault(
  name: string,
  chosen: readonly Scenario[],
  fault: string,
): void {
  const known = chosen.length === 1 ? faultNames(chosen[0]) : [];
  if (known.includes(fault)) return;
  throw new ArgumentError(
    "--fault",
    fault,
    known.length === 0
      ? "possible with more than one scenario"
      : `a fault of ${name}: ${known.join(", ")}`,
  );
}

function checkPermission(): void {
  const held = effectiveCapabilities();
  for (const capability of ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"] as const) {
    if (held.has(capability)) continue;
    throw new SystemError("unshare", EPERM, {
      tried: "create a network namespace",
      capability,
      advice: `Run as root, or in a user namespace with ${capability}: ` +
        "`unshare --user --map-root-user --net netplumb scenario ...`",
    });
  }
}

function summarise(
  output: Output,
  chosen: number,
  results: readonly Result[],
): void {
  const asExpected = results.filter((one) => one === "as expected").length;
  if (output.json) {
    output.object({ event: "summary", scenarios: chosen, asExpected });
  } else if (chosen > 1) {
    log.info(`${asExpected} of ${chosen} scenarios as expected`);
  }
  Deno.exitCode = exitCode(chosen, results);
}
