// Formats the report of a scenario as text.

import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { hang, table, wrap } from "../output/layout.ts";
import type { Result, RunnerEvent, StepEvent } from "./runner.ts";

const COLOURS: Record<Result | StepEvent["outcome"], keyof Style> = {
  "done": "dim",
  "as expected": "green",
  "not reproduced": "yellow",
  "failed": "red",
  "not permitted": "yellow",
  "interrupted": "yellow",
};

const RESULTS: Record<Result, string> = {
  "as expected": "the problem is reproduced, and the fix works",
  "not reproduced": "not reproduced: this kernel does not have the problem",
  "failed": "failed",
  "not permitted": "not permitted",
  "interrupted": "interrupted",
};

const INDENT = " ".repeat(11);

/** One event as one or more lines. */
export function reportText(event: RunnerEvent, style: Style): string {
  switch (event.event) {
    case "scenario": {
      const { scenario, year, program, title, report, fault } = event;
      return [
        `${style.bold(scenario)}: ${title} (${year}, ${program})`,
        wrap(report, "  "),
        ...(fault === null ? [] : [style.red(`  with the fault ${fault}`)]),
        "",
      ].join("\n");
    }
    case "step":
      return stepText(event, style);
    case "result": {
      const { result, milliseconds, error } = event;
      const seconds = style.dim(`${(milliseconds / 1000).toFixed(1)} s`);
      return [
        "",
        `  ${style[COLOURS[result]](RESULTS[result])}  ${seconds}`,
        ...(error === undefined ? [] : [wrap(printable(error), "  ")]),
        "",
      ].join("\n");
    }
  }
}

function stepText(event: StepEvent, style: Style): string {
  const { kind, title, expected, observed, outcome, milliseconds } = event;
  const head = `  ${style.cyan(kind.padEnd(7))}  ${
    wrap(printable(title), INDENT).trimStart()
  }`;
  const time = style.dim(`${milliseconds} ms`);
  if (outcome === "done") return `${head}  ${time}`;
  const labelled = (label: string, text: string | undefined) =>
    text === undefined ? [] : [hang(`${INDENT}${label} `, printable(text))];
  return [
    head,
    ...labelled("expected", expected),
    ...labelled("observed", observed),
    ...(event.table === undefined ? [] : [table(event.table, `${INDENT}  `)]),
    `${INDENT}${style[COLOURS[outcome]](outcome)}  ${time}`,
  ].join("\n");
}
