// One monitor for all pages: its events, the updates of the page, and rates.

import { Deadline } from "../../lib/io/deadline.ts";
import { realTime, type Timestamp } from "../../lib/clock.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type {
  AnyObjectEvent,
  MonitoredObject,
  MonitorEvent,
} from "../../lib/rtnetlink/monitor/event.ts";
import type { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { ensureMetrics, monitorMetrics } from "../metrics/commands.ts";
import { linkMetrics } from "../metrics/links.ts";
import type { Metric } from "../metrics/metric.ts";
import { eventJson } from "../monitor/json.ts";
import { countEvent, noTotals, type Totals } from "../monitor/totals.ts";
import { printableJson } from "../output/printable.ts";
import { increases } from "../rates/meter.ts";
import { LinkSampler } from "../rates/sampler.ts";
import type { ViewedEnsure } from "./ensure.ts";
import { type CountedLink, CounterReader } from "./counters.ts";
import { Journal } from "./journal.ts";
import type { RateRecord, Update } from "./records.ts";
import { ViewState } from "./state.ts";

/** Milliseconds between updates, at least. */
const UPDATE = 100;
/** Milliseconds between two attempts to resolve namespace ids. */
const RESOLVE = 250;

/** Object types of the timeline and of /events. */
const VIEWED = [
  "link",
  "port",
  "address",
  "route",
  "nexthop",
  "neighbour",
  "rule",
] as const satisfies readonly MonitoredObject[];

/** Updates that are kept for pages that reconnect. */
const UPDATES_KEPT = { messages: 1200, characters: 8 << 20 };
/** Events that are kept for clients of /events. */
const EVENTS_KEPT = 16_384;

const IDLE: RateRecord = [0, 0, 0, 0, 0, 0];

/** What to watch, and how often to read counters. */
export interface FeedOptions {
  readonly namespaces: readonly (string | undefined)[] | "all" | undefined;
  /** Milliseconds between samples. */
  readonly interval: number;
  /** The configuration that is reconciled in this process. */
  readonly ensure?: ViewedEnsure;
}

/** An event, as it is kept for /events. */
interface KeptEvent {
  readonly event: MonitorEvent;
  readonly time: Timestamp;
}

/** Namespace ids are of no use without the namespaces' names. */
function isViewed(event: MonitorEvent): boolean {
  return !("object" in event) || event.object !== "netns";
}

/** Follows a monitor. */
export class Feed {
  readonly state: ViewState;
  /** Updates of the page, as JSON. */
  readonly updates: Journal<string>;
  /** Events of the monitor, formatted when they are read. */
  readonly events: Journal<KeptEvent>;
  readonly #totals: Totals = noTotals(VIEWED);
  readonly #monitor: Monitor;
  readonly #options: FeedOptions;
  readonly #signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolving: Promise<void> | undefined;
  #resolveAfter = 0;
  #counted = new Map<string, CountedLink>();
  #rates = new Map<string, RateRecord>();
  #isEnsureChanged = false;
  #changedRates: Record<string, RateRecord> = {};

  constructor(monitor: Monitor, options: FeedOptions, signal: AbortSignal) {
    this.#monitor = monitor;
    this.#options = options;
    this.#signal = signal;
    this.state = new ViewState(monitor);
    this.updates = new Journal({ ...UPDATES_KEPT, format: (text) => text });
    this.events = new Journal({
      messages: EVENTS_KEPT,
      format: (kept) => this.#eventText(kept),
    });
  }

  /** Runs until the signal, or until the monitor fails. */
  async run(): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#signal, failed.signal]);
    const sampling = this.#sample(signal);
    try {
      this.#schedule();
      await Promise.race([this.#follow(), this.#reconcile()]);
    } catch (error) {
      if (error !== this.#signal.reason) throw error;
    } finally {
      clearTimeout(this.#timer);
      failed.abort();
      await sampling;
      await this.#resolving;
    }
  }

  /** The whole state, as one update that the next ones continue. */
  snapshot(): Update {
    this.#publish();
    return {
      ...this.state.snapshot(),
      ...this.#ensureRecord(),
      rates: Object.fromEntries(this.#rates),
    };
  }

  /** Link counters, read now, and totals of the monitor. */
  async metrics(): Promise<Metric[]> {
    const { namespaces = [undefined] } = this.#options;
    const samples = await new LinkSampler(namespaces).read(this.#signal);
    const { ensure } = this.#options;
    return [
      ...linkMetrics(samples),
      ...monitorMetrics(this.#totals),
      ...ensure === undefined ? [] : ensureMetrics(ensure.totals),
    ];
  }

  /** The objects of the monitor, as its events of a snapshot. */
  *currentEvents(): Iterable<string> {
    const time = realTime();
    for (const namespace of this.#monitor.namespaces) {
      const names = new LinkNames(this.#monitor.all("link", namespace));
      for (const object of VIEWED) {
        for (const data of this.#monitor.all(object, namespace)) {
          const event = {
            event: "new",
            object,
            data,
            previous: undefined,
            changed: undefined,
            origin: "snapshot",
            namespace,
            names,
          } as AnyObjectEvent;
          yield this.#eventText({ event, time });
        }
      }
    }
  }

  /** Reports what `ensure` does; never ends without it. */
  async #reconcile(): Promise<void> {
    const { ensure } = this.#options;
    if (ensure === undefined) return await new Promise(() => {});
    await ensure.run(({ event, text, time, namespace }) => {
      const id = this.state.spaceId(namespace);
      const object = "ensure";
      this.state.addRecord({
        time,
        space: id,
        object,
        event,
        text,
        link: undefined,
      });
      this.#isEnsureChanged = true;
      this.#schedule();
    }, this.#signal);
  }

  #ensureRecord(): Pick<Update, "ensure"> {
    const { ensure } = this.#options;
    return ensure === undefined ? {} : { ensure: ensure.record };
  }

  async #follow(): Promise<void> {
    for (;;) {
      const events = await this.#monitor.receive({ signal: this.#signal });
      const time = realTime();
      for (const event of events) this.state.apply(event, time);
      const kept = events.filter(isViewed);
      for (const event of kept) countEvent(this.#totals, event);
      this.events.add(kept.map((event) => ({ event, time })));
      this.#schedule();
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#publish();
      this.#resolve();
    }, UPDATE);
  }

  #publish(): void {
    const update: Update = this.state.take() ?? {};
    if (this.#isEnsureChanged) Object.assign(update, this.#ensureRecord());
    this.#isEnsureChanged = false;
    for (const _ in this.#changedRates) {
      update.rates = this.#changedRates;
      this.#changedRates = {};
      break;
    }
    for (const _ in update) return this.updates.add([JSON.stringify(update)]);
  }

  #resolve(): void {
    if (!this.state.hasUnknownIds || this.#signal.aborted) return;
    const pause = this.#resolveAfter - performance.now();
    if (this.#resolving !== undefined || pause > 0) {
      // Again with the next update.
      return this.#schedule();
    }
    this.#resolving = this.state.resolveIds(this.#signal)
      .catch((error) => {
        if (!this.#signal.aborted) throw error;
      })
      .finally(() => {
        this.#resolving = undefined;
        this.#resolveAfter = performance.now() + RESOLVE;
        if (!this.#signal.aborted) this.#schedule();
      });
  }

  #eventText({ event, time }: KeptEvent): string {
    const namespaces = this.#options.namespaces !== undefined;
    return printableJson(
      eventJson({ event, time, namespaceName: undefined }, {
        details: false,
        namespaces,
      }),
    );
  }

  /** Reads counters while a page is open. */
  async #sample(signal: AbortSignal): Promise<void> {
    await using reader = new CounterReader();
    const pause = new Deadline("read counters", { signal });
    try {
      for (;;) {
        if (this.updates.streams > 0) {
          const { namespaces } = this.#monitor;
          this.#takeCounters(await reader.read(namespaces, signal));
        } else await reader.retain([]);
        await pause.pause(this.#options.interval);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #takeCounters(links: readonly CountedLink[]): void {
    const rates = new Map<string, RateRecord>();
    const counted = new Map<string, CountedLink>();
    for (const link of links) {
      const id = this.state.linkId(link.namespace, link.ifindex);
      if (id === undefined) continue;
      counted.set(id, link);
      const record = rateRecord(this.#counted.get(id), link);
      rates.set(id, record);
      const before = this.#rates.get(id) ?? IDLE;
      if (before.every((value, at) => value === record[at])) continue;
      this.#changedRates[id] = record;
      this.#schedule();
    }
    this.#counted = counted;
    this.#rates = rates;
  }
}

/** Rates since the last sample, if there was one, and totals. */
function rateRecord(
  before: CountedLink | undefined,
  now: CountedLink,
): RateRecord {
  const { counters, time } = now;
  const grown = before && increases(before.counters, counters);
  const seconds = before === undefined ? 1 : (time - before.time) / 1000;
  const rate = (increase = 0) => Math.round(increase / seconds);
  return [
    rate(grown?.rx_bytes),
    rate(grown?.tx_bytes),
    rate(grown?.rx_packets),
    rate(grown?.tx_packets),
    counters.rx_errors + counters.tx_errors,
    counters.rx_dropped + counters.tx_dropped,
  ];
}
