// The fuzzers on a short budget: every input of the corpus, and as many others
// as go into a second or so. `deno task fuzz` is the long run.

import { assertEquals, assertThrows } from "@std/assert";
import { libc, substitute } from "../../ffi/libc.ts";
import { readCorpus } from "./corpus.ts";
import { Finding, fuzz } from "./run.ts";
import type { Target } from "./target.ts";
import { targets } from "./targets/mod.ts";

// Opened before the first test, which would own its handle.
libc();

const CASES = 20_000;
/** Another each day, so that CI sees more than one run's inputs. */
const SEED = Math.floor(Date.now() / 86_400_000);

for (const target of targets) {
  const cases = CASES / (target.cost ?? 1);
  Deno.test(`fuzz ${target.name}: ${cases} inputs, seed ${SEED}`, () => {
    const corpus = readCorpus(target.corpus ?? target.name);
    // No input may reach a kernel: some kernels crash from messages.
    using _libc = substitute((real) =>
      Object.fromEntries(
        Object.keys(real).map((name) => [name, () => {
          throw new Error(`${name}() called`);
        }]),
      )
    );
    assertEquals(fuzz(target, { cases, seed: SEED, corpus }), cases);
  });
}

const faulty = (read: Target["read"]): Target => ({
  name: "faulty",
  seeds: () => [new Uint8Array(8)],
  read,
});
const short = { cases: 1000, seed: 1 };

Deno.test("the fuzzer finds what throws, now and then", () => {
  const throws = faulty((arena, start, length) => {
    if (length > 4 && new Uint8Array(arena)[start + 3] === 0xff) {
      throw new RangeError("outside");
    }
    return "";
  });
  assertThrows(() => fuzz(throws, short), Finding, "RangeError: outside");
});

Deno.test("the fuzzer finds what reads a byte too far or too early", () => {
  const late = faulty((arena, start, length) =>
    `${new Uint8Array(arena)[start + length]}`
  );
  assertThrows(() => fuzz(late, short), Finding, "read outside");
  const early = faulty((arena, start) => `${new Uint8Array(arena)[start - 1]}`);
  assertThrows(() => fuzz(early, short), Finding, "read outside");
});

Deno.test("the same seed makes the same inputs", () => {
  const seen = (seed: number) => {
    let reported = 0;
    const listens = faulty((arena, start, length) => {
      for (let i = 0; i < length; i++) {
        reported =
          (Math.imul(reported, 31) + new Uint8Array(arena)[start + i]) | 0;
      }
      return "";
    });
    fuzz(listens, { cases: 200, seed });
    return reported;
  };
  assertEquals(seen(7), seen(7));
});
