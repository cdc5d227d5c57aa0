// What every subject of the soak does beside its work: says once a second how
// much memory it has, and enters namespaces on request.

/** What a subject says once a second. */
export interface Said {
  /** Bytes of V8's heap in use, and of what hangs on it outside. */
  readonly heap: number;
  readonly external: number;
  /** Bytes that V8 has for its heap, whether it uses them or not. */
  readonly committed: number;
  /** How many namespaces it has been to. */
  readonly arrivals: number;
  /** What it counts of its own work. */
  readonly counts: Readonly<Record<string, number>>;
}

let arrivals = 0;

/** Reports that a visit has begun: its namespace may be deleted from now on. */
export function arrived(): void {
  arrivals++;
}

/** Says so from now on; ends with the process. */
export function sayMemory(counts: () => Record<string, number>): void {
  const timer = setInterval(() => {
    const { heapUsed, heapTotal, external } = Deno.memoryUsage();
    const said: Said = {
      heap: heapUsed,
      external,
      committed: heapTotal,
      arrivals,
      counts: counts(),
    };
    console.log(JSON.stringify(said));
  }, 1000);
  Deno.unrefTimer(timer);
}

/**
 * Takes orders from the standard input: a line with the name of a namespace,
 * and later the same with a "-" before it, when that is gone. Ends the process
 * when its input is closed.
 *
 * @param visit Uses the namespace until the signal or its end.
 */
export async function visits(
  visit: (namespace: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const there = new Map<string, AbortController>();
  let rest = "";
  const text = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("-")) {
        there.get(line.slice(1))?.abort();
        there.delete(line.slice(1));
        continue;
      }
      const controller = new AbortController();
      there.set(line, controller);
      visit(line, controller.signal).catch((error) => {
        console.error(error);
        Deno.exit(1);
      });
    }
  }
  Deno.exit();
}
