// Events told one after the other, and counted, until it is enough.

import { realTime } from "../../lib/clock.ts";
import type { MonitorEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { type Told, told } from "./told.ts";

/** What a monitor told, all in all. */
export interface Totals {
  /** Objects that are new, changed or gone; not those of the snapshot. */
  events: number;
  /** How often events were lost. */
  overruns: number;
  /** How often everything was read again, to the end. */
  resynchronisations: number;
  /** Events among them that only reading again brought to light. */
  corrections: number;
}

/** Until when to follow, and what to do with the events. */
export interface FollowOptions {
  readonly totals: Totals;
  /** Events after which it ends; those of the snapshot do not count. */
  readonly count: number;
  /** What ends it otherwise. */
  readonly signal: AbortSignal;
  tell(told: Told): void;
  /** Resolves when there is room to tell more. */
  ready(): Promise<void>;
}

/** Tells all that a monitor tells, until it is enough or the signal says so. */
export async function follow(
  monitor: Monitor,
  { totals, count, signal, tell, ready }: FollowOptions,
): Promise<void> {
  try {
    for (;;) {
      const events = await monitor.receive({ signal });
      const time = realTime();
      for (const event of events) {
        const one = told(event, time, signal);
        // Most need no promise, and there may be half a million a second.
        tell(one instanceof Promise ? await one : one);
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
