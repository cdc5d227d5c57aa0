// "Did you mean" suggestions; cliffy has them for its own errors.

import { levenshteinDistance } from "@std/text/levenshtein-distance";

/**
 * The only known word that begins with the typed one, or the one with the
 * smallest edit distance, if one is similar.
 */
export function suggest(typed: string, known: string[]): string | undefined {
  const longer = known.filter((word) => word.startsWith(typed));
  if (longer.length === 1) return longer[0];
  const near = known.map((word) => ({
    word,
    distance: levenshteinDistance(typed, word),
  }))
    .filter(({ word, distance }) => distance <= Math.max(word.length, 4) / 2)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.word;
}
