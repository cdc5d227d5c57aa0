// "Did you mean": cliffy does it for what it finds unknown itself.

/** How many letters have to be changed, added or dropped (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** The known word nearest to what was typed, unless none is near. */
export function suggest(typed: string, known: string[]): string | undefined {
  const near = known.map((word) => ({ word, steps: distance(typed, word) }))
    .filter(({ word, steps }) => steps <= Math.max(word.length, 4) / 2)
    .sort((a, b) => a.steps - b.steps);
  return near[0]?.word;
}
