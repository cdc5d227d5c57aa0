// The OpenTelemetry API, to which Deno connects its exporter.

export { type Meter, metrics } from "@opentelemetry/api";
