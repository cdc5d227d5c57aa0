// Terminal content as SVG, with text that can be searched and copied.

/** A piece of a line with one style. */
export interface Run {
  readonly text: string;
  /** One of the 16 colours; undefined is the default. */
  readonly color: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly inverse: boolean;
}

interface Pen {
  color: number | undefined;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
}

const plain = (): Pen => ({
  color: undefined,
  bold: false,
  dim: false,
  inverse: false,
});

/** Applies a "Select Graphic Rendition" to a style. Source: ECMA-48. */
function select(pen: Pen, parameters: string): void {
  for (const code of parameters.split(";").map(Number)) {
    if (code === 0) Object.assign(pen, plain());
    else if (code === 1) pen.bold = true;
    else if (code === 2) pen.dim = true;
    else if (code === 7) pen.inverse = true;
    else if (code === 22) pen.bold = pen.dim = false;
    else if (code === 27) pen.inverse = false;
    else if (code >= 30 && code <= 37) pen.color = code - 30;
    else if (code >= 90 && code <= 97) pen.color = code - 90 + 8;
    else if (code === 39) pen.color = undefined;
  }
}

/** The lines of a screen in the format of `tmux capture-pane -e -p`. */
export function readScreen(screen: string): Run[][] {
  const pen = plain();
  return screen.trimEnd().split("\n").map((line) => {
    const runs: Run[] = [];
    // deno-lint-ignore no-control-regex -- escape sequences
    for (const [part, code] of line.matchAll(/\x1b\[([\d;]*)m|[^\x1b]+/g)) {
      if (code === undefined) runs.push({ ...pen, text: part });
      else select(pen, code);
    }
    return runs;
  });
}

/** The 16 colours, for a dark background. */
const COLORS = [
  ...["#6e7681", "#ff7b72", "#3fb950", "#d29922"],
  ...["#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"],
  ...["#8b949e", "#ffa198", "#56d364", "#e3b341"],
  ...["#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff"],
];
const INK = "#e6edf3";
const GROUND = "#0d1117";
const SIZE = 14;
const CELL = { width: 8.4, height: 18 };
const MARGIN = 16;

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

function attributes({ color, bold, dim, inverse }: Run): string {
  const ink = color === undefined ? INK : COLORS[color];
  return ` fill="${inverse ? GROUND : ink}"` +
    (bold ? ' font-weight="700"' : "") + (dim ? ' opacity=".65"' : "");
}

/** The words of a run; some viewers do not keep spaces. */
function words({ text, inverse }: Run): { text: string; at: number }[] {
  if (inverse) return [{ text, at: 0 }];
  return [...text.matchAll(/\S+(?: \S+)*/g)].map((found) => ({
    text: found[0],
    at: found.index,
  }));
}

/** A word with a fixed width: columns do not depend on the font. */
function draw(run: Run, column: number, top: number): string {
  const at = `x="${(MARGIN + column * CELL.width).toFixed(1)}"`;
  const width = (run.text.length * CELL.width).toFixed(1);
  const ground = run.inverse
    ? `<rect ${at} y="${top}" width="${width}" height="${CELL.height}" fill="${
      run.color === undefined ? INK : COLORS[run.color]
    }"/>`
    : "";
  return `${ground}<text ${at} y="${top + SIZE}" textLength="${width}"${
    attributes(run)
  }>${escaped(run.text)}</text>`;
}

/**
 * Draws a screen.
 *
 * @param screen The output of `tmux capture-pane -e -p`.
 * @param title The title, for screen readers.
 * @param columns The width of the terminal.
 */
export function terminalSvg(
  screen: string,
  title: string,
  columns: number,
): string {
  const lines = readScreen(screen);
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const body = lines.flatMap((runs, row) => {
    let column = 0;
    return runs.flatMap((run) => {
      const drawn = words(run).map(({ text, at }) =>
        draw({ ...run, text }, column + at, MARGIN + row * CELL.height)
      );
      column += run.text.length;
      return drawn;
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>text{font:${SIZE}px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${GROUND}"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}
