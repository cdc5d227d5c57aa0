// When the picture has to be drawn again.

import { TimeoutError } from "../../lib/errors.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";

/** A change seldom comes alone: they are drawn together once this is over. */
const QUIET = 50;

/** Resolves when something has changed, and what came with it. */
export async function change(
  monitor: Monitor,
  signal: AbortSignal,
): Promise<void> {
  await monitor.receive({ signal });
  const end = performance.now() + QUIET;
  try {
    for (;;) {
      const timeout = Math.max(0, end - performance.now());
      await monitor.receive({ signal, timeout });
    }
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}
