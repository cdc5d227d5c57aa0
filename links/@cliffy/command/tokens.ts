// Splits a command line into options, their values and other words, as
// util.parseArgs() of Node does without `strict`; importing it would take 15 ms.

/** A part of a command line. */
export type Token =
  | {
    readonly kind: "option";
    /** As it was typed, without its value: "-p" or "--port". */
    readonly rawName: string;
    readonly index: number;
    readonly value: string | undefined;
  }
  | { readonly kind: "positional"; readonly index: number }
  | { readonly kind: "option-terminator"; readonly index: number };

/**
 * The tokens of a command line.
 *
 * @param takesValue Whether an option, as it was typed, requires a value.
 */
export function tokens(
  args: readonly string[],
  takesValue: (rawName: string) => boolean,
): Token[] {
  const found: Token[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (word === "--") {
      found.push({ kind: "option-terminator", index });
      for (index++; index < args.length; index++) {
        found.push({ kind: "positional", index });
      }
    } else if (word.startsWith("--")) {
      const equals = word.indexOf("=", 3);
      if (equals >= 0) {
        const rawName = word.slice(0, equals);
        const value = word.slice(equals + 1);
        found.push({ kind: "option", rawName, index, value });
      } else index = option(word, index);
    } else if (word.startsWith("-") && word.length > 1) {
      index = shortOptions(word, index);
    } else found.push({ kind: "positional", index });
  }
  return found;

  /** An option without a value in its word; returns the last used index. */
  function option(rawName: string, index: number): number {
    const value = takesValue(rawName) ? args[index + 1] : undefined;
    found.push({ kind: "option", rawName, index, value });
    return value === undefined ? index : index + 1;
  }

  /** `-a`, `-abc` for `-a -b -c`, `-pVALUE`, or `-abpVALUE`. */
  function shortOptions(word: string, index: number): number {
    for (let at = 1; at < word.length; at++) {
      const rawName = `-${word[at]}`;
      const isLast = at === word.length - 1;
      if (isLast) return option(rawName, index);
      if (takesValue(rawName)) {
        const value = word.slice(at + 1);
        found.push({ kind: "option", rawName, index, value });
        return index;
      }
      found.push({ kind: "option", rawName, index, value: undefined });
    }
    return index;
  }
}
