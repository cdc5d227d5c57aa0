// Hierarchical token bucket: shares a rate among classes. Source: tc-htb(8).

import * as c from "../../../ffi/uapi/linux_pkt_sched.ts";
import { ArgumentError } from "../../errors.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { OptionsOf } from "../spec/table.ts";
import { AttributeLevel } from "../spec/level.ts";
import { wholeNumber } from "../spec/value.ts";
import { holds, type QdiscKind, qdiscKind, type TrafficJson } from "./kind.ts";
import { linkLayerJson, ratespec, wide, wideRate } from "./ratespec.ts";
import { rate, size, transmissionTicks, transmittedBytes } from "./units.ts";

/** Options of htb. */
export interface HtbOptions {
  /** Class of packets without a class: the part of its id after the colon. */
  readonly default?: string | number;
  /** Divisor of the rate of a class for its quantum; default 10. */
  readonly r2q?: number;
  /** Length of the queue of packets without a class. */
  readonly direct_qlen?: number;
}

/** Options of a class of htb. */
export interface HtbClassOptions {
  /** The guaranteed rate: "1mbit". */
  readonly rate?: string | number;
  /** The highest rate, by borrowing; default: `rate`. */
  readonly ceil?: string | number;
  /** Bytes that may be sent at once above the rate. */
  readonly burst?: string | number;
  /** Bytes that may be sent at once above `ceil`. */
  readonly cburst?: string | number;
  /** Priority when classes borrow, 0 is the highest. */
  readonly prio?: number;
  /** Bytes that the class sends in its turn; default: rate / r2q. */
  readonly quantum?: number;
}

const CLASS: OptionsOf<HtbClassOptions> = {
  rate,
  ceil: rate,
  burst: size,
  cburst: size,
  prio: wholeNumber(0, 7),
  quantum: wholeNumber(0, 0xffff_ffff),
};

/** Bytes of a burst by default: one large Ethernet frame. */
const BURST = 1600;

function writeClass(body: AttributeWriter, given: HtbClassOptions): void {
  if (given.rate === undefined) {
    throw new ArgumentError("class rate", undefined, rate.expected);
  }
  const speed = rate.in(given.rate);
  const ceil = rate.in(given.ceil ?? given.rate);
  body.nest(c.TCA_OPTIONS, (inner) => {
    wide(inner, c.TCA_HTB_RATE64, speed);
    wide(inner, c.TCA_HTB_CEIL64, ceil);
    inner.bytes(
      c.TCA_HTB_PARMS,
      c.tc_htb_opt.build({
        rate: ratespec(speed),
        ceil: ratespec(ceil),
        buffer: transmissionTicks(speed, size.in(given.burst ?? BURST)),
        cbuffer: transmissionTicks(ceil, size.in(given.cburst ?? BURST)),
        quantum: given.quantum ?? 0,
        prio: given.prio ?? 0,
      }),
    );
  }, true);
}

/** The minor number of a class, in hexadecimal as iproute2 has it. */
const minor = {
  expected: "the number of a class in hexadecimal, such as 10 or 0x1f",
  schema: { anyOf: [{ type: "string" }, { type: "integer", minimum: 0 }] },
  read: (given: unknown) =>
    /^(0x)?[0-9a-f]{1,4}$/i.test(String(given))
      ? given as string | number
      : undefined,
};

export const htb: QdiscKind<HtbOptions> = qdiscKind<HtbOptions>({
  name: "htb",
  isFixed: true,
  options: {
    default: minor,
    r2q: wholeNumber(1, 0xffff_ffff),
    direct_qlen: wholeNumber(0, 0xffff_ffff),
  },
  write(body, { default: defcls = 0, r2q = 10, direct_qlen }) {
    body.nest(c.TCA_OPTIONS, (inner) => {
      inner.bytes(
        c.TCA_HTB_INIT,
        c.tc_htb_glob.build({
          version: 3,
          rate2quantum: r2q,
          defcls: parseInt(String(defcls), 16),
        }),
      );
      if (direct_qlen !== undefined) {
        inner.u32(c.TCA_HTB_DIRECT_QLEN, direct_qlen);
      }
    }, true);
  },
  classOptions: CLASS,
  writeClass,
  json(options, details) {
    const level = new AttributeLevel(options.enter());
    return { ...classJson(level, details), ...globalJson(level, details) };
  },
  statistics(value): TrafficJson {
    if (!holds(value, c.tc_htb_xstats)) return {};
    const { lends, borrows, giants, tokens, ctokens } = c.tc_htb_xstats.get(
      value.view,
      value.at,
    );
    return { lended: lends, borrowed: borrows, giants, tokens, ctokens };
  },
});

/** The options of a class. */
function classJson(level: AttributeLevel, details: boolean): TrafficJson {
  const parms = level.get(c.TCA_HTB_PARMS);
  if (parms === undefined || !holds(parms, c.tc_htb_opt)) return {};
  const opt = c.tc_htb_opt.get(parms.view, parms.at);
  const rate = wideRate(level, c.TCA_HTB_RATE64, opt.rate.rate);
  const ceil = wideRate(level, c.TCA_HTB_CEIL64, opt.ceil.rate);
  const burst = transmittedBytes(rate, opt.buffer);
  const cburst = transmittedBytes(ceil, opt.cbuffer);
  return {
    ...opt.level === 0 && {
      prio: opt.prio,
      ...details && { quantum: opt.quantum },
    },
    rate,
    ...opt.rate.overhead !== 0 && { overhead: opt.rate.overhead },
    ceil,
    ...linkLayerJson(opt.rate, details),
    ...details
      ? {
        burst,
        burst_cell: 1 << opt.rate.cell_log,
        mpu_rate: opt.rate.mpu,
        cburst,
        cburst_cell: 1 << opt.ceil.cell_log,
        mpu_ceil: opt.ceil.mpu,
        level: opt.level,
      }
      : { burst, cburst },
  };
}

/** The options of the qdisc. */
function globalJson(level: AttributeLevel, details: boolean): TrafficJson {
  const json: TrafficJson = {};
  const init = level.get(c.TCA_HTB_INIT);
  if (init !== undefined && holds(init, c.tc_htb_glob)) {
    const glob = c.tc_htb_glob.get(init.view, init.at);
    json.r2q = glob.rate2quantum;
    json.default = glob.defcls === 0 ? "0" : `0x${glob.defcls.toString(16)}`;
    json.direct_packets_stat = glob.direct_pkts;
    if (details) {
      json.ver = `${glob.version >>> 16}.${glob.version & 0xffff}`;
    }
  }
  const qlen = level.get(c.TCA_HTB_DIRECT_QLEN);
  if (qlen !== undefined) json.direct_qlen = qlen.u32();
  if (level.has(c.TCA_HTB_OFFLOAD)) json.offload = null;
  return json;
}
