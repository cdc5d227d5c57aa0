// Network emulation: delay, loss, duplication, corruption, reordering, rate.
// Source: tc-netem(8).

import * as c from "../../../ffi/uapi/linux_pkt_sched.ts";
import { ArgumentError } from "../../errors.ts";
import type { AttributeReader } from "../../netlink/attribute.ts";
import { toggleWord } from "../spec/attribute.ts";
import { AttributeLevel } from "../spec/level.ts";
import { oneOf, wholeNumber } from "../spec/value.ts";
import { distribution } from "./distribution.ts";
import { holds, type QdiscKind, qdiscKind, type TrafficJson } from "./kind.ts";
import {
  kernelProbability,
  probability,
  rate,
  sixDigits,
  time,
} from "./units.ts";

/** Options of netem. */
export interface NetemOptions {
  /** Packets that may wait; default 1000. */
  readonly limit?: number;
  /** Delay of each packet: "50ms". */
  readonly delay?: string | number;
  /** Random variation of the delay. */
  readonly jitter?: string | number;
  /** How much the delay depends on that of the previous packet: "25%". */
  readonly delay_correlation?: string | number;
  /** Distribution of the variation; default uniform. */
  readonly distribution?: "normal" | "uniform";
  /** Packets that are lost: "1%". */
  readonly loss?: string | number;
  /** How much a loss depends on the previous one. */
  readonly loss_correlation?: string | number;
  /** Packets that are sent twice. */
  readonly duplicate?: string | number;
  /** How much a duplication depends on the previous one. */
  readonly duplicate_correlation?: string | number;
  /** Packets in which a bit is changed. */
  readonly corrupt?: string | number;
  /** How much a change depends on the previous one. */
  readonly corrupt_correlation?: string | number;
  /** Packets that are sent without delay. */
  readonly reorder?: string | number;
  /** How much a reordering depends on the previous one. */
  readonly reorder_correlation?: string | number;
  /** Reorder each packet of this number; default 1. */
  readonly gap?: number;
  /** Rate of the link: "10mbit". */
  readonly rate?: string | number;
  /** Mark packets instead of dropping them. */
  readonly ecn?: boolean;
  /** Seed of the random numbers; from Linux 6.6. */
  readonly seed?: number;
}

