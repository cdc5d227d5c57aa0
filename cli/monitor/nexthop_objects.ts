// The nexthop objects of a monitor, for the details of routes.

import type { MonitorEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import type { Nexthop } from "../../lib/rtnetlink/nexthop.ts";

/** The nexthop objects of each namespace, by id. */
export class NexthopObjects {
  readonly #monitor: Monitor;
  readonly #byNamespace = new Map<string | undefined, Map<number, Nexthop>>();

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  /** Applies an event; the nexthop objects of its namespace, for a route. */
  at(event: MonitorEvent): ReadonlyMap<number, Nexthop> | undefined {
    if (event.event === "removed") this.#byNamespace.delete(event.namespace);
    if (!("object" in event)) return undefined;
    const { object, data, namespace } = event;
    if (object === "nexthop") {
      const known = this.#byNamespace.get(namespace);
      if (event.event === "delete") known?.delete(data.id);
      else known?.set(data.id, data);
    } else if (object === "route" && data.nexthopId !== undefined) {
      return this.#of(namespace);
    }
  }

  #of(namespace: string | undefined): ReadonlyMap<number, Nexthop> {
    let known = this.#byNamespace.get(namespace);
    if (known === undefined) {
      const all = this.#monitor.all("nexthop", namespace);
      known = new Map(all.map((nexthop) => [nexthop.id, nexthop]));
      this.#byNamespace.set(namespace, known);
    }
    return known;
  }
}
