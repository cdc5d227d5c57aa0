// The totals of a monitor.

import type {
  MonitoredObject,
  MonitorEvent,
} from "../../lib/rtnetlink/monitor/event.ts";

/** The totals of a monitor. */
export interface Totals {
  /** Events of objects, without the snapshot. */
  events: number;
  /** The same, by type of object. */
  byObject: Record<MonitoredObject, number>;
  /** Overruns of the receive buffer. */
  overruns: number;
  /** Completed resynchronisations. */
  resynchronisations: number;
  /** Events that were found by dumps. */
  corrections: number;
}

/** Totals of objects, in the order of --help. */
export function noTotals(objects: readonly MonitoredObject[]): Totals {
  const byObject = Object.fromEntries(objects.map((object) => [object, 0]));
  return {
    events: 0,
    byObject: byObject as Totals["byObject"],
    overruns: 0,
    resynchronisations: 0,
    corrections: 0,
  };
}

/** Counts an event. */
export function countEvent(totals: Totals, event: MonitorEvent): void {
  if ("object" in event) {
    if (event.origin === "snapshot") return;
    totals.events++;
    totals.byObject[event.object]++;
    if (event.origin !== "kernel") totals.corrections++;
  } else if (event.event === "overrun") totals.overruns++;
  else if (event.event === "resynchronised") totals.resynchronisations++;
}
