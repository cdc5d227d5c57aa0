// netplumb doctor: checks kernel features, permissions and Deno.

import { subcommand } from "../command.ts";
import type { Status } from "../doctor/check.ts";
import { CHECKS } from "../doctor/checks.ts";
import { examine, type Examined } from "../doctor/examine.ts";
import { Exit } from "../failure.ts";
import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { hang } from "../output/layout.ts";
import { perform } from "../perform.ts";

const MARKS: Record<Status, keyof Style> = {
  ok: "green",
  limited: "yellow",
  missing: "red",
  unknown: "yellow",
};

export const doctor = subcommand(
  "Prints a line for each check: what was found, what it limits and how to fix " +
    "it. Changes nothing: features are tried in a temporary network namespace.",
)
  .example("Run all checks", "netplumb doctor")
  .example(
    "Print only limitations",
    `netplumb doctor --json | jq 'select(.status != "ok")'`,
  )
  .action((options) =>
    perform(options, async ({ output, signal }) => {
      for (const check of CHECKS) {
        const examined = await examine(check);
        signal.throwIfAborted();
        output.event(
          { event: "check", ...examined },
          (examined) => describe(examined, output.style),
        );
        if (check.essential && examined.status === "missing") {
          Deno.exitCode = Exit.refused;
        }
      }
    })
  );

function describe(examined: Examined, style: Style): string {
  const { status, topic, found, limits, advice } = examined;
  const mark = style[MARKS[status]](status.padEnd(8));
  const indent = " ".repeat(9);
  return [
    `${mark} ${style.bold(topic)}: ${printable(found)}`,
    ...(limits === undefined ? [] : [hang(`${indent}limits `, limits)]),
    ...(advice === undefined ? [] : [hang(`${indent}fix    `, advice)]),
  ].join("\n");
}
