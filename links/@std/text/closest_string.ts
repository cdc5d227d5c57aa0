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
  const steps = possibleWords.map((word) =>
    levenshteinDistance(given, word.toLowerCase())
  );
  return possibleWords[steps.indexOf(Math.min(...steps))];
}
