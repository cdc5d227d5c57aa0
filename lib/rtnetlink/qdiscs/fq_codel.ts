// Fair queueing with controlled delay. Source: tc-fq_codel(8).

import * as c from "../../../ffi/uapi/linux_pkt_sched.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import { number, reported, toggle } from "../spec/attribute.ts";
import { u32 } from "../spec/codec.ts";
import { nonzero, onlyTrue } from "../spec/json.ts";
import { amount, tableKind } from "./attributes.ts";
import type { QdiscKind, TrafficJson } from "./kind.ts";
import { shortTime, size } from "./units.ts";

/** Options of fq_codel. */
export interface FqCodelOptions {
  /** Packets that may wait. */
  readonly limit?: number;
  /** Number of flows; only when it is created. */
  readonly flows?: number;
  /** Bytes that a flow may send in its turn. */
  readonly quantum?: number;
  /** Acceptable delay in the queue: "5ms". */
  readonly target?: string | number;
  /** Delay above which packets are marked with CE. */
  readonly ce_threshold?: string | number;
  /** Time in which the delay has to come down: "100ms". */
  readonly interval?: string | number;
  /** Memory that packets may take: "32mb". */
  readonly memory_limit?: string | number;
  /** Mark packets instead of dropping them. */
  readonly ecn?: boolean;
  /** Packets that are dropped at once when the queue is full. */
  readonly drop_batch?: number;
}

/** The attributes of fq_codel that the kernel reports. */
interface FqCodelData extends FqCodelOptions {
  readonly ce_threshold_selector?: number;
  readonly ce_threshold_mask?: number;
}

const time = {
  factor: 1000,
  /** The kernel counts in units of 1024 ns. */
  same: (is: number, wanted: number) => Math.abs(is - wanted) <= 2,
  text: (value: string | number) =>
    typeof value === "number" ? `${value}us` : value,
};

/** Printed if one of both is set. */
const threshold = (number: number) =>
  reported<number>(number, (value, level) => {
    const one = value.u8();
    const set = (other: number) => level.get(other)?.u8();
    return set(c.TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR) ||
        set(c.TCA_FQ_CODEL_CE_THRESHOLD_MASK)
      ? one
      : undefined;
  });

export const fqCodel: QdiscKind<FqCodelOptions> = tableKind<FqCodelData>(
  "fq_codel",
  () => ({
    limit: number(c.TCA_FQ_CODEL_LIMIT, u32),
    flows: number(c.TCA_FQ_CODEL_FLOWS, u32, { min: 1, max: 65536 }),
    quantum: number(c.TCA_FQ_CODEL_QUANTUM, u32),
    target: amount(c.TCA_FQ_CODEL_TARGET, shortTime, time),
    ce_threshold: amount(c.TCA_FQ_CODEL_CE_THRESHOLD, shortTime, time),
    ce_threshold_selector: threshold(c.TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR),
    ce_threshold_mask: threshold(c.TCA_FQ_CODEL_CE_THRESHOLD_MASK),
    interval: amount(c.TCA_FQ_CODEL_INTERVAL, shortTime, time),
    memory_limit: amount(c.TCA_FQ_CODEL_MEMORY_LIMIT, size),
    ecn: toggle(c.TCA_FQ_CODEL_ECN, { codec: u32, json: onlyTrue }),
    drop_batch: number(c.TCA_FQ_CODEL_DROP_BATCH_SIZE, u32, { json: nonzero }),
  }),
  { statistics },
);

function statistics(value: AttributeReader): TrafficJson {
  const { view, at, length } = value;
  if (length < 4) return {};
  // The kernel's structs may be shorter than the current ones.
  const copy = new DataView(new ArrayBuffer(64));
  for (let i = 4; i < Math.min(length, 64); i++) {
    copy.setUint8(i - 4, view.getUint8(at + i));
  }
  if (value.u32() === c.TCA_FQ_CODEL_XSTATS_CLASS) {
    const { deficit, count, lastcount, ldelay, dropping, drop_next } = c
      .tc_fq_codel_cl_stats.get(copy, 0);
    return {
      deficit,
      count,
      lastcount,
      ldelay,
      ...dropping !== 0 && { dropping: true, drop_next },
    };
  }
  const stats = c.tc_fq_codel_qd_stats.get(copy, 0);
  return {
    maxpacket: stats.maxpacket,
    drop_overlimit: stats.drop_overlimit,
    new_flow_count: stats.new_flow_count,
    ecn_mark: stats.ecn_mark,
    ...stats.ce_mark !== 0 && { ce_mark: stats.ce_mark },
    ...stats.memory_usage !== 0 && { memory_used: stats.memory_usage },
    ...stats.drop_overmemory !== 0 &&
      { drop_overmemory: stats.drop_overmemory },
    new_flows_len: stats.new_flows_len,
    old_flows_len: stats.old_flows_len,
  };
}
