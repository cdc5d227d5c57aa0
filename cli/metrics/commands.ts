// The metrics of commands: their totals.

import type { MonitoredObject } from "../../lib/rtnetlink/monitor/event.ts";
import type { Totals as EchoTotals } from "../echo/server.ts";
import type { TunCounters } from "../../lib/tun/queue.ts";
import type { Totals as MonitorTotals } from "../monitor/totals.ts";
import type { Metric } from "./metric.ts";

/** The metrics of `netplumb monitor`. */
export function monitorMetrics(totals: MonitorTotals): Metric[] {
  const objects = Object.keys(totals.byObject) as MonitoredObject[];
  return [
    {
      name: "netplumb.monitor.events",
      type: "counter",
      unit: "{event}",
      description: "Changes of objects.",
      points: objects.map((object) => ({
        value: totals.byObject[object],
        attributes: { "netplumb.object": object },
      })),
    },
    ...counters("netplumb.monitor", totals, {
      overruns: ["{overrun}", "Overruns of the receive buffer."],
      resynchronisations: [
        "{resynchronisation}",
        "Dumps of all objects after an overrun.",
      ],
      corrections: ["{event}", "Events that only a dump found."],
    }),
  ];
}

/** Counts of the reports of `netplumb ensure`. */
export interface EnsureTotals {
  /** Deviations that were corrected. */
  corrections: number;
  /** Changes that the kernel refused. */
  refused: number;
  /** Conflicts with another program. */
  conflicts: number;
  /** Overruns of the receive buffer. */
  overruns: number;
}

/** The metrics of `netplumb ensure`. */
export function ensureMetrics(totals: EnsureTotals): Metric[] {
  return counters("netplumb.ensure", totals, {
    corrections: ["{correction}", "Deviations that were corrected."],
    refused: ["{change}", "Changes that the kernel refused."],
    conflicts: ["{conflict}", "Conflicts with another program."],
    overruns: ["{overrun}", "Overruns of the receive buffer."],
  });
}

/** The metrics of `netplumb echo`. */
export function echoMetrics(totals: EchoTotals): Metric[] {
  return counters("netplumb.echo", totals, {
    datagrams: ["{datagram}", "Datagrams received."],
    bytes: ["By", "Bytes received."],
    replies: ["{datagram}", "Replies sent."],
    refused: ["{datagram}", "Datagrams that were not replied to on purpose."],
    failed: ["{datagram}", "Replies that failed."],
    dropped: [
      "{datagram}",
      "Datagrams that the kernel dropped because the receive buffer was full.",
    ],
  });
}

/**
 * The metrics of `netplumb tun`.
 *
 * @param dropped Packets that the kernel dropped.
 */
export function tunMetrics(device: TunCounters, dropped: number): Metric[] {
  const totals = {
    "packets.read": device.packetsRead,
    "bytes.read": device.bytesRead,
    "packets.written": device.packetsWritten,
    "bytes.written": device.bytesWritten,
    "packets.rejected": device.packetsRejected,
    "packets.dropped": dropped,
  };
  return counters("netplumb.tun", totals, {
    "packets.read": ["{packet}", "Packets read from the device."],
    "bytes.read": ["By", "Bytes read from the device."],
    "packets.written": ["{packet}", "Packets written to the device."],
    "bytes.written": ["By", "Bytes written to the device."],
    "packets.rejected": ["{packet}", "Packets that the kernel rejected."],
    "packets.dropped": [
      "{packet}",
      "Packets that the kernel dropped because the queue was full.",
    ],
  });
}

/** Counters without attributes, from the totals that have a unit. */
function counters<Name extends string>(
  prefix: string,
  totals: Readonly<Record<NoInfer<Name>, number>>,
  units: Readonly<Record<Name, readonly [unit: string, description: string]>>,
): Metric[] {
  return (Object.keys(units) as Name[]).map((name) => {
    const [unit, description] = units[name];
    const points = [{ value: totals[name], attributes: {} }];
    const type = "counter";
    return { name: `${prefix}.${name}`, type, unit, description, points };
  });
}
