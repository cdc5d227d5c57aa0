// What a collector is told, when OTEL_DENO=true asks Deno to export: totals as
// metrics here, events and warnings as logs by way of the console, the only
// thing that Deno makes logs of. Otherwise nothing of it is loaded.

import manifest from "../../deno.json" with { type: "json" };

function environment(variable: string): string | undefined {
  const granted = Deno.permissions.querySync({ name: "env", variable });
  return granted.state === "granted" ? Deno.env.get(variable) : undefined;
}

const exporting = environment("OTEL_DENO") === "true";

/**
 * What Deno does with the console: print and export, export alone, or nothing
 * that concerns a collector.
 */
export const consoleExport: "capture" | "replace" | undefined = !exporting
  ? undefined
  : environment("OTEL_DENO_CONSOLE") === "replace"
  ? "replace"
  : environment("OTEL_DENO_CONSOLE") === "ignore"
  ? undefined
  : "capture";

/** Numbers that only grow, by what they count. */
export type Totals = Readonly<Record<string, number>>;

const INTERVAL = 1000;

/**
 * Makes totals known as counters until it is disposed of.
 *
 * @param prefix What goes before each name, for example "netplumb.echo".
 * @param read The totals by now.
 */
export async function exportTotals(
  prefix: string,
  read: () => Totals,
): Promise<Disposable> {
  if (!exporting) return { [Symbol.dispose]() {} };
  const { metrics } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("netplumb", manifest.version);
  const counters = Object.keys(read()).map((name) => ({
    name,
    told: 0,
    counter: meter.createCounter(`${prefix}.${name}`, {
      unit: name.startsWith("bytes") ? "By" : `{${name.split(".")[0]}}`,
    }),
  }));
  // Deno asks no observable counter at the end: what it was not told is lost.
  const tell = () => {
    const totals = read();
    for (const each of counters) {
      each.counter.add(totals[each.name] - each.told);
      each.told = totals[each.name];
    }
  };
  tell();
  const timer = setInterval(tell, INTERVAL);
  Deno.unrefTimer(timer);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      tell();
    },
  };
}
