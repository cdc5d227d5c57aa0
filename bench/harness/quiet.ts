// A machine that does something else meanwhile measures that too.

/** Share of the processors that others may use while a round begins. */
const BUSY = 0.1;
/** Milliseconds to look at the processors for. */
const GLANCE = 50;
/** Milliseconds to wait at most: some machines are never quiet. */
const PATIENCE = 3000;

/** Ticks of all processors so far: those that worked, and all. */
function ticks(): { busy: number; all: number } {
  const [line] = Deno.readTextFileSync("/proc/stat").split("\n", 1);
  const counts = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const [, , , idle, waiting] = counts;
  return { busy: all - idle - waiting, all };
}

/** Waits for a quiet moment, or until it has waited long enough. */
export async function quiet(): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (performance.now() < end) {
    const before = ticks();
    await new Promise((resolve) => setTimeout(resolve, GLANCE));
    const after = ticks();
    const all = Math.max(1, after.all - before.all);
    if ((after.busy - before.busy) / all < BUSY) return;
  }
}
