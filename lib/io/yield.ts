// Cooperative yielding: a loop that always finds work must let timers, HTTP and
// signals run. One time budget a thread, for every loop of this library.
//
// Only a timer proves that the event loop came round: on a busy or single
// processor, timers wait for 400 ms and more behind finished FFI calls.

import { monotonicTime } from "./clock.ts";

/** Milliseconds of work after which timers run first. */
export const YIELD_BUDGET = 4;
/**
 * Milliseconds of work after which the timer is set that ends the budget: it
 * has expired by then, so that awaiting it costs one turn of the event loop and
 * not the millisecond that a new timer takes.
 */
const TIMER_AFTER = 2;

/** When the work began that no timer has interrupted; idle time is left out. */
let workSince = -Infinity;
let lastCheck = -Infinity;
let turnedAt = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Resolves when the timer fires. */
let turn: Promise<void> | undefined;
let endTurn: (() => void) | undefined;
/** How many loops await it. */
let awaiting = 0;
/** Deno before 2.8 has it, but does not declare it. */
const { setImmediate: afterEvents } = globalThis as unknown as {
  setImmediate(callback: () => void): void;
};
/** Whether the event loop has yet to reach the mark of the last long pause. */
let markPending = false;

/**
 * Whether this thread has worked for its whole budget, so that the caller is to
 * await `timerTurn()` before it goes on. Costs one read of the clock.
 */
export function yieldDue(): boolean {
  const now = monotonicTime();
  if (now - lastCheck >= YIELD_BUDGET && !markPending) {
    // The thread was idle, or the caller computed for long. The next check
    // knows: the event loop reaches the mark only when nothing computes.
    workSince = now;
    markPending = true;
    afterEvents(passMark);
  }
  lastCheck = now;
  const work = now - workSince;
  if (work >= TIMER_AFTER && turn === undefined) setTimer();
  return work >= YIELD_BUDGET;
}

/** Resolves when timers have run: at most a turn of the event loop away. */
export function timerTurn(): Promise<void> {
  awaiting++;
  return turn ?? setTimer();
}

/** The turn to await before going on; undefined within the budget. */
export function yieldIfDue(): Promise<void> | undefined {
  return yieldDue() ? timerTurn() : undefined;
}

/**
 * Records that the thread slept since `start`: idle time is not work.
 *
 * @param start Milliseconds of `monotonicTime()`.
 */
export function recordIdle(start: number): void {
  const now = monotonicTime();
  // Another loop may have worked while one was waiting.
  const idle = now - Math.max(start, lastCheck);
  if (idle > 0) {
    workSince += idle;
    lastCheck = now;
  }
  turnedAt = now;
}

/** When the event loop last came round, in milliseconds of `monotonicTime()`. */
export function lastTurn(): number {
  return turnedAt;
}

/** Clears the timer where no loop awaits it: nothing is left behind. */
export function clearTurn(): void {
  if (timer === undefined || awaiting > 0) return;
  clearTimeout(timer);
  timer = turn = endTurn = undefined;
}

function passMark(): void {
  markPending = false;
}

function setTimer(): Promise<void> {
  turn = new Promise((resolve) => endTurn = resolve);
  timer = setTimeout(fire, 0);
  return turn;
}

function fire(): void {
  const end = endTurn!;
  timer = turn = endTurn = undefined;
  awaiting = 0;
  workSince = lastCheck = turnedAt = monotonicTime();
  end();
}