export const netem: QdiscKind<NetemOptions> = qdiscKind<NetemOptions>({
  name: "netem",
  options: {
    limit: wholeNumber(0, 0xffff_ffff),
    delay: time,
    jitter: time,
    delay_correlation: probability,
    distribution: oneOf(["normal", "uniform"]),
    loss: probability,
    loss_correlation: probability,
    duplicate: probability,
    duplicate_correlation: probability,
    corrupt: probability,
    corrupt_correlation: probability,
    reorder: probability,
    reorder_correlation: probability,
    gap: wholeNumber(0, 0xffff_ffff),
    rate,
    ecn: toggleWord,
    seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  write(body, given, isChange) {
    const { delay, jitter, limit = 1000, ecn, seed } = given;
    const needs = (word: keyof NetemOptions, other: keyof NetemOptions) => {
      if (given[word] !== undefined && given[other] === undefined) {
        throw new ArgumentError(`netem ${word}`, given[word], `with ${other}`);
      }
    };
    needs("jitter", "delay");
    needs("distribution", "jitter");
    needs("delay_correlation", "jitter");
    needs("reorder", "delay");
    needs("gap", "reorder");
    for (const word of ["loss", "duplicate", "corrupt", "reorder"] as const) {
      needs(`${word}_correlation`, word);
    }
    if (ecn && given.loss === undefined) needs("ecn", "loss");
    // Without a gap, the kernel reorders nothing.
    const gap = given.gap ?? (given.reorder === undefined ? 0 : 1);
    body.nest(c.TCA_OPTIONS, (inner) => {
      inner.raw(c.tc_netem_qopt.build({
        limit,
        loss: kernelProbability(given.loss),
        gap,
        duplicate: kernelProbability(given.duplicate),
      }));
      // A change keeps what is not in its message, except delay and jitter.
      if (delay !== undefined) {
        inner.u64(c.TCA_NETEM_LATENCY64, Math.round(time.in(delay)));
      }
      if (jitter !== undefined) {
        inner.u64(c.TCA_NETEM_JITTER64, Math.round(time.in(jitter)));
      }
      const correlations = c.tc_netem_corr.build({
        delay_corr: kernelProbability(given.delay_correlation),
        loss_corr: kernelProbability(given.loss_correlation),
        dup_corr: kernelProbability(given.duplicate_correlation),
      });
      if (isChange || correlations.some((byte) => byte !== 0)) {
        inner.bytes(c.TCA_NETEM_CORR, correlations);
      }
      if (isChange || given.reorder !== undefined) {
        inner.bytes(
          c.TCA_NETEM_REORDER,
          c.tc_netem_reorder.build({
            probability: kernelProbability(given.reorder),
            correlation: kernelProbability(given.reorder_correlation),
          }),
        );
      }
      if (isChange || given.corrupt !== undefined) {
        inner.bytes(
          c.TCA_NETEM_CORRUPT,
          c.tc_netem_corrupt.build({
            probability: kernelProbability(given.corrupt),
            correlation: kernelProbability(given.corrupt_correlation),
          }),
        );
      }
      if (isChange || given.rate !== undefined) {
        const speed = Math.floor(rate.in(given.rate ?? 0));
        if (speed >= 2 ** 32) inner.u64(c.TCA_NETEM_RATE64, speed);
        inner.bytes(
          c.TCA_NETEM_RATE,
          c.tc_netem_rate.build({ rate: Math.min(0xffff_ffff, speed) }),
        );
      }
      if (isChange || ecn) inner.u32(c.TCA_NETEM_ECN, ecn ? 1 : 0);
      if (seed !== undefined) inner.u64(c.newer.TCA_NETEM_PRNG_SEED, seed);
      if (given.distribution === "normal") {
        inner.bytes(c.TCA_NETEM_DELAY_DIST, distribution());
      }
    }, true);
  },
  json,
});

const part = (probability: number) => sixDigits(probability / 0xffff_ffff);
const seconds = (nanoseconds: number | bigint) =>
  sixDigits(Number(nanoseconds) / 1e9);

function json(options: AttributeReader): TrafficJson {
  if (!holds(options, c.tc_netem_qopt)) return {};
  const qopt = c.tc_netem_qopt.get(options.view, options.at);
  const level = new AttributeLevel(options.enter(c.tc_netem_qopt.size));
  const struct = <T>(
    number: number,
    layout: { size: number; get(view: DataView, at: number): T },
  ): T | undefined => {
    const value = level.get(number);
    return value && holds(value, layout)
      ? layout.get(value.view, value.at)
      : undefined;
  };
  const corr = struct(c.TCA_NETEM_CORR, c.tc_netem_corr);
  const found: TrafficJson = { limit: qopt.limit };
  const latency = level.get(c.TCA_NETEM_LATENCY64)?.u64();
  if (latency) {
    found.delay = {
      delay: seconds(latency),
      jitter: seconds(level.get(c.TCA_NETEM_JITTER64)?.u64() ?? 0),
      correlation: part(corr?.delay_corr ?? 0),
    };
  }
  if (qopt.loss !== 0) {
    found["loss-random"] = {
      loss: part(qopt.loss),
      correlation: part(corr?.loss_corr ?? 0),
    };
  }
  Object.assign(found, lossModels(level));
  if (qopt.duplicate !== 0) {
    found.duplicate = {
      duplicate: part(qopt.duplicate),
      correlation: part(corr?.dup_corr ?? 0),
    };
  }
  const reorder = struct(c.TCA_NETEM_REORDER, c.tc_netem_reorder);
  if (reorder?.probability) {
    found.reorder = {
      reorder: part(reorder.probability),
      correlation: part(reorder.correlation),
    };
  }
  const corrupt = struct(c.TCA_NETEM_CORRUPT, c.tc_netem_corrupt);
  if (corrupt?.probability) {
    found.corrupt = {
      corrupt: part(corrupt.probability),
      correlation: part(corrupt.correlation),
    };
  }
  const limit = struct(c.TCA_NETEM_RATE, c.tc_netem_rate);
  if (limit?.rate) {
    found.rate = {
      rate: level.get(c.TCA_NETEM_RATE64)?.u64() || limit.rate,
      packetoverhead: limit.packet_overhead,
      cellsize: limit.cell_size,
      celloverhead: limit.cell_overhead,
    };
  }
  const slot = struct(c.TCA_NETEM_SLOT, c.tc_netem_slot);
  if (slot !== undefined) {
    found.slot = {
      ...slot.dist_jitter > 0n
        ? {
          distribution: seconds(slot.dist_delay),
          jitter: seconds(slot.dist_jitter),
        }
        : {
          "min-delay": seconds(slot.min_delay),
          "max-delay": seconds(slot.max_delay),
        },
      packets: slot.max_packets,
      bytes: slot.max_bytes,
    };
  }
  const seed = level.get(c.newer.TCA_NETEM_PRNG_SEED)?.u64();
  if (seed !== undefined) found.seed = seed;
  found.ecn = level.has(c.TCA_NETEM_ECN);
  found.gap = qopt.gap;
  return found;
}

/** The loss models of several states. */
function lossModels(level: AttributeLevel): TrafficJson {
  const models: TrafficJson = {};
  const inside = level.get(c.TCA_NETEM_LOSS)?.enter();
  while (inside?.next()) {
    const { type, view, at } = inside;
    if (type === c.NETEM_LOSS_GI && holds(inside, c.tc_netem_gimodel)) {
      const { p13, p31, p32, p23, p14 } = c.tc_netem_gimodel.get(view, at);
      models["loss-state"] = {
        p13: part(p13),
        p31: part(p31),
        p32: part(p32),
        p23: part(p23),
        p14: part(p14),
      };
    } else if (type === c.NETEM_LOSS_GE && holds(inside, c.tc_netem_gemodel)) {
      const { p, r, h, k1 } = c.tc_netem_gemodel.get(view, at);
      models["loss-gemodel"] = {
        p: part(p),
        r: part(r),
        "1-h": part(0xffff_ffff - h),
        "1-k": part(k1),
      };
    }
  }
  return models;
}
