// Removes shell quotes: bash and fish pass words as typed.

const DELIMITERS = /'([^']*)'?|"((?:\\[^]|[^"\\])*)"?|\\([^])|[^'"\\]+/g;

/** A word without quotes, of which the last may be unclosed. */
export function unquote(word: string): string {
  return word.replace(
    DELIMITERS,
    (plain, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\([$`"\\])/g, "$1") ?? escaped ?? plain,
  );
}
