// Results as Markdown tables.

import type { CaseResult, Row, TopicResult, Verdict } from "./result.ts";

/** Replaces the value of a program that could not do the work. */
const FAILED = "failed";

/** Three significant digits, with thousands separators. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return FAILED;
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A ratio. */
export function times(value: number): string {
  if (!Number.isFinite(value)) return FAILED;
  return `${value.toFixed(value < 10 ? 2 : 1)}x`;
}

/** A Markdown table with its columns aligned. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number>,
): string {
  const widths = head.map((_, column) =>
    [head, ...rows].reduce((most, row) => Math.max(most, row[column].length), 3)
  );
  const line = (row: readonly string[]) =>
    `| ${
      row.map((cell, column) =>
        right.has(column)
          ? cell.padStart(widths[column])
          : cell.padEnd(widths[column])
      ).join(" | ")
    } |`;
  const rule = widths.map((width, column) =>
    right.has(column) ? "-".repeat(width - 1) + ":" : "-".repeat(width)
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** The results of programs. */
export function valuesTable({ rows, unit, work }: CaseResult): string {
  const withCpu = rows.some(({ cpu }) => cpu !== undefined);
  const withLost = rows.some(({ lost }) => lost > 0);
  const head = [
    "program",
    unit,
    "middle half",
    ...(withCpu ? [`µs of CPU a ${work}`] : []),
    ...(withLost ? ["lost"] : []),
  ];
  const body = rows.map(({ name, value, cpu, lost }) => [
    name,
    number(value.median),
    `${number(value.low)} to ${number(value.high)}`,
    ...(withCpu ? [cpu === undefined ? "" : number(cpu)] : []),
    ...(withLost ? [String(lost)] : []),
  ]);
  return table(head, body, new Set(head.keys().drop(1)));
}

function printer(
  { above, limit }: Verdict,
  unit: string,
): (value: number) => string {
  if (limit !== undefined) return (value) => `${number(value)} ${unit}`;
  return above === undefined
    ? times
    : (value) => `${value < 0 ? "" : "+"}${number(value)}`;
}

function bound(
  { least, most, factor, above, faster, limit }: Verdict,
  unit: string,
): string {
  if (limit !== undefined) return `at most ${limit} ${unit}`;
  if (above !== undefined) {
    const theirs = factor === undefined ? "" : `${factor}x `;
    return `at most ${theirs}+${above} ${unit}`;
  }
  if (faster !== undefined) return `at least ${faster}x as fast`;
  return least !== undefined ? `at least ${least}x` : `at most ${most}x`;
}

/** The goals of ours, and whether they were reached. */
export function goalsTable({ goals, unit }: CaseResult): string {
  return table(
    ["ours", "against", "comparison", "middle half", "goal", "reached"],
    goals.map((goal) => {
      const { low, median, high } = goal.compared;
      const print = printer(goal, unit);
      return [
        goal.by === "cpu" ? `${goal.ours}, CPU` : goal.ours,
        goal.against ?? "",
        print(median),
        `${print(low)} to ${print(high)}`,
        bound(goal, unit),
        goal.reached ? "yes" : "**no**",
      ];
    }),
    new Set([2, 3]),
  );
}

/** Resident memory of ours from the first round to the last. */
function memory(rows: readonly Row[], ours: (name: string) => boolean): string {
  return rows.flatMap(({ name, resident }) =>
    resident === undefined || !ours(name)
      ? []
      : [`${name} ${resident.map((size) => size.toFixed(0)).join(" to ")} MiB`]
  ).join(", ");
}

/** The complete result of a topic. */
export function markdown(
  result: TopicResult,
  ours: (name: string) => boolean,
): string {
  const parts: string[] = [];
  for (const one of result.cases) {
    parts.push(`### ${one.title}`, valuesTable(one));
    if (one.goals.length > 0) parts.push(goalsTable(one));
    const resident = memory(one.rows, ours);
    if (resident !== "") {
      parts.push(`Resident memory, first round to last: ${resident}.`);
    }
  }
  const failed = result.cases.flatMap(({ title, rows }) =>
    rows.flatMap(({ name, failed }) =>
      failed === undefined ? [] : [`- ${title}, ${name}: ${failed}`]
    )
  );
  if (failed.length > 0) parts.push(`Failed:\n\n${failed.join("\n")}`);
  if (result.absent.length > 0) {
    const absent = result.absent.map(({ name, reason }) =>
      `- ${name}: ${reason}`
    );
    parts.push(`Left out:\n\n${absent.join("\n")}`);
  }
  const facts = Object.entries({ ...result.machine, ...result.settings })
    .map(([name, value]) => `${name} ${value}`);
  parts.push(`Measured ${result.date}: ${facts.join(", ")}.`);
  return parts.join("\n\n");
}
