// Rows under headings, for people.

import { printable } from "./printable.ts";

/** Columns in the order of the first row's keys, as wide as their widest cell. */
export function table(
  rows: ReadonlyArray<Readonly<Record<string, string>>>,
  indent = "",
): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((c) => row[c]))]
    .map((row) => row.map((cell) => printable(cell ?? "")));
  const widths = columns.map((_, at) =>
    cells.reduce((most, row) => Math.max(most, row[at].length), 0)
  );
  return cells.map((row) =>
    indent + row.map((cell, at) => cell.padEnd(widths[at])).join("  ").trimEnd()
  ).join("\n");
}
