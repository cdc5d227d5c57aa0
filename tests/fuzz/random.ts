// A generator whose every case can be made again from its seed.

/** Gives whole numbers below a bound; xorshift32, quick rather than good. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) | 1;
  }

  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % bound;
  }

  pick<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)];
  }
}

/** Lengths and counts that code gets wrong. */
const ODD = [
  ...[0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 20, 28, 31, 32, 33, 64],
  ...[127, 128, 255, 256, 1024, 0x7fff, 0x8000, 0xfffe, 0xffff],
];

/**
 * Changes `length` bytes of `bytes` in place, in one to six places; gives the
 * new length, within the available space.
 */
export function mutate(
  bytes: Uint8Array,
  length: number,
  space: number,
  random: Random,
): number {
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    if (length === 0) length = 1 + random.below(Math.min(space, 64));
    const at = random.below(length);
    switch (random.below(8)) {
      case 0:
        bytes[at] ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.below(256);
        break;
      case 2: { // A 16-bit length, where such things stand.
        const value = random.pick(ODD);
        const even = at & ~1;
        bytes[even] = value & 255;
        if (even + 1 < length) bytes[even + 1] = value >> 8;
        break;
      }
      case 3: { // A 32-bit one.
        const value = random.below(4) === 0 ? -1 : random.pick(ODD);
        for (let i = 0; i < 4 && (at & ~3) + i < length; i++) {
          bytes[(at & ~3) + i] = value >> (8 * i);
        }
        break;
      }
      case 4:
        length = random.below(length + 1);
        break;
      case 5: { // Longer, by what stands there or by bytes at random.
        const more = Math.min(space - length, 1 + random.below(32));
        for (let i = 0; i < more; i++) bytes[length + i] = random.below(256);
        length += more;
        break;
      }
      case 6: { // One part over another.
        const from = random.below(length);
        const size = Math.min(
          1 + random.below(32),
          length - Math.max(from, at),
        );
        bytes.copyWithin(at, from, from + size);
        break;
      }
      default: // A type or flag one off.
        bytes[at] += random.below(2) === 0 ? 1 : 255;
    }
  }
  return length;
}
