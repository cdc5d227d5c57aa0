// Metrics as text for Prometheus: OpenMetrics 1.0, or the older text format.
// Names follow OpenTelemetry's "Prometheus and OpenMetrics Compatibility".

import type { Attributes, Metric } from "./metric.ts";

/** OpenMetrics, or the text format 0.0.4 of Prometheus. */
export type MetricsFormat = "openmetrics" | "prometheus";

const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
};

/**
 * Answers a scrape of /metrics in the format that the client accepts.
 *
 * To mount it, with the samples of LinkSampler.read() and the totals of
 * monitor/totals.ts:
 *
 * ```ts ignore
 * if (new URL(request.url).pathname === "/metrics") {
 *   return metricsResponse(request, [
 *     ...linkMetrics(samples),
 *     ...monitorMetrics(totals),
 *     ...ensureMetrics(ensureTotals), // where an ensure is known
 *   ]);
 * }
 * ```
 */
export function metricsResponse(
  request: Request,
  metrics: Iterable<Metric>,
): Response {
  const accept = request.headers.get("accept") ?? "";
  const format = accept.includes("application/openmetrics-text")
    ? "openmetrics"
    : "prometheus";
  return new Response(metricsText(metrics, format), {
    headers: { "content-type": CONTENT_TYPES[format], vary: "accept" },
  });
}

/** Writes metrics; those without points too, so that a query finds their names. */
export function metricsText(
  metrics: Iterable<Metric>,
  format: MetricsFormat,
): string {
  let text = "";
  for (const { name, type, unit, description, points } of metrics) {
    const suffix = unit === "By" ? "bytes" : undefined;
    const family = plain(name) + (suffix === undefined ? "" : `_${suffix}`);
    const sample = type === "counter" ? `${family}_total` : family;
    const titled = format === "openmetrics" ? family : sample;
    text += `# HELP ${titled} ${escape(description)}\n`;
    text += `# TYPE ${titled} ${type}\n`;
    if (format === "openmetrics" && suffix !== undefined) {
      text += `# UNIT ${titled} ${suffix}\n`;
    }
    for (const { value, attributes } of points) {
      text += `${sample}${labels(attributes)} ${value}\n`;
    }
  }
  return format === "openmetrics" ? `${text}# EOF\n` : text;
}

/** A name of letters, digits and underscores. */
function plain(name: string): string {
  return name.replaceAll(".", "_");
}

function labels(attributes: Attributes): string {
  const pairs = [];
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) pairs.push(`${plain(name)}="${escape(value)}"`);
  }
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  '"': '\\"',
};

function escape(text: string): string {
  return text.replace(/[\\\n"]/g, (character) => ESCAPES[character]);
}
