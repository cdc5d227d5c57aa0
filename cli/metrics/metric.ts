// A metric under its OpenTelemetry name: otlp.ts exports it to a collector,
// openmetrics.ts writes it for Prometheus.

/** Attributes of a point; undefined ones are left out. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** A value with its attributes. */
export interface Point {
  readonly value: number;
  readonly attributes: Attributes;
}

/** A metric and its current values. */
export interface Metric {
  /** By OpenTelemetry's semantic conventions, for example "system.network.io". */
  readonly name: string;
  readonly type: "counter" | "gauge";
  /** UCUM: "By", or an annotation such as "{packet}". */
  readonly unit: string;
  /** A sentence. */
  readonly description: string;
  readonly points: readonly Point[];
}
