// Chance that can be repeated.

/** Numbers below a limit, the same ones for the same seed. */
export function random(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    // Numerical Recipes' linear congruential generator: its high bits will do.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}
