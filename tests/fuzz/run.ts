// Runs a target on many inputs. Each is read twice, with different bytes around
// it: an answer that differs has read outside.

import process from "node:process";
import { mutate, Random } from "./random.ts";
import { LONGEST, MARGIN, type Target } from "./target.ts";

/** The options of a run. */
export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** Inputs kept from earlier runs. */
  readonly corpus?: readonly Uint8Array[];
}

/** An input on which a target did what it must not. */
export class Finding extends Error {
  constructor(
    readonly target: string,
    readonly input: Uint8Array,
    what: string,
    options?: ErrorOptions,
  ) {
    const hex = Array.from(input, (b) => b.toString(16).padStart(2, "0"));
    super(`${target}: ${what}\ninput: ${hex.join("")}`, options);
  }
}

/** A single input that takes longer is taken for a loop, ms. */
const TIMEOUT = 1000;

class Arena {
  readonly #quiet = new Uint8Array(LONGEST + 2 * MARGIN);
  readonly #loud = new Uint8Array(LONGEST + 2 * MARGIN).fill(0xff);

  constructor(readonly target: Target) {}

  /** @throws {Finding} */
  try(input: Uint8Array, length: number): void {
    const quiet = this.#read(this.#quiet, input, length, 0);
    const loud = this.#read(this.#loud, input, length, 0xff);
    if (quiet !== loud) {
      throw new Finding(
        this.target.name,
        input.slice(0, length),
        `it read outside its input: ${quiet}\nbut ${loud}`,
      );
    }
  }

  #read(
    memory: Uint8Array<ArrayBuffer>,
    input: Uint8Array,
    length: number,
    around: number,
  ): string {
    memory.fill(around, MARGIN + length, MARGIN + LONGEST);
    memory.set(input.subarray(0, length), MARGIN);
    const started = performance.now();
    let reported: string;
    try {
      reported = this.target.read(memory.buffer, MARGIN, length);
    } catch (cause) {
      throw new Finding(
        this.target.name,
        input.slice(0, length),
        `it threw ${cause instanceof Error ? cause.stack : cause}`,
        { cause },
      );
    }
    if (performance.now() - started > TIMEOUT && this.#hangs(memory, length)) {
      throw new Finding(this.target.name, input.slice(0, length), "it hangs");
    }
    return reported;
  }

  /** Whether it takes long again: it may have been the process that waited. */
  #hangs(memory: Uint8Array<ArrayBuffer>, length: number): boolean {
    const before = process.cpuUsage().user;
    this.target.read(memory.buffer, MARGIN, length);
    return (process.cpuUsage().user - before) / 1000 > TIMEOUT;
  }
}

/**
 * Reads every seed, then mutations of them; resolves to the number of inputs.
 *
 * @throws {Finding}
 */
export function fuzz(
  target: Target,
  { cases, seed, corpus = [] }: FuzzOptions,
): number {
  const arena = new Arena(target);
  const random = new Random(seed);
  const seeds = [...corpus, ...target.seeds()]
    .filter(({ length }) => length <= LONGEST);
  for (const input of seeds) arena.try(input, input.length);
  const work = new Uint8Array(LONGEST);
  for (let n = seeds.length; n < cases; n++) {
    const from = random.pick(seeds);
    work.set(from);
    arena.try(work, mutate(work, from.length, LONGEST, random));
  }
  return Math.max(cases, seeds.length);
}
