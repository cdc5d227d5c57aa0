// Queueing disciplines and classes as `tc -j` prints them. Source: tc(8) of
// iproute2 6.1.

import * as c from "../../ffi/uapi/linux_pkt_sched.ts";
import { AttributeLevel } from "../rtnetlink/spec/level.ts";
import type { JsonValue } from "../rtnetlink/spec/json.ts";
import type { Qdisc } from "../rtnetlink/qdisc.ts";
import { qdiscKindNamed } from "../rtnetlink/qdiscs/list.ts";
import { type IpJsonOptions, NO_NAMES } from "./options.ts";

/** A queueing discipline under the keys of `tc -j qdisc`. */
export type IpQdisc = Record<string, JsonValue>;

/** A class under the keys of `tc -j class`. */
export type IpClass = Record<string, JsonValue>;

/**
 * A queueing discipline as `tc -j qdisc` prints it.
 *
 * Source: tc(8).
 *
 * @param qdisc The queueing discipline.
 * @param options What to show; `oneDevice` omits the link.
 *
 * @example
 * ```ts
 * import { ipQdisc, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * for (const qdisc of await route.qdiscs()) console.log(ipQdisc(qdisc));
 * // { kind: "noqueue", handle: "0:", dev: "if1", root: true, ... }
 * ```
 */
export function ipQdisc(qdisc: Qdisc, options: IpJsonOptions = {}): IpQdisc {
  const { names = NO_NAMES, details = false, statistics, oneDevice } = options;
  const block = (number: number) => qdisc.attribute(number)?.u32();
  const json: IpQdisc = {
    kind: qdisc.kind,
    handle: `${(qdisc.handle >>> 16).toString(16)}:`,
  };
  if (!oneDevice) json.dev = names.name(qdisc.ifindex);
  if (qdisc.parent === c.TC_H_ROOT) json.root = true;
  else if (qdisc.parent !== 0) json.parent = classId(qdisc.parent);
  if (qdisc.info !== 1) json.refcnt = qdisc.info;
  if (qdisc.attribute(c.TCA_HW_OFFLOAD)?.u8()) json.offloaded = true;
  const [ingress, egress] = [
    block(c.TCA_INGRESS_BLOCK),
    block(c.TCA_EGRESS_BLOCK),
  ];
  if (ingress) json.ingress_block = ingress;
  if (egress) json.egress_block = egress;
  json.options = optionsJson(qdisc, details);
  return statistics ? { ...json, ...statisticsJson(qdisc) } : json;
}

/**
 * A class as `tc -j class` prints it.
 *
 * Source: tc(8).
 *
 * @param of The class.
 * @param options What to show; `oneDevice` omits the link.
 *
 * @example
 * ```ts
 * import { ipClass, RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * for (const one of await route.classes(1)) console.log(ipClass(one));
 * ```
 */
export function ipClass(of: Qdisc, options: IpJsonOptions = {}): IpClass {
  const { names = NO_NAMES, details = false, statistics, oneDevice } = options;
  const json: IpClass = {
    class: of.kind,
    handle: of.handle === 0 ? "" : classId(of.handle),
  };
  if (!oneDevice) json.dev = names.name(of.ifindex);
  if (of.parent === c.TC_H_ROOT) json.root = true;
  else json.parent = classId(of.parent);
  if (of.info !== 0) json.leaf = `0x${(of.info >>> 16).toString(16)}`;
  Object.assign(json, optionsJson(of, details));
  if (statistics) json.stats = statisticsJson(of);
  return json;
}

/** "1:10", "1:" for a qdisc, "root" or "none". */
function classId(id: number): string {
  const [major, minor] = [id >>> 16, id & 0xffff].map((n) => n.toString(16));
  if (id === c.TC_H_ROOT) return "root";
  if (id === c.TC_H_UNSPEC) return "none";
  if (major === "0") return `:${minor}`;
  return minor === "0" ? `${major}:` : `${major}:${minor}`;
}

function optionsJson(
  qdisc: Qdisc,
  details: boolean,
): Record<string, JsonValue> {
  const options = qdisc.attribute(c.TCA_OPTIONS);
  const kind = qdiscKindNamed(qdisc.kind);
  return options && kind?.json?.(options, details) || {};
}

function statisticsJson(qdisc: Qdisc): Record<string, JsonValue> {
  const found = qdisc.attribute(c.TCA_STATS2);
  if (found === undefined) return {};
  const level = new AttributeLevel(found.enter());
  const json: Record<string, JsonValue> = {};
  const basic = level.get(c.TCA_STATS_BASIC);
  if (basic !== undefined && basic.length >= 12) {
    json.bytes = basic.u64();
    json.packets = basic.view.getUint32(basic.at + 8, true);
    const wide = level.get(c.TCA_STATS_PKT64)?.u64();
    if (wide) json.packets = wide;
  }
  const queue = level.get(c.TCA_STATS_QUEUE);
  const { backlog, qlen, drops, overlimits, requeues } =
    queue !== undefined && queue.length >= c.gnet_stats_queue.size
      ? c.gnet_stats_queue.get(queue.view, queue.at)
      : c.gnet_stats_queue.get(NONE, 0);
  if (queue !== undefined) Object.assign(json, { drops, overlimits, requeues });
  const wide = level.get(c.TCA_STATS_RATE_EST64);
  const rate = wide ?? level.get(c.TCA_STATS_RATE_EST);
  if (rate !== undefined && rate.length >= (wide ? 16 : 8)) {
    const at = (index: number) =>
      wide
        ? Number(rate.view.getBigUint64(rate.at + 8 * index, true))
        : rate.view.getUint32(rate.at + 4 * index, true);
    Object.assign(json, { rate: at(0), pps: at(1) });
  }
  if (queue !== undefined) Object.assign(json, { backlog, qlen });
  const own = level.get(c.TCA_STATS_APP) ?? qdisc.attribute(c.TCA_XSTATS);
  const statistics = qdiscKindNamed(qdisc.kind)?.statistics;
  return own && statistics ? { ...json, ...statistics(own) } : json;
}

const NONE = new DataView(new ArrayBuffer(c.gnet_stats_queue.size));
