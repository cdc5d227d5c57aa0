// The cache of a monitor, compared with the kernel and with its events.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { changesOf } from "../../cli/monitor/changes.ts";
import { ClosedError } from "../../lib/errors.ts";
import { ipAddress } from "../../lib/iproute2/address.ts";
import { ipLink } from "../../lib/iproute2/link.ts";
import { ipNeighbour } from "../../lib/iproute2/neighbour.ts";
import { ipRoute } from "../../lib/iproute2/route.ts";
import { ipRule } from "../../lib/iproute2/rule.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type {
  AnyObjectEvent,
  MonitoredObject,
  MonitorEvent,
  ObjectEvent,
} from "../../lib/rtnetlink/monitor/event.ts";
import {
  Monitor,
  type MonitorOptions,
} from "../../lib/rtnetlink/monitor/monitor.ts";
import { MONITORED_OBJECTS } from "../../lib/rtnetlink/monitor/cache.ts";
import { withoutLocks } from "./same_json.ts";
import { Lab, type Netns } from "./netns.ts";
import { SLOWNESS } from "./timing.ts";

/** Opens a monitor of a namespace. */
export function openMonitor(
  netns: Netns,
  options: MonitorOptions = {},
): Promise<Monitor> {
  return Monitor.open({ namespace: netns.name, ...options });
}

/** Aborting and closing end a pending receive, and none begins after that. */
export async function assertEndsWhatWaits(watching: Monitor): Promise<void> {
  const stop = new AbortController();
  const aborted = watching.receive({ signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
  const pending = watching.receive();
  const closing = watching.close();
  await assertRejects(() => pending, ClosedError);
  await closing;
  await assertRejects(() => watching.receive(), ClosedError);
}

/** Whether it has this short form. */
export const is = (words: string) => (event: MonitorEvent) =>
  brief(event) === words;

/** The events about one kind of object. */
export function about<K extends MonitoredObject>(
  events: readonly MonitorEvent[],
  object: K,
): ObjectEvent<K>[] {
  return events.filter((event) => "object" in event && event.object === object)
    .map((event) => event as unknown as ObjectEvent<K>);
}

/** A link up with addresses, its peer, and another pair. */
export async function routed(): Promise<Lab<"ns"> & { readonly ns: Netns }> {
  const lab = await Lab.open("ns");
  await lab.ns.batch(`
    link add one type veth peer name onepeer
    link add two type veth peer name twopeer
    link set one up
    link set two up
    link set onepeer up
    link set twopeer up
    address add 10.0.0.1/24 dev one
    address add 10.9.0.1/24 dev two
    address add 2001:db8::1/64 dev one
    address add 2001:db8:9::1/64 dev two`);
  return lab;
}

/** Times, and the reference counts of qdiscs. */
const MOVING = [
  "cache",
  "lifetime",
  "probes",
  "change",
  "info",
  "timer",
  "multicastGroups",
];

/** An object as text, but for what moves by itself and what is of an event. */
function plain(object: unknown): string {
  const { family, ifindex, name, master, portData } = object as Link;
  // The rest of a port is reported with its link.
  const reported = family === "bridge"
    ? { family, ifindex, name, master, portData: withoutTimers(portData) }
    : object;
  return JSON.stringify(reported, (key, value) => {
    const moves = MOVING.includes(key) ||
      key === "state" && family === "bridge";
    // A field left out says the same as one that is undefined.
    return moves || key.startsWith("new") && /^new[A-Z]/.test(key)
      ? undefined
      : typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value;
  });
}

/** Options of a port, except those that change by themselves. */
function withoutTimers(data: Link["portData"]) {
  return Object.fromEntries(
    Object.entries(data ?? {}).filter(([key]) => !key.endsWith("_timer")),
  );
}

type Known = Record<string, string[]>;

/** All that a monitor knows, or knows of a namespace, sorted. */
export function known(monitor: Monitor, namespace?: string): Known {
  return Object.fromEntries(
    typesOf(monitor, namespace).map((kind) => [
      kind,
      monitor.all(kind, namespace).map(plain).sort(),
    ]),
  );
}

/** The types that a monitor was opened for. */
export function typesOf(
  monitor: Monitor,
  namespace?: string,
): MonitoredObject[] {
  return MONITORED_OBJECTS.filter((kind) => {
    try {
      return monitor.all(kind, namespace);
    } catch {
      return false;
    }
  });
}

/** What events make of nothing, whoever applies them. */
export class Replay {
  readonly #objects = new Map<string, Map<string, number>>();

  /** Applies events; the kinds of those that cannot be true. */
  apply(events: readonly MonitorEvent[]): string[] {
    return events.filter((event) => "object" in event)
      .flatMap((event) => this.#apply(event));
  }

  get known(): Known {
    return Object.fromEntries(
      [...this.#objects].map(([kind, objects]) => [
        kind,
        [...objects].flatMap(([text, count]) => Array(count).fill(text)).sort(),
      ]),
    );
  }

  #apply({ event, object, data, previous }: AnyObjectEvent): string[] {
    const objects = this.#objects.get(object) ?? new Map<string, number>();
    this.#objects.set(object, objects);
    const lies: string[] = [];
    if (event !== "new") {
      const text = plain(previous);
      const count = objects.get(text);
      if (count === undefined) lies.push(`${event} of unknown ${text}`);
      else if (count === 1) objects.delete(text);
      else objects.set(text, count - 1);
    }
    if (event !== "delete") {
      const text = plain(data);
      objects.set(text, (objects.get(text) ?? 0) + 1);
    }
    return lies;
  }
}

/** The events a monitor gives until one fits, and that one last. */
export async function until(
  monitor: Monitor,
  fits: (event: MonitorEvent) => boolean,
): Promise<MonitorEvent[]> {
  const seen: MonitorEvent[] = [];
  const signal = AbortSignal.timeout(20_000 * SLOWNESS);
  while (!seen.some(fits)) {
    try {
      seen.push(...await monitor.receive({ signal }));
    } catch (error) {
      throw new Error(`not among ${seen.map(brief).join("\n")}`, {
        cause: error,
      });
    }
  }
  return seen;
}

/** The events a monitor gives while something goes on. */
export async function during(
  monitor: Monitor,
  work: Promise<unknown>,
  take: (events: readonly MonitorEvent[]) => void,
): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const end = work.finally(() => over.abort());
  while (!signal.aborted) {
    try {
      take(await monitor.receive({ signal }));
    } catch (error) {
      if (error !== signal.reason) throw error;
    }
  }
  await end;
}

