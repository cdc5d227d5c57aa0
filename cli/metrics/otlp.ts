// Exports metrics to an OpenTelemetry collector with OTEL_DENO=true.

import manifest from "../../deno.json" with { type: "json" };
import { importOnUse } from "../import_on_use.ts";
import { exporting } from "../output/telemetry.ts";
import type { Metric } from "./metric.ts";

const INTERVAL = 1000;

/**
 * Exports metrics until it is disposed of.
 *
 * @param read Returns the current values; called every second and at the end.
 */
export async function exportMetrics(
  read: () => readonly Metric[],
): Promise<Disposable> {
  if (!exporting) return { [Symbol.dispose]() {} };
  const { metrics } = await importOnUse<typeof import("./opentelemetry.ts")>(
    new URL("./opentelemetry.ts", import.meta.url),
  );
  const meter = metrics.getMeter("netplumb", manifest.version);
  const recorders = new Map<string, Recorder>();
  // Deno does not read observable counters at exit, so values are pushed.
  const update = () => {
    for (const metric of read()) {
      const recorder = recorders.get(metric.name) ??
        (metric.type === "counter"
          ? counterRecorder(meter.createCounter(metric.name, metric))
          : gaugeRecorder(meter.createGauge(metric.name, metric)));
      recorders.set(metric.name, recorder);
      recorder(metric.points);
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

type Recorder = (points: Metric["points"]) => void;
type Meter = import("./opentelemetry.ts").Meter;

function gaugeRecorder(gauge: ReturnType<Meter["createGauge"]>): Recorder {
  return (points) => {
    for (const { value, attributes } of points) gauge.record(value, attributes);
  };
}

/** A counter takes what was added. */
function counterRecorder(
  counter: ReturnType<Meter["createCounter"]>,
): Recorder {
  let before = new Map<string, number>();
  return (points) => {
    const now = new Map<string, number>();
    for (const { value, attributes } of points) {
      const key = JSON.stringify(attributes);
      const exported = before.get(key) ?? 0;
      // A counter that decreased restarted at 0.
      counter.add(value < exported ? value : value - exported, attributes);
      now.set(key, value);
    }
    before = now;
  };
}
