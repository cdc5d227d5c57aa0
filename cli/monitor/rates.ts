// How much goes through links: their counters read again and again.

import { IFF_UP } from "../../ffi/uapi/net_if.ts";
import { isGone } from "../../lib/netns/namespace.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import type { LinkStatistics } from "../../lib/rtnetlink/link/statistics.ts";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";

/** What goes through a link in one direction, a second. */
export interface Rate {
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly errors: number;
}

/** What goes through a link. */
export interface LinkRates {
  /** undefined for this thread's own namespace. */
  readonly namespace: string | undefined;
  readonly ifindex: number;
  readonly ifname: string;
  readonly up: boolean;
  readonly rx: Rate;
  readonly tx: Rate;
}

/** The counters of a link at a time. */
interface Reading {
  readonly time: number;
  readonly counters: LinkStatistics;
}

/** Reads the counters of links, and tells how fast they move. */
export class RateMeter {
  #before: Map<string, Reading> | undefined;

  /** @param namespaces Those to look into, or "all" that have a name. */
  constructor(readonly namespaces: readonly (string | undefined)[] | "all") {}

  /** The rates since the last call, of links that were there then. */
  async read(signal: AbortSignal): Promise<LinkRates[]> {
    const rates: LinkRates[] = [];
    const now = new Map<string, Reading>();
    for (const namespace of this.#wanted()) {
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

  #wanted(): readonly (string | undefined)[] {
    return this.namespaces === "all"
      ? [undefined, ...namespaceNames()]
      : this.namespaces;
  }

  /** Opened for each reading: a socket would keep a namespace that goes. */
  async #links(
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Link[]> {
    try {
      await using route = RouteSocket.open({ namespace });
      return await route.links({ statistics: true, signal });
    } catch (error) {
      // One that was never there is a mistake, one that goes is not.
      const may = this.namespaces === "all" || this.#before !== undefined;
      if (may && isGone(error)) return [];
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
    // A driver that is loaded again counts from zero.
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
