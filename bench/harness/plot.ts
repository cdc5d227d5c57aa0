// Bar charts: the median, and a line for the middle half of the rounds.

import type { CaseResult, Row } from "./result.ts";
import { number } from "./table.ts";

const WIDTH = 760;
const NAMES = 300;
const NUMBERS = 90;
const BARS = WIDTH - NAMES - NUMBERS;
const LINE = 24;
const TITLE = 44;

const OURS = "#1f6feb";
const THEIRS = "#8b949e";

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function bar(row: Row, y: number, scale: number, ours: boolean): string {
  // A program that failed has a name and no bar.
  const [low, median, high] = [row.value.low, row.value.median, row.value.high]
    .map((value) => Number.isFinite(value) ? value : 0);
  const x = (value: number) => (NAMES + value * scale).toFixed(1);
  const middle = y + LINE / 2;
  return [
    `<text x="${NAMES - 8}" y="${middle + 4}" text-anchor="end">${
      escape(row.name)
    }</text>`,
    `<rect x="${NAMES}" y="${y + 4}" width="${
      (median * scale).toFixed(1)
    }" height="${LINE - 8}" fill="${ours ? OURS : THEIRS}"/>`,
    `<path d="M${x(low)} ${middle}H${x(high)}" stroke="#24292f"/>`,
    `<text x="${(NAMES + Math.max(median, high) * scale + 6).toFixed(1)}" y="${
      middle + 4
    }">${number(row.value.median)}</text>`,
  ].join("\n");
}

/** All cases of a topic as an SVG. */
export function plot(
  cases: readonly CaseResult[],
  ours: (name: string) => boolean,
): string {
  const parts: string[] = [];
  let y = 0;
  for (const { title, unit, better, rows } of cases) {
    const most = rows.flatMap(({ value }) => [value.median, value.high])
      .filter(Number.isFinite)
      .reduce((most, value) => Math.max(most, value), Number.MIN_VALUE);
    parts.push(
      `<text x="12" y="${y + 28}" font-weight="bold">${escape(title)}</text>`,
      `<text x="${WIDTH - 12}" y="${y + 28}" text-anchor="end" fill="#57606a">${
        escape(unit)
      }, ${better} is better</text>`,
    );
    y += TITLE;
    for (const row of rows) {
      parts.push(bar(row, y, BARS / most, ours(row.name)));
      y += LINE;
    }
  }
  const height = y + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<g fill="#24292f">
${parts.join("\n")}
</g>
</svg>
`;
}
