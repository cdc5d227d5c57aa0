// "Did you mean": cliffy does it for what it finds unknown itself.

import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** The known word nearest to what was typed, unless none is near. */
export function suggest(typed: string, known: string[]): string | undefined {
  const near = known.map((word) => ({
    word,
    steps: levenshteinDistance(typed, word),
  }))
    .filter(({ word, steps }) => steps <= Math.max(word.length, 4) / 2)
    .sort((a, b) => a.steps - b.steps);
  return near[0]?.word;
}
