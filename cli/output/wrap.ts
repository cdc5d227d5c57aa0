// Prose broken into lines.

/** Breaks text at spaces so that no line with its indent exceeds the width. */
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

/** The same behind a lead, the lines after the first under its end. */
export function hang(lead: string, text: string): string {
  return lead + wrap(text, " ".repeat(lead.length)).slice(lead.length);
}
