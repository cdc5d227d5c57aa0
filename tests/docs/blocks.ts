// The code blocks and inline commands of a Markdown page.

/** A fenced block. */
export interface Block {
  /** The first word after the fence: "sh", "console", "ts" ... */
  readonly language: string;
  /** The file that a reader saves it as: "server.ts" in "```ts ignore server.ts". */
  readonly file: string | undefined;
  readonly text: string;
  /** Line of its fence, for messages. */
  readonly line: number;
}

/** The blocks of a Markdown text, in order. */
export function blocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\S+)(.*)\n([^]*?)^```$/gm)].map(
    ({ 1: language, 2: info, 3: text, index }) => ({
      language,
      file: info.split(" ").find((word) => word.includes(".")),
      text,
      line: lineOf(markdown, index),
    }),
  );
}

/** A command line outside of a console block, where its output is not shown. */
export interface CommandLine {
  readonly text: string;
  readonly line: number;
}

/** Programs whose command lines are checked wherever a page names them. */
const PROGRAMS = /^(?:netplumb|deno|npx|man|bash) /;

/** Command lines in code spans and in blocks of the languages sh and ini. */
export function commandLines(markdown: string): CommandLine[] {
  const found: CommandLine[] = [];
  const prose = markdown.replace(
    /^```(\S+).*\n([^]*?)^```$/gm,
    (block, language, text, index) => {
      if (language === "sh" || language === "ini") {
        for (const [at, line] of text.split("\n").entries()) {
          const start = line.search(/(?:^|[\s/])(?:netplumb|deno|npx|bash) /);
          const command = line.slice(start).replace(/^[\s/]/, "")
            .replace(/\s+#.*$/, "");
          if (start >= 0 && !line.startsWith("#")) {
            found.push({
              text: command,
              line: lineOf(markdown, index) + 1 + at,
            });
          }
        }
      }
      // Keeps the numbers of the lines.
      return block.replace(/[^\n]/g, "");
    },
  );
  for (const { 1: span, index } of prose.matchAll(/`([^`]+)`/g)) {
    const text = span.replace(/\s+/g, " ");
    if (PROGRAMS.test(text)) found.push({ text, line: lineOf(prose, index) });
  }
  return found;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
/** A command of a console block and its expected output. */
export interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

/** The steps of a console block: "$ " precedes each command. */
export function steps(block: Block): Step[] {
  return block.text.trimEnd().split(/^\$ /m).slice(1).map((part) => {
    const lines = part.trimEnd().split("\n");
    let end = 1;
    // A backslash continues a command.
    while (lines[end - 1].endsWith("\\")) end++;
    return {
      command: lines.slice(0, end).join("\n"),
      expected: lines.slice(end),
    };
  });
}

/** Parts of the output that differ between runs. */
const MOVING: readonly (readonly [RegExp, string])[] = [
  [/…/g, ".*"],
  [/\d+\\\.\d+(?= m?s\b)/g, "[\\d.]+"],
  [/(?<="milliseconds":)[\d\\.]+/g, "[\\d.]+"],
  [/(?<="port":)\d{5}\b/g, "\\d+"],
  // An ephemeral port.
  [/(?<=:)(?:3[2-9]|[45]\d|60)\d{3}\b/g, "\\d+"],
  [/(?<="(?:ifindex|index|pid)":)\d+/g, "\\d+"],
  [/(?<=^|[^\da-f:])(?:[\da-f]{2}:){5}[\da-f]{2}\b/g, "[\\da-f:]{17}"],
  [/fe80::[\da-f:]+/g, "fe80::[\\da-f:]+"],
  [/\b\d\d:\d\d:\d\d(?:\\\.\d+)?/g, "\\d\\d:\\d\\d:\\d\\d[.\\d]*"],
  [/\b\d{4}-\d\d-\d\d\b/g, "\\d{4}-\\d\\d-\\d\\d"],
  [/\\\(\d{3,}\\\)/g, "\\(\\d+\\)"],
];

/** The pattern that a line of a page matches. */
export function pattern(line: string): RegExp {
  const plain = line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const source = MOVING.reduce(
    (text, [from, to]) => text.replace(from, to),
    plain,
  );
  return new RegExp(`^${source}\\s*$`);
}