/** Fails for a change whose values before and after are equal. */
export function assertExplained(events: readonly MonitorEvent[]): void {
  for (const event of events) {
    if (!("object" in event) || event.event !== "change") continue;
    const changes = changesOf(event);
    assert(changes.length > 0, `${event.object}: no change`);
    for (const { key, before, now } of changes) {
      assert(
        JSON.stringify(before) !== JSON.stringify(now),
        `${event.object} ${key}: ${before} before and after`,
      );
    }
  }
}

/** An event in few words. */
export function brief(event: MonitorEvent): string {
  if (!("object" in event)) return event.event;
  const { data, names } = event;
  const who = "name" in data
    ? data.name
    : "destination" in data
    ? `${data.destination ?? "default"}`
    : "address" in data
    ? data.address
    : "nsid" in data
    ? String(data.nsid)
    : "id" in data
    ? String(data.id)
    : "";
  const where = !("name" in data) && "ifindex" in data && data.ifindex !== 0
    ? ` ${names.name(data.ifindex)}`
    : "";
  const how = event.origin === "kernel" ? "" : ` (${event.origin})`;
  const what = event.event === "change" ? `: ${event.changed}` : "";
  return `${event.event} ${event.object} ${who}${where}${what}${how}`;
}

/**
 * Fails unless the monitor reaches the current state: what another monitor
 * finds, and what `ip -j` prints.
 *
 * @param namespace What the monitor calls it.
 * @returns The events it gave on the way.
 */
export async function assertKnowsAll(
  monitor: Monitor,
  netns: Netns,
  namespace?: string,
): Promise<MonitorEvent[]> {
  const events: MonitorEvent[] = [];
  const deadline = performance.now() + 15_000;
  for (;;) {
    await using fresh = await openMonitor(netns, {
      objects: typesOf(monitor, namespace),
    });
    const [ours, theirs] = [known(monitor, namespace), known(fresh)];
    const agree = JSON.stringify(ours) === JSON.stringify(theirs);
    const isLast = performance.now() > deadline;
    if (agree || isLast) {
      assertEquals(ours, theirs);
      try {
        await assertIsIp(monitor, netns, namespace);
        return events;
      } catch (error) {
        // A carrier may have come between the two.
        if (isLast) throw error;
      }
    }
    try {
      events.push(...await monitor.receive({ timeout: 100 }));
    } catch { /* nothing came: the last look decides */ }
  }
}

/** Fails unless `ip -j` prints what the monitor knows. */
async function assertIsIp(
  monitor: Monitor,
  netns: Netns,
  namespace: string | undefined,
): Promise<void> {
  const all = <K extends MonitoredObject>(kind: K) =>
    monitor.all(kind, namespace);
  const names = new LinkNames(all("link"));
  const addresses = await netns.json<{ addr_info: unknown[] }>("address show");
  const ours = {
    link: all("link").map((link) => ipLink(link, { names })),
    address: all("address").map((one) => {
      // iproute2 6.1 does not print the origin.
      const { protocol: _, ...known } = ipAddress(one);
      return known;
    }),
    route: withoutLocks(
      all("route").map((route) => ipRoute(route, { names })),
    ),
    neighbour: all("neighbour").map((one) => ipNeighbour(one, { names })),
    rule: all("rule").filter(({ family }) => family === "inet")
      .map((rule) => ipRule(rule)),
  };
  const theirs = {
    link: await netns.json("link show"),
    address: addresses.flatMap(({ addr_info }) => addr_info)
      .filter((one) => Object.keys(one as object).length > 0),
    route: [
      ...await netns.json("-4 route show table all"),
      ...await netns.json("-6 route show table all"),
    ],
    neighbour: await netns.json("neighbour show"),
    rule: await netns.json("rule show"),
  };
  for (const [kind, there] of Object.entries(theirs)) {
    assertEquals(
      ours[kind as keyof typeof ours].map(sortedJson).sort(),
      (there as object[]).map(sortedJson).sort(),
      `ip -j ${kind}`,
    );
  }
}

function sortedJson(object: object): string {
  return JSON.stringify(object, (key, value) =>
    // Seconds that go by between the two, and what is said of an event only.
    (key.endsWith("_life_time") && value !== 0xffffffff) ||
      key === "expires" || key === "event"
      ? undefined
      : typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value);
}
