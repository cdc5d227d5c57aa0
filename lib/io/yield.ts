// Cooperative yielding: a loop that always finds work has to let timers, HTTP
// and signals run. One time budget for all loops of a thread.
//
// Only a timer proves that the event loop has run: on a busy or single
// processor, timers wait for 400 ms and more behind finished FFI calls.

import { monotonicTime } from "./clock.ts";

/** Milliseconds of work before timers run. */
export const YIELD_BUDGET = 4;
/**
 * Milliseconds of work after which the timer for the end of the budget is set:
 * it has expired by then, so that awaiting it costs one turn of the event loop,
 * not the millisecond of a new timer.
 */
const TIMER_AFTER = 2;

/** When the work without a timer began; excludes idle time. */
let workSince = -Infinity;
let lastCheck = -Infinity;
let turnedAt = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Resolves when the timer fires. */
let turn: Promise<void> | undefined;
let endTurn: (() => void) | undefined;
/** The number of loops that await it. */
let awaiting = 0;
/** Whether the event loop has yet to reach the mark of the last long pause. */
let markPending = false;

/**
 * Whether this thread has used its budget, so that the caller has to await
 * `timerTurn()`. Costs one read of the clock.
 */
export function yieldDue(): boolean {
  const now = monotonicTime();
  if (now - lastCheck >= YIELD_BUDGET && !markPending) {
    // The thread was idle, or the caller computed for a long time. The next
    // check decides: the event loop reaches the mark only if nothing computes.
    markPending = true;
    afterEvents(passMark);
    // The first call loads setImmediate(), which is not the caller's work.
    workSince = lastCheck = monotonicTime();
    return false;
  }
  lastCheck = now;
  const work = now - workSince;
  if (work >= TIMER_AFTER && turn === undefined) setTimer();
  return work >= YIELD_BUDGET;
}

/** Resolves when timers have run: at most one turn of the event loop. */
export function timerTurn(): Promise<void> {
  awaiting++;
  return turn ?? setTimer();
}

/** The promise to await before continuing; undefined within the budget. */
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
  // Another loop may have worked during the wait.
  const idle = now - Math.max(start, lastCheck);
  if (idle > 0) {
    workSince += idle;
    lastCheck = now;
  }
  turnedAt = now;
}

/** When the event loop last ran, in milliseconds of `monotonicTime()`. */
export function lastTurn(): number {
  return turnedAt;
}

/** Clears the timer if no loop awaits it, so that nothing is pending. */
export function clearTurn(): void {
  if (timer === undefined || awaiting > 0) return;
  clearTimeout(timer);
  timer = turn = endTurn = undefined;
}

/** setImmediate(), which Deno before 2.8 has, but does not declare. */
function afterEvents(callback: () => void): void {
  // Read here, because Deno takes 17 ms to load it.
  (globalThis as unknown as {
    setImmediate(callback: () => void): void;
  }).setImmediate(callback);
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
  // Deno before 2.8 may call a timer that was cleared when it was already due.
  const end = endTurn;
  timer = turn = endTurn = undefined;
  awaiting = 0;
  workSince = lastCheck = turnedAt = monotonicTime();
  end?.();
}
