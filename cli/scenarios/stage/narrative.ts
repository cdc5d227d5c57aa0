// A scenario as text for people.

import { printable } from "../../output/printable.ts";
import type { Style } from "../../output/style.ts";
import { table } from "../../output/table.ts";
import { hang, wrap } from "../../output/wrap.ts";
import type {
  Closing,
  Opening,
  StageEvent,
  StepEvent,
  Verdict,
} from "./events.ts";

const PAINT: Record<Verdict | StepEvent["outcome"], keyof Style> = {
  "done": "dim",
  "as told": "green",
  "not reproduced": "yellow",
  "failed": "red",
  "not permitted": "yellow",
  "interrupted": "yellow",
};

const VERDICTS: Record<Verdict, string> = {
  "as told": "the trap is there and netplumb walks past it",
  "not reproduced":
    "not reproduced here: this kernel does not have the trap as it was told",
  "failed": "failed: not everything was as told",
  "not permitted": "not played: not permitted",
  "interrupted": "interrupted before its end",
};

/** One event as one or more lines. */
export function narrate(event: StageEvent, style: Style): string {
  switch (event.event) {
    case "scenario":
      return opening(event, style);
    case "step":
      return step(event, style);
    case "verdict":
      return closing(event, style);
  }
}

function opening(
  { scenario, year, who, title, story, fault }: Opening,
  { bold, red }: Style,
): string {
  return [
    `${bold(scenario)}: ${title} (${year}, ${who})`,
    wrap(story, "  "),
    ...(fault === null
      ? []
      : [red(`  with the fault ${fault} in place of the cure`)]),
    "",
  ].join("\n");
}

function step(event: StepEvent, style: Style): string {
  const { kind, title, expected, happened, outcome, milliseconds } = event;
  const rows = event.table;
  const indent = " ".repeat(9);
  const result = style[PAINT[outcome]](outcome);
  const head = `  ${style.cyan(kind.padEnd(5))}  ${
    wrap(printable(title), indent).trimStart()
  }`;
  if (outcome === "done") return `${head}  ${style.dim(`${milliseconds} ms`)}`;
  return [
    head,
    ...(expected === undefined ? [] : [
      hang(`${indent}expected `, printable(expected)),
    ]),
    ...(happened === undefined ? [] : [
      hang(`${indent}happened `, printable(happened)),
    ]),
    ...(rows === undefined ? [] : [table(rows, indent + "  ")]),
    `${indent}${result}  ${style.dim(`${milliseconds} ms`)}`,
  ].join("\n");
}

function closing(
  { verdict, milliseconds, error }: Closing,
  style: Style,
): string {
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  return [
    "",
    `  ${style[PAINT[verdict]](VERDICTS[verdict])}  ${style.dim(seconds)}`,
    ...(error === undefined ? [] : [wrap(printable(error), "  ")]),
    "",
  ].join("\n");
}
