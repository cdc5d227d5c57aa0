// netplumb monitor --statistics: live link rates.

import { realTime } from "../../lib/clock.ts";
import { Deadline } from "../../lib/io/deadline.ts";
import type { Output } from "../output/output.ts";
import { Screen } from "../output/screen.ts";
import { isoTime, timeOfDay } from "../output/time.ts";
import { type LinkRates, RateMeter } from "../rates/meter.ts";
import { rateView } from "../rates/rate_view.ts";
import { LinkSampler, type SampledNamespaces } from "../rates/sampler.ts";

/** Namespaces, interval and end. */
export interface StatisticsOptions {
  /** Undefined for the current one; "all" for it and all named ones. */
  readonly namespaces: SampledNamespaces;
  /** Milliseconds between reads. */
  readonly interval: number;
  /** Updates after which it stops. */
  readonly count: number;
  /** Stops it. */
  readonly signal: AbortSignal;
}

/** Shows link rates until the count or the signal. */
export async function showStatistics(
  output: Output,
  { namespaces, interval, count, signal }: StatisticsOptions,
): Promise<void> {
  const sampler = new LinkSampler(namespaces);
  const meter = new RateMeter();
  await using screen = output.json ? undefined : new Screen(output);
  const pause = new Deadline("read counters", { signal });
  try {
    meter.update(await sampler.read(signal));
    for (let left = count; left > 0; left--) {
      await pause.pause(interval);
      const rates = meter.update(await sampler.read(signal));
      const time = realTime();
      if (screen === undefined) {
        for (const one of rates) {
          output.object(rateJson(one, isoTime(time), namespaces));
        }
      } else {
        const { dim } = output.style;
        const head = `${timeOfDay(time).slice(0, 8)}, each ${
          interval / 1000
        } s`;
        screen.draw([dim(head), ...rateView(rates, output.style)]);
      }
      await output.ready();
    }
  } catch (error) {
    if (error !== signal.reason) throw error;
  }
}

/** The rates of a link as `--json` prints them. */
function rateJson(
  { namespace, ifindex, ifname, rx, tx }: LinkRates,
  time: string,
  namespaces: StatisticsOptions["namespaces"],
): unknown {
  const several = namespaces === "all" || namespaces[0] !== undefined;
  const rounded = (rate: LinkRates["rx"]) =>
    Object.fromEntries(
      Object.entries(rate).map(([key, value]) => [
        key,
        Number(value.toFixed(3)),
      ]),
    );
  return {
    event: "statistics",
    time,
    namespace: several ? namespace ?? null : undefined,
    ifindex,
    ifname,
    rx: rounded(rx),
    tx: rounded(tx),
  };
}
