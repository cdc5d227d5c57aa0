// The normal distribution in the format of netem. Source: linux/pkt_sched.h.

/** NETEM_DIST_SCALE: a standard deviation. */
const SCALE = 8192;
const SIZE = 4096;

/** The inverse of the distribution function at equal steps, as `__s16`. */
export function distribution(): Uint8Array<ArrayBuffer> {
  const table = new Int16Array(SIZE);
  for (let i = 0; i < SIZE; i++) {
    const deviation = quantile((i + 0.5) / SIZE);
    table[i] = Math.max(-32768, Math.min(32767, Math.round(SCALE * deviation)));
  }
  return new Uint8Array(table.buffer);
}

/** The quantile of the standard normal distribution, by bisection. */
function quantile(probability: number): number {
  let [low, high] = [-5, 5];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (below(middle) < probability) low = middle;
    else high = middle;
  }
  return low;
}

/** The share below a value: series of Marsaglia, 2004. */
function below(value: number): number {
  let sum = value;
  let term = value;
  for (let i = 3; Math.abs(term) > 1e-12; i += 2) {
    term *= value * value / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-value * value / 2) / Math.sqrt(2 * Math.PI);
}
