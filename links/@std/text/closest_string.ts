import { levenshteinDistance } from "./levenshtein_distance.ts";

/** The word nearest to the given one, upper and lower case alike. */
export function closestString(
  givenWord: string,
  possibleWords: ReadonlyArray<string>,
): string {
  if (possibleWords.length === 0) {
    throw new TypeError("possibleWords must contain at least one word");
  }
  const given = givenWord.toLowerCase();
  let nearest = { word: "", steps: Infinity };
  for (const word of possibleWords) {
    const steps = levenshteinDistance(given, word.toLowerCase());
    if (steps < nearest.steps) nearest = { word, steps };
  }
  return nearest.word;
}
