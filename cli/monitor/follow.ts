// Receives, counts and reports the events of a monitor.

import { realTime } from "../../lib/clock.ts";
import type { MonitorEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { type NamedEvent, nameEvent } from "./named_event.ts";

/** The totals of a monitor. */
export interface Totals {
  /** Events of objects, without the snapshot. */
  events: number;
  /** Overruns of the receive buffer. */
  overruns: number;
  /** Completed resynchronisations. */
  resynchronisations: number;
  /** Events that were found by dumps. */
  corrections: number;
}

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
        add(totals, event);
        if (totals.events >= count) return;
      }
      await ready();
    }
  } catch (error) {
    if (error !== signal.reason) throw error;
  }
}

function add(totals: Totals, event: MonitorEvent): void {
  if ("object" in event) {
    if (event.origin !== "snapshot") totals.events++;
    if (event.origin === "recovered" || event.origin === "unannounced") {
      totals.corrections++;
    }
  } else if (event.event === "overrun") totals.overruns++;
  else if (event.event === "resynchronised") totals.resynchronisations++;
}
