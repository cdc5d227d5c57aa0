// Queue of events that the caller did not read yet.

import type { MonitorEvent } from "./event.ts";

/** A queue to which lists of events are added. */
export class EventQueue {
  #events: MonitorEvent[] = [];
  #next = 0;

  get length(): number {
    return this.#events.length - this.#next;
  }

  /** Adds events; takes ownership of the list. */
  add(events: MonitorEvent[]): void {
    if (this.length === 0) {
      this.#events = events;
      this.#next = 0;
      return;
    }
    // Events that were read are removed when they are half of the list: linear.
    if (this.#next > this.length) this.#events = this.takeAll();
    for (const event of events) this.#events.push(event);
  }

  /** Removes and returns the oldest event. */
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
