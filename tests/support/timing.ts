// What ends at once, and what leaves things as they were.

import { assert } from "@std/assert";
import { assertDescriptors, ownedDescriptors } from "./descriptors.ts";

/** How much slower things are than on a machine of its own: see kernels/. */
export const SLOWNESS = Number(Deno.env.get("NETPLUMB_TEST_SLOWNESS") ?? 1);

/** Upper bound of a cancellation by close(), with a margin for a busy machine. */
const AT_ONCE = 100 * SLOWNESS;

/** Runs `body` and fails unless it took less than 100 ms. */
export async function atOnce<T>(body: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await body();
  const took = performance.now() - start;
  assert(took < AT_ONCE, `took ${took.toFixed(1)} ms`);
  return result;
}

/** Runs `body` and fails unless the descriptors are then those of before. */
export async function leavesNoDescriptor(
  body: () => Promise<void> | void,
): Promise<void> {
  const before = ownedDescriptors();
  await body();
  await assertDescriptors(before);
}
