// The code blocks of a document.

/** A fenced block. */
export interface Block {
  /** What stands after the fence: "sh", "console", "ts" ... */
  readonly language: string;
  readonly text: string;
  /** Where it begins, for messages. */
  readonly line: number;
}

/** The blocks of a Markdown text, in order. */
export function blocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\S+).*\n([^]*?)^```$/gm)].map(
    ({ 1: language, 2: text, index }) => ({
      language,
      text,
      line: markdown.slice(0, index).split("\n").length,
    }),
  );
}

/** A command of a console block and what it is said to print. */
export interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

/** The steps of a console block: "$ " stands before each command. */
export function steps(block: Block): Step[] {
  return block.text.trimEnd().split(/^\$ /m).slice(1).map((part) => {
    const lines = part.trimEnd().split("\n");
    let end = 1;
    // A command goes on where its line says so.
    while (lines[end - 1].endsWith("\\")) end++;
    return {
      command: lines.slice(0, end).join("\n"),
      expected: lines.slice(end),
    };
  });
}

/** What differs from one run to the next. */
const MOVING: readonly (readonly [RegExp, string])[] = [
  [/…/g, ".*"],
  [/\d+\\\.\d+(?= m?s\b)/g, "[\\d.]+"],
  [/(?<="milliseconds":)[\d\\.]+/g, "[\\d.]+"],
  [/(?<="port":)\d{5}\b/g, "\\d+"],
  // A port that the kernel picked.
  [/(?<=:)(?:3[2-9]|[45]\d|60)\d{3}\b/g, "\\d+"],
  [/(?<="(?:ifindex|index|pid)":)\d+/g, "\\d+"],
  [/(?<=^|[^\da-f:])(?:[\da-f]{2}:){5}[\da-f]{2}\b/g, "[\\da-f:]{17}"],
  [/fe80::[\da-f:]+/g, "fe80::[\\da-f:]+"],
  [/\b\d\d:\d\d:\d\d(?:\\\.\d+)?/g, "\\d\\d:\\d\\d:\\d\\d[.\\d]*"],
  [/\b\d{4}-\d\d-\d\d\b/g, "\\d{4}-\\d\\d-\\d\\d"],
  [/\\\(\d{3,}\\\)/g, "\\(\\d+\\)"],
];

/** What a line of a document stands for. */
export function pattern(line: string): RegExp {
  const plain = line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const source = MOVING.reduce(
    (text, [from, to]) => text.replace(from, to),
    plain,
  );
  return new RegExp(`^${source}\\s*$`);
}
