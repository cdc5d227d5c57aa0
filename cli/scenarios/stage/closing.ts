// Closing what somebody waits on: the question three of the stories ask.

import { Blocker, type Told } from "../child/blocker.ts";
import type { Order } from "../child/messages.ts";
import type { Scene } from "./scene.ts";
import { until, within } from "./patience.ts";
import { threadsIn, type Whereabouts } from "./thread.ts";

/** Somebody who waits; in trap and cure it differs in nothing else. */
export interface Waiter extends AsyncDisposable {
  /** Whether something came; false where the wait ends without. */
  receive(): Promise<boolean>;
  /** Resolves once it waits. */
  waiting(): Promise<void>;
  /** Where the thread is that waits, if one is known. */
  where(): Whereabouts | undefined;
  close(): Promise<void>;
}

/** A thread that blocks in a plain system call. */
export interface BlockedWaiter extends Waiter {
  readonly blocker: Blocker;
}

/** How the library waits: one thread, in poll, for everybody. */
export const polling: Pick<Waiter, "waiting" | "where"> = {
  where: () => threadsIn(["poll"]).at(0),
  waiting: () =>
    until("a thread to wait in poll", () => threadsIn(["poll"]).length > 0),
};

/** Starts a process whose thread waits; `ending` is how it is closed. */
export async function blocking(
  network: Scene,
  order: Order,
  ending: readonly Told[] = ["close"],
): Promise<BlockedWaiter> {
  const blocker = await Blocker.start(order, network);
  return {
    blocker,
    receive: async () => (await blocker.receive()).result > 0,
    waiting: () => blocker.blocked(),
    where: () => blocker.where,
    async close() {
      for (const instruction of ending) await blocker.tell(instruction);
    },
    [Symbol.asyncDispose]: () => blocker[Symbol.asyncDispose](),
  };
}

/** What closing under a wait came to. */
export interface Closing {
  /** Milliseconds until the wait was over; null while it is not. */
  readonly ended: number | null;
  /** Where the thread waited, or still does. */
  readonly where: Whereabouts | undefined;
}

/** Closes while a receive is pending and waits as long as patience lasts. */
export async function closeUnder(
  waiter: Waiter,
  pending: Promise<boolean>,
  patience: number,
): Promise<Closing> {
  const before = waiter.where();
  const closing = waiter.close();
  const over = await within(pending, patience);
  await closing;
  return over.ended
    ? { ended: over.milliseconds, where: before }
    : { ended: null, where: waiter.where() };
}

/** The same in words. */
export function describeClosing(
  { ended, where }: Closing,
  patience: number,
): string {
  const place = where === undefined ? "" : ` (${where.call}, ${where.wchan})`;
  return ended === null
    ? `${patience} ms after close() the wait goes on${place}`
    : `the wait${place} is over ${ended} ms after close()`;
}
