// Events that a monitor has received and its caller has not read.

import type { MonitorEvent } from "./event.ts";

/** A queue to which whole lists are added. */
export class EventQueue {
  #events: MonitorEvent[] = [];
  #next = 0;

  get length(): number {
    return this.#events.length - this.#next;
  }

  /** Adds events; the list belongs to the queue then. */
  add(events: MonitorEvent[]): void {
    if (this.length === 0) {
      this.#events = events;
      this.#next = 0;
      return;
    }
    // What was read is removed when it is half of the list: linear in all.
    if (this.#next > this.length) this.#events = this.takeAll();
    for (const event of events) this.#events.push(event);
  }

  /** The oldest event, if there is one. */
  take(): MonitorEvent | undefined {
    if (this.#next < this.#events.length) return this.#events[this.#next++];
    this.clear();
    return undefined;
  }

  takeAll(): MonitorEvent[] {
    const events = this.#next === 0
      ? this.#events
      : this.#events.slice(this.#next);
    this.clear();
    return events;
  }

  clear(): void {
    this.#events = [];
    this.#next = 0;
  }
}
