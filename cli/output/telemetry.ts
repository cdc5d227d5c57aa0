// Export to an OpenTelemetry collector with OTEL_DENO=true: events and warnings
// as logs through the console, from which Deno makes them. metrics/otlp.ts exports
// metrics.

function environment(variable: string): string | undefined {
  const granted = Deno.permissions.querySync({ name: "env", variable });
  return granted.state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Whether Deno exports to a collector. */
export const exporting = environment("OTEL_DENO") === "true";

/**
 * Deno's export of the console: print and export ("capture"), export only
 * ("replace"), or no export.
 */
export const consoleExport: "capture" | "replace" | undefined = !exporting
  ? undefined
  : environment("OTEL_DENO_CONSOLE") === "replace"
  ? "replace"
  : environment("OTEL_DENO_CONSOLE") === "ignore"
  ? undefined
  : "capture";
