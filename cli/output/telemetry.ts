// Export to an OpenTelemetry collector with OTEL_DENO=true: totals as metrics,
// events and warnings as logs through the console, from which Deno makes them.

import manifest from "../../deno.json" with { type: "json" };

function environment(variable: string): string | undefined {
  const granted = Deno.permissions.querySync({ name: "env", variable });
  return granted.state === "granted" ? Deno.env.get(variable) : undefined;
}

const exporting = environment("OTEL_DENO") === "true";

/**
 * What Deno does with the console: print and export ("capture"), export only
 * ("replace"), or no export.
 */
export const consoleExport: "capture" | "replace" | undefined = !exporting
  ? undefined
  : environment("OTEL_DENO_CONSOLE") === "replace"
  ? "replace"
  : environment("OTEL_DENO_CONSOLE") === "ignore"
  ? undefined
  : "capture";

/** Monotonic counters by name. */
export type Totals = Readonly<Record<string, number>>;

const INTERVAL = 1000;

/**
 * Exports totals as counters until it is disposed of.
 *
 * @param prefix The prefix of the names, for example "netplumb.echo".
 * @param read Returns the current totals.
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
    exported: 0,
    counter: meter.createCounter(`${prefix}.${name}`, {
      unit: name.startsWith("bytes") ? "By" : `{${name.split(".")[0]}}`,
    }),
  }));
  // Deno does not read observable counters at exit, so values are pushed.
  const update = () => {
    const totals = read();
    for (const each of counters) {
      each.counter.add(totals[each.name] - each.exported);
      each.exported = totals[each.name];
    }
  };
  update();
  const timer = setInterval(update, INTERVAL);
  Deno.unrefTimer(timer);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      update();
    },
  };
}
