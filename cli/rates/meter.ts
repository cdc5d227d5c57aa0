// Link rates: differences of the counters of two samples, per second.

import { isRunning, type LinkCounters, type LinkSample } from "./sampler.ts";

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
  /** Its name in the later sample. */
  readonly ifname: string;
  /** Undefined for a device. */
  readonly kind: string | undefined;
  /** Whether it was up and running in the later sample. */
  readonly up: boolean;
  readonly rx: Rate;
  readonly tx: Rate;
}

/**
 * Computes link rates from successive samples of all links.
 *
 * A link is identified by namespace and ifindex, so that a renamed link keeps its
 * rates. A link that is added, or moves to another namespace, has its first rates
 * one sample later.
 *
 * @example
 * ```ts ignore
 * const sampler = new LinkSampler("all");
 * const meter = new RateMeter();
 * meter.update(await sampler.read(signal)); // []
 * // A second later:
 * const rates = meter.update(await sampler.read(signal));
 * ```
 */
export class RateMeter {
  #before = new Map<string, LinkSample>();

  /**
   * Returns the rates since the previous update.
   *
   * @param samples All links; one that is missing is forgotten.
   */
  update(samples: Iterable<LinkSample>): LinkRates[] {
    const rates: LinkRates[] = [];
    const now = new Map<string, LinkSample>();
    for (const sample of samples) {
      const key = keyOf(sample.namespace, sample.ifindex);
      const before = this.#before.get(key);
      now.set(key, sample);
      if (before === undefined || before.kind !== sample.kind) continue;
      if (sample.time > before.time) rates.push(ratesOf(before, sample));
    }
    this.#before = now;
    return rates;
  }

  /**
   * Forgets a link that was deleted: the next one with its ifindex is another
   * link. Not needed for correct rates where the counters show that they restarted.
   */
  forget(namespace: string | undefined, ifindex: number): void {
    this.#before.delete(keyOf(namespace, ifindex));
  }
}

function keyOf(namespace: string | undefined, ifindex: number): string {
  return `${ifindex} ${namespace ?? ""}`;
}

function ratesOf(before: LinkSample, now: LinkSample): LinkRates {
  const seconds = (now.time - before.time) / 1000;
  const grown = increases(before.counters, now.counters);
  const direction = (way: "rx" | "tx"): Rate => ({
    packets: grown[`${way}_packets`] / seconds,
    bytes: grown[`${way}_bytes`] / seconds,
    dropped: grown[`${way}_dropped`] / seconds,
    errors: grown[`${way}_errors`] / seconds,
  });
  const { namespace, ifindex, ifname, kind } = now;
  const [rx, tx] = [direction("rx"), direction("tx")];
  return { namespace, ifindex, ifname, kind, up: isRunning(now), rx, tx };
}

/** Counters of which rates are computed. */
const COUNTED = [
  "rx_packets",
  "rx_bytes",
  "rx_dropped",
  "rx_errors",
  "tx_packets",
  "tx_bytes",
  "tx_dropped",
  "tx_errors",
] as const;

type Increases = Record<typeof COUNTED[number], number>;

/** The counters that increases() compares. */
export type ComparedCounters = Pick<
  LinkCounters,
  typeof COUNTED[number] | "carrier_changes"
>;

/**
 * How much counters grew. One that passed its range continues at 0. Counters that
 * decreased for another reason restarted together, with the driver or because a
 * new link has the ifindex of a deleted one: they count since then.
 */
export function increases(
  before: ComparedCounters,
  now: ComparedCounters,
): Increases {
  const grown = {} as Increases;
  let restarted = now.carrier_changes < before.carrier_changes;
  for (const counter of COUNTED) {
    const increase = increaseOf(before[counter], now[counter]);
    restarted ||= increase === undefined;
    grown[counter] = increase ?? 0;
  }
  if (restarted) { for (const one of COUNTED) grown[one] = now[one]; }
  return grown;
}

/** Undefined if the counter decreased and did not wrap. */
function increaseOf(before: number, now: number): number | undefined {
  if (now >= before) return now - before;
  // Some drivers count in 32 bits.
  const range = before < 2 ** 32 ? 2 ** 32 : 2 ** 64;
  const increase = range - before + now;
  // Half of the range between two samples is no traffic.
  return increase < range / 2 ? increase : undefined;
}
