// A monitor beside a routing daemon: the state built from its events equals `ip -j`.

import { assert } from "@std/assert";
import { Running } from "./command.ts";
import type { Netns } from "./netns.ts";

type Json = Record<string, unknown>;

/** A monitor, and the routes by all keys of `data`, as docs/monitor.md has it. */
export class FollowedRoutes implements AsyncDisposable {
  readonly running: Running;
  readonly #netns: Netns;
  readonly #isTheirs: (destination: string) => boolean;
  readonly #known = new Map<string, number>();
  /** Routes of the daemon. */
  #count = 0;
  overruns = 0;

  /** @param isTheirs Whether the daemon added a route to this destination. */
  constructor(
    netns: Netns,
    isTheirs: (destination: string) => boolean,
    ...options: string[]
  ) {
    this.#netns = netns;
    this.#isTheirs = isTheirs;
    this.running = new Running(
      netns,
      ...["monitor", "route", "--snapshot", "--json", ...options],
    );
  }

  #apply({ event, data, changed, previous }: Json): void {
    if (event === "overrun") this.overruns++;
    if (data === undefined) return;
    const now = data as Json;
    const before: Json = { ...now };
    for (const key of (changed ?? []) as string[]) delete before[key];
    Object.assign(before, previous);
    if (event !== "new") this.#add(before, -1);
    if (event !== "delete") this.#add(now, 1);
  }

  #add(route: Json, change: 1 | -1): void {
    const key = identity(route);
    const count = (this.#known.get(key) ?? 0) + change;
    assert(count >= 0, `unknown: ${key}`);
    if (count === 0) this.#known.delete(key);
    else this.#known.set(key, count);
    if (this.#isTheirs(String(route.dst))) this.#count += change;
  }

  /** Follows until there are so many routes of the daemon, and `ip` shows the same. */
  async until(count: number): Promise<void> {
    for (;;) {
      if (this.#count === count) {
        const all = [...this.#known].flatMap(([key, count]) =>
          Array<string>(count).fill(key)
        ).toSorted();
        const there = await shown(this.#netns);
        if (JSON.stringify(all) === JSON.stringify(there)) return;
      }
      this.#apply(await this.running.object());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}

/** The keys of a route in one order, without the time until it expires. */
function identity({ expires: _, ...route }: Json): string {
  return JSON.stringify(Object.entries(route).toSorted());
}

/** What `ip` shows. */
async function shown(netns: Netns): Promise<string[]> {
  const families = await Promise.all(
    ["-4", "-6"].map((flag) => netns.json(`${flag} route show table all`)),
  );
  return families.flat().map(identity).toSorted();
}
