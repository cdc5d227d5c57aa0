// Some shells hand over the words of a line as they were typed.

const DELIMITERS = /'([^']*)'?|"((?:\\[^]|[^"\\])*)"?|\\([^])|[^'"\\]+/g;

/** What the shell would make of a word, were it finished. */
export function unquote(word: string): string {
  return word.replace(
    DELIMITERS,
    (plain, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\([$`"\\])/g, "$1") ?? escaped ?? plain,
  );
}
