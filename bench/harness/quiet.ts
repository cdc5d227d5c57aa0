// Waits until the machine is idle: other load affects the results.

/** Maximum load of other processes at the start of a round. */
const BUSY = 0.1;
/** Interval of the load measurement, in milliseconds. */
const GLANCE = 50;
/** Maximum wait in milliseconds: some machines are never idle. */
const LONGEST_WAIT = 3000;

/** Ticks of all processors: busy ones, and all. */
function ticks(): { busy: number; all: number } {
  const [line] = Deno.readTextFileSync("/proc/stat").split("\n", 1);
  const counts = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const [, , , idle, waiting] = counts;
  return { busy: all - idle - waiting, all };
}

/** Waits until the machine is idle, or for the maximum time. */
export async function quiet(): Promise<void> {
  const end = performance.now() + LONGEST_WAIT;
  while (performance.now() < end) {
    const before = ticks();
    await new Promise((resolve) => setTimeout(resolve, GLANCE));
    const after = ticks();
    const all = Math.max(1, after.all - before.all);
    if ((after.busy - before.busy) / all < BUSY) return;
  }
}
