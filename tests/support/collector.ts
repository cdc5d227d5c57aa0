// An OpenTelemetry collector, as far as a test needs one: it takes OTLP over
// HTTP, in JSON, on loopback.

import { inNamespace } from "../../lib/netns/namespace.ts";
import type { Netns } from "./netns.ts";

interface Scope {
  readonly scope: { readonly name: string };
}

interface OtlpLogs {
  readonly resourceLogs: {
    readonly scopeLogs: (Scope & {
      readonly logRecords: {
        readonly severityText: string;
        readonly body: { readonly stringValue: string };
      }[];
    })[];
  }[];
}

interface OtlpMetrics {
  readonly resourceMetrics: {
    readonly scopeMetrics: (Scope & {
      readonly metrics: {
        readonly name: string;
        readonly unit: string;
        readonly sum: {
          readonly dataPoints: {
            readonly asDouble: number;
            readonly attributes: {
              readonly key: string;
              readonly value: { readonly stringValue: string };
            }[];
          }[];
        };
      }[];
    })[];
  }[];
}

const isOf = (name: string) => ({ scope }: Scope) => scope.name === name;

/** A log record. */
export interface Log {
  readonly severity: string;
  readonly body: string;
}

/** What Deno exports, while this is not disposed of. */
export class Collector implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Logs that the program wrote, in order. */
  readonly logs: Log[] = [];
  /** The last value of each counter of netplumb, over all attributes. */
  readonly counters: Map<string, { value: number; unit: string }> = new Map();
  /** The last values of each counter with attributes, by their values. */
  readonly byAttributes: Map<string, Record<string, number>> = new Map();

  /** @param netns The namespace it listens in; undefined is this one. */
  constructor(netns?: Netns) {
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = inNamespace(
      netns?.name,
      () =>
        Deno.serve(options, async (request) => {
          const body = await request.json();
          if (request.url.endsWith("/v1/logs")) this.#takeLogs(body);
          if (request.url.endsWith("/v1/metrics")) this.#takeMetrics(body);
          return Response.json({});
        }),
    );
  }

  /** The environment of a program that exports here. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
    };
  }

  #takeLogs({ resourceLogs }: OtlpLogs): void {
    const scopes = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs);
    // Deno's own log is exported as well.
    for (const { logRecords } of scopes.filter(isOf("deno"))) {
      for (const { severityText, body } of logRecords) {
        this.logs.push({ severity: severityText, body: body.stringValue });
      }
    }
  }

  #takeMetrics({ resourceMetrics }: OtlpMetrics): void {
    const scopes = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics);
    for (const { metrics } of scopes.filter(isOf("netplumb"))) {
      for (const { name, unit, sum } of metrics) {
        let value = 0;
        const values: Record<string, number> = {};
        for (const { asDouble, attributes } of sum.dataPoints) {
          value += asDouble;
          values[attributes.map((one) => one.value.stringValue).join(" ")] =
            asDouble;
        }
        this.counters.set(name, { value, unit });
        this.byAttributes.set(name, values);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
