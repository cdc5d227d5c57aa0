// Text in columns and in lines of limited width.

import { printable } from "./printable.ts";

/** A table with the keys of the first row as headings. */
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

/** Wraps text at spaces; the width includes the indent. */
export function wrap(text: string, indent: string, width = 80): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((line) => indent + line).join("\n");
}

/** Wraps text after a label; further lines are indented by its width. */
export function hang(lead: string, text: string): string {
  return lead + wrap(text, " ".repeat(lead.length)).slice(lead.length);
}
