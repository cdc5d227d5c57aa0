// netplumb top: samples link rates and shows them until it is stopped.

import { realTime, type Timestamp } from "../../lib/clock.ts";
import { Deadline } from "../../lib/io/deadline.ts";
import { Keyboard } from "../output/keyboard.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { Screen, type ScreenSize } from "../output/screen.ts";
import { isoTime, timeOfDay } from "../output/time.ts";
import { type LinkRates, RateMeter } from "../rates/meter.ts";
import { LinkSampler, type SampledNamespaces } from "../rates/sampler.ts";
import { HELP, pressed, type State } from "./state.ts";
import { rateTable, select, type Selection } from "./view.ts";

/** Namespaces, selection, interval and end. */
export interface TopOptions extends Selection {
  /** Undefined for the current one; "all" for it and all named ones. */
  readonly namespaces: SampledNamespaces;
  /** Milliseconds between samples. */
  readonly interval: number;
  /** Samples after which it stops. */
  readonly count: number;
  /** Stops it. */
  readonly signal: AbortSignal;
}

/** Shows link rates until the count, the signal or the key to quit. */
export async function showRates(
  output: Output,
  options: TopOptions,
): Promise<void> {
  if (output.json) {
    return await sample(options, options.signal, (rates, time) => {
      for (const one of select(rates, options)) {
        output.object(rateJson(one, isoTime(time), options.namespaces));
      }
      return output.ready();
    });
  }
  await using screen = new Screen(output);
  await using keyboard = screen.isTerminal ? Keyboard.open() : undefined;
  const view = new View(output, options, keyboard !== undefined);
  const quit = new AbortController();
  const signal = AbortSignal.any([options.signal, quit.signal]);
  const draw = () => screen.draw((size) => view.lines(size));
  if (screen.isTerminal) draw();
  const keys = keyboard && followKeys(keyboard, signal, (key) => {
    if (!view.press(key)) quit.abort();
    draw();
  });
  try {
    await sample(options, signal, (rates, time) => {
      view.update(rates, time);
      draw();
      return output.ready();
    });
  } finally {
    quit.abort();
    await keys;
  }
}

/** Reports the rates of each interval until the count or the signal. */
async function sample(
  { namespaces, interval, count }: TopOptions,
  signal: AbortSignal,
  report: (rates: LinkRates[], time: Timestamp) => Promise<void>,
): Promise<void> {
  const sampler = new LinkSampler(namespaces);
  const meter = new RateMeter();
  const pause = new Deadline("read counters", { signal });
  try {
    meter.update(await sampler.read(signal));
    for (let left = count; left > 0; left--) {
      await pause.pause(interval);
      const rates = meter.update(await sampler.read(signal));
      await report(rates, realTime());
    }
  } catch (error) {
    if (error !== signal.reason) throw error;
  }
}

/** Reports keys until the signal or the end of the terminal. */
async function followKeys(
  keyboard: Keyboard,
  signal: AbortSignal,
  report: (key: string) => void,
): Promise<void> {
  try {
    for (;;) {
      const keys = await keyboard.read(signal);
      if (keys === undefined) return;
      for (const key of keys) report(key);
    }
  } catch (error) {
    if (error !== signal.reason) throw error;
  }
}

/** The output on a terminal or in a pipe. */
class View {
  #rates: readonly LinkRates[] = [];
  #time: Timestamp | undefined;
  #state: State;
  /** Links on the screen. */
  #page = 0;

  constructor(
    readonly output: Output,
    readonly options: TopOptions,
    readonly hasKeys: boolean,
  ) {
    const { sort, reversed, filter } = options;
    this.#state = { sort, reversed, filter, typing: false, offset: 0 };
  }

  update(rates: readonly LinkRates[], time: Timestamp): void {
    this.#rates = rates;
    this.#time = time;
  }

  /** Whether the key was not the one to quit. */
  press(key: string): boolean {
    const state = pressed(this.#state, key, this.#page);
    if (state !== undefined) this.#state = state;
    return state !== undefined;
  }

  lines(size: ScreenSize | undefined): string[] {
    const { style } = this.output;
    const { sort, reversed, filter, typing } = this.#state;
    const links = select(this.#rates, this.#state);
    const heading = [
      this.#time === undefined
        ? "reading counters"
        : timeOfDay(this.#time).slice(0, 8),
      `each ${this.options.interval / 1000} s`,
      `sorted by ${sort}${reversed ? ", reversed" : ""}`,
      `${links.length} of ${this.#rates.length} links`,
      ...(typing || filter !== ""
        ? [`filter: ${printable(filter)}${typing ? "_" : ""}`]
        : []),
    ];
    const head = [
      style.dim(heading.join(", ")),
      ...(this.hasKeys ? [style.dim(HELP)] : []),
    ];
    if (size === undefined) return [...head, ...rateTable(links, style)];
    // The heading of the table and a last line without a link.
    this.#page = Math.max(1, size.rows - head.length - 2);
    const last = Math.max(0, links.length - this.#page);
    const offset = Math.min(this.#state.offset, last);
    this.#state = { ...this.#state, offset };
    const shown = links.slice(offset, offset + this.#page);
    return [...head, ...rateTable(shown, style, size.columns)];
  }
}

/** The rates of a link as `--json` prints them. */
function rateJson(
  { namespace, ifindex, ifname, kind, up, rx, tx }: LinkRates,
  time: string,
  namespaces: SampledNamespaces,
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
    kind,
    state: up ? "up" : "down",
    rx: rounded(rx),
    tx: rounded(tx),
  };
}
