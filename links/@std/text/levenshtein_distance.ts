// The part of @std/text that the command uses. No package underneath: for these
// few lines, loading one takes longer than all the rest of --help.

/** How many letters have to be changed, added or dropped. */
export function levenshteinDistance(str1: string, str2: string): number {
  const [from, to] = [[...str1], [...str2]];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}
