// Link rates, from periodic reads of the counters.

import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import { isGone } from "../../lib/netns/namespace.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import type { LinkStatistics } from "../../lib/rtnetlink/link/statistics.ts";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";

/** Rates of one direction, per second. */
export interface Rate {
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly errors: number;
}

/** The rates of a link. */
export interface LinkRates {
  /** Undefined for the current namespace. */
  readonly namespace: string | undefined;
  readonly ifindex: number;
  readonly ifname: string;
  readonly up: boolean;
  readonly rx: Rate;
  readonly tx: Rate;
}

/** The counters of a link at one time. */
interface Reading {
  readonly time: number;
  readonly counters: LinkStatistics;
}

/** Computes link rates. */
export class RateMeter {
  #before: Map<string, Reading> | undefined;

  /** @param namespaces Which namespaces, or "all" for the current and named ones. */
  constructor(readonly namespaces: readonly (string | undefined)[] | "all") {}

  /** The rates since the last call, of links that existed then. */
  async read(signal: AbortSignal): Promise<LinkRates[]> {
    const rates: LinkRates[] = [];
    const now = new Map<string, Reading>();
    for (const namespace of this.#selected()) {
      for (const link of await this.#links(namespace, signal)) {
        const counters = link.statistics;
        if (counters === undefined) continue;
        const key = `${link.ifindex} ${namespace ?? ""}`;
        const reading = { time: performance.now(), counters };
        const before = this.#before?.get(key);
        now.set(key, reading);
        if (before !== undefined) {
          rates.push(rateOf(namespace, link, before, reading));
        }
      }
    }
    this.#before = now;
    return rates;
  }

  #selected(): readonly (string | undefined)[] {
    return this.namespaces === "all"
      ? [undefined, ...namespaceNames()]
      : this.namespaces;
  }

  /** Opens a socket for each read: an open one would keep the namespace alive. */
  async #links(
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Link[]> {
    try {
      await using route = RouteSocket.open({ namespace });
      return await route.links({ statistics: true, signal });
    } catch (error) {
      // A namespace may be deleted between reads.
      const optional = this.namespaces === "all" || this.#before !== undefined;
      if (optional && isGone(error)) return [];
      throw error;
    }
  }
}

function rateOf(
  namespace: string | undefined,
  { ifindex, name, flags }: Link,
  before: Reading,
  now: Reading,
): LinkRates {
  const seconds = (now.time - before.time) / 1000;
  const rate = (counter: keyof LinkStatistics) =>
    // Counters restart when a driver is reloaded.
    Math.max(0, now.counters[counter] - before.counters[counter]) / seconds;
  const direction = (way: "rx" | "tx"): Rate => ({
    packets: rate(`${way}_packets`),
    bytes: rate(`${way}_bytes`),
    dropped: rate(`${way}_dropped`),
    errors: rate(`${way}_errors`),
  });
  return {
    namespace,
    ifindex,
    ifname: name,
    up: (flags & IFF_UP) !== 0,
    rx: direction("rx"),
    tx: direction("tx"),
  };
}
