// What the kernel gets round to in its own time.

import { SLOWNESS } from "./timing.ts";

/** Links take a moment to find their state: looks again until it fits. */
export async function settled<T>(look: () => Promise<T>): Promise<T> {
  const end = performance.now() + 5000 * SLOWNESS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
