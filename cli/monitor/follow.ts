// Receives, counts and reports the events of a monitor.

import { realTime } from "../../lib/clock.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { type NamedEvent, nameEvent } from "./named_event.ts";
import { countEvent, type Totals } from "./totals.ts";

/** When to stop, and where to report events. */
export interface FollowOptions {
  readonly totals: Totals;
  /** Events after which it stops, without the snapshot. */
  readonly count: number;
  /** Stops it. */
  readonly signal: AbortSignal;
  report(event: NamedEvent): void;
  /** Resolves when the output accepts more. */
  ready(): Promise<void>;
}

/** Reports events until the count or the signal. */
export async function follow(
  monitor: Monitor,
  { totals, count, signal, report, ready }: FollowOptions,
): Promise<void> {
  try {
    for (;;) {
      const events = await monitor.receive({ signal });
      const time = realTime();
      for (const event of events) {
        const named = nameEvent(event, time, signal);
        // Most events need no promise; there can be 500,000 a second.
        report(named instanceof Promise ? await named : named);
        countEvent(totals, event);
        if (totals.events >= count) return;
      }
      await ready();
    }
  } catch (error) {
    if (error !== signal.reason) throw error;
  }
}
