// Colours, only on a terminal.

/** Whether a stream is a colour terminal, by NO_COLOR and TERM. */
export function wantsColor(stream: { isTerminal(): boolean }): boolean {
  if (Deno.noColor || !stream.isTerminal()) return false;
  const term = Deno.permissions.querySync({ name: "env", variable: "TERM" });
  return term.state !== "granted" || Deno.env.get("TERM") !== "dumb";
}

type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** Functions that colour text, or return it unchanged. */
export function style(color: boolean): Style {
  const paint = (on: number, off: number): Paint =>
    color ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
