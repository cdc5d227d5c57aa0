// Fair queueing with pacing. Source: tc-fq(8).

import * as c from "../../../ffi/uapi/linux_pkt_sched.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import { attribute, number, toggle, toggleWord } from "../spec/attribute.ts";
import { u32, u8 } from "../spec/codec.ts";
import { nonzero } from "../spec/json.ts";
import { wholeNumber } from "../spec/value.ts";
import { amount, tableKind } from "./attributes.ts";
import type { QdiscKind, TrafficJson } from "./kind.ts";
import { rate, shortTime, size, time } from "./units.ts";

/** Options of fq. */
export interface FqOptions {
  /** Packets that may wait. */
  readonly limit?: number;
  /** Packets of a flow that may wait. */
  readonly flow_limit?: number;
  /** Number of hash buckets, a power of two. */
  readonly buckets?: number;
  /** Mask of the hash of packets without a socket. */
  readonly orphan_mask?: number;
  /** Pace flows at the rate of their socket. */
  readonly pacing?: boolean;
  /** Bytes that a flow may send in its turn. */
  readonly quantum?: string | number;
  /** Bytes that a new flow may send at first. */
  readonly initial_quantum?: string | number;
  /** Highest rate of a flow. */
  readonly maxrate?: string | number;
  /** Rate of flows without one of their own. */
  readonly defrate?: string | number;
  /** Rate below which packets are sent one by one. */
  readonly low_rate_threshold?: string | number;
  /** Idle time after which a flow has credit again. */
  readonly refill_delay?: string | number;
  /** Delay above which packets are marked with CE. */
  readonly ce_threshold?: string | number;
  /** Slack of the timer. */
  readonly timer_slack?: string | number;
  /** How far in the future a packet may be sent. */
  readonly horizon?: string | number;
  /** Drop packets beyond the horizon, instead of sending them at it. */
  readonly horizon_drop?: boolean;
}

const UNLIMITED = 0xffff_ffff;
const limited = (raw: number) => raw === UNLIMITED ? undefined : raw;
const micro = { factor: 1000 };

export const fq: QdiscKind<FqOptions> = tableKind<FqOptions>("fq", () => ({
  limit: number(c.TCA_FQ_PLIMIT, u32),
  flow_limit: number(c.TCA_FQ_FLOW_PLIMIT, u32),
  buckets: attribute<number, number>(c.TCA_FQ_BUCKETS_LOG, {
    ...wholeNumber(1, 2 ** 18),
    raw: u32.read,
    decode: (log) => 2 ** log,
    encode: (body, number, value) =>
      u32.write(body, number, Math.floor(Math.log2(value))),
  }),
  orphan_mask: number(c.TCA_FQ_ORPHAN_MASK, u32),
  pacing: toggle(c.TCA_FQ_RATE_ENABLE, {
    codec: u32,
    json: (raw) => raw === 0 ? false : undefined,
  }),
  quantum: amount(c.TCA_FQ_QUANTUM, size),
  initial_quantum: amount(c.TCA_FQ_INITIAL_QUANTUM, size),
  maxrate: amount(c.TCA_FQ_FLOW_MAX_RATE, rate, { json: limited }),
  defrate: amount(c.TCA_FQ_FLOW_DEFAULT_RATE, rate, { json: nonzero }),
  low_rate_threshold: amount(c.TCA_FQ_LOW_RATE_THRESHOLD, rate, {
    json: nonzero,
  }),
  refill_delay: amount(c.TCA_FQ_FLOW_REFILL_DELAY, shortTime, micro),
  ce_threshold: amount(c.TCA_FQ_CE_THRESHOLD, shortTime, {
    ...micro,
    json: limited,
  }),
  timer_slack: amount(c.TCA_FQ_TIMER_SLACK, time),
  horizon: amount(c.TCA_FQ_HORIZON, shortTime, micro),
  horizon_drop: {
    ...attribute<boolean, number>(c.TCA_FQ_HORIZON_DROP, {
      ...toggleWord,
      raw: u8.read,
      decode: (raw) => raw !== 0,
      encode: (body, number, value) => u8.write(body, number, Number(value)),
    }),
    json: [
      {
        key: "horizon_cap",
        read: (level) =>
          level.get(c.TCA_FQ_HORIZON_DROP)?.u8() === 0 ? null : undefined,
      },
      {
        key: "horizon_drop",
        read: (level) =>
          level.get(c.TCA_FQ_HORIZON_DROP)?.u8() ? null : undefined,
      },
    ],
  },
}), { statistics });

function statistics({ view, at, length }: AttributeReader): TrafficJson {
  // The kernel's struct may be shorter or longer.
  const copy = new Uint8Array(c.tc_fq_qd_stats.size);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length);
  copy.set(bytes.subarray(0, copy.length));
  const stats = c.tc_fq_qd_stats.get(new DataView(copy.buffer), 0);
  const json: TrafficJson = {
    flows: stats.flows,
    inactive: stats.inactive_flows,
    throttled: stats.throttled_flows,
  };
  if (stats.time_next_delayed_flow > 0n) {
    json.next_packet_delay = Number(stats.time_next_delayed_flow);
  }
  json.gc = Number(stats.gc_flows);
  json.highprio = Number(stats.highprio_packets);
  if (stats.tcp_retrans) json.retrans = Number(stats.tcp_retrans);
  // iproute2 has this key twice.
  json.throttled = Number(stats.throttled);
  const rest = [
    ["latency", BigInt(stats.unthrottle_latency_ns)],
    ["ce_mark", stats.ce_mark],
    ["flows_plimit", stats.flows_plimit],
    ["pkts_too_long", stats.pkts_too_long],
    ["alloc_errors", stats.allocation_errors],
    ["horizon_drops", stats.horizon_drops],
    ["horizon_caps", stats.horizon_caps],
  ] as const;
  for (const [key, value] of rest) if (value !== 0n) json[key] = Number(value);
  return json;
}
