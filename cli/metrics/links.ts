// The metrics of links: counters and state.

import { isRunning, type LinkSample } from "../rates/sampler.ts";
import type { Metric } from "./metric.ts";

/** Counters by direction. Source: OpenTelemetry, "System metrics". */
const BY_DIRECTION = [
  ["system.network.io", "By", "bytes", "Bytes received and transmitted."],
  [
    "system.network.packet.count",
    "{packet}",
    "packets",
    "Packets received and transmitted.",
  ],
  [
    "system.network.packet.dropped",
    "{packet}",
    "dropped",
    "Packets dropped without an error.",
  ],
  [
    "system.network.errors",
    "{error}",
    "errors",
    "Packets received and transmitted with an error.",
  ],
] as const;

const DIRECTIONS = [["rx", "receive"], ["tx", "transmit"]] as const;

/** The metrics of links. */
export function linkMetrics(samples: readonly LinkSample[]): Metric[] {
  const links = samples.map((sample) => ({
    sample,
    attributes: {
      "netplumb.namespace": sample.namespace,
      "netplumb.link.kind": sample.kind,
      "network.interface.name": sample.ifname,
    },
  }));
  return [
    ...BY_DIRECTION.map(([name, unit, counter, description]): Metric => ({
      name,
      type: "counter",
      unit,
      description,
      points: links.flatMap(({ sample, attributes }) =>
        DIRECTIONS.map(([way, direction]) => ({
          value: sample.counters[`${way}_${counter}`],
          attributes: { ...attributes, "network.io.direction": direction },
        }))
      ),
    })),
    {
      name: "netplumb.link.carrier.changes",
      type: "counter",
      unit: "{change}",
      description: "Times that the carrier was detected or lost.",
      points: links.map(({ sample, attributes }) => ({
        value: sample.counters.carrier_changes,
        attributes,
      })),
    },
    {
      name: "netplumb.link.up",
      type: "gauge",
      unit: "{link}",
      description: "1 for a link that is up and running, 0 otherwise.",
      points: links.map(({ sample, attributes }) => ({
        value: Number(isRunning(sample)),
        attributes,
      })),
    },
  ];
}
