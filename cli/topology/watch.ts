// Waits for changes of the topology.

import { TimeoutError } from "../../lib/errors.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";

/** Milliseconds in which further changes are collected. */
const COLLECT = 50;

/**
 * Resolves after a change and the changes that follow it within a short time.
 */
export async function waitForChange(
  monitor: Monitor,
  signal: AbortSignal,
): Promise<void> {
  await monitor.receive({ signal });
  const end = performance.now() + COLLECT;
  try {
    for (;;) {
      const timeout = Math.max(0, end - performance.now());
      await monitor.receive({ signal, timeout });
    }
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}
