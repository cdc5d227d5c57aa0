// Colours of the help. node:util has them too, but takes 15 ms to import.

/** The codes that begin and end each style. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  yellow: [33, 39],
  blueBright: [94, 39],
  magentaBright: [95, 39],
} as const;

export type Style = keyof typeof CODES;

/** Text in a style. Source: ECMA-48, SGR. */
export function styled(style: Style, text: string): string {
  const [on, off] = CODES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** Text without styles. */
export function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[\d;]*m/g, "");
}
