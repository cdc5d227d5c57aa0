// Token bucket filter: limits a rate. Source: tc-tbf(8).

import * as c from "../../../ffi/uapi/linux_pkt_sched.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeLevel } from "../spec/level.ts";
import { holds, type QdiscKind, qdiscKind, type TrafficJson } from "./kind.ts";
import { linkLayerJson, ratespec, wide, wideRate } from "./ratespec.ts";
import {
  rate,
  shortTime,
  size,
  tickTime,
  transmissionTicks,
  transmittedBytes,
} from "./units.ts";

/** Options of tbf. */
export interface TbfOptions {
  /** The rate: "1mbit". */
  readonly rate?: string | number;
  /** Size of the bucket: bytes that may be sent at once, "10kb". */
  readonly burst?: string | number;
  /** Longest time that a packet may wait; instead of `limit`. */
  readonly latency?: string | number;
  /** Bytes that may wait. */
  readonly limit?: string | number;
  /** Rate at which the bucket empties. */
  readonly peakrate?: string | number;
  /** Size of the bucket of `peakrate`: the MTU of the link. */
  readonly minburst?: string | number;
}

export const tbf: QdiscKind<TbfOptions> = qdiscKind<TbfOptions>({
  name: "tbf",
  options: {
    rate,
    burst: size,
    latency: shortTime,
    limit: size,
    peakrate: rate,
    minburst: size,
  },
  write(body, given) {
    const needs = (word: keyof TbfOptions, also = "") => {
      throw new ArgumentError(`tbf ${word}${also}`, undefined, "given");
    };
    const { rate: rateGiven, burst, latency, limit, peakrate, minburst } =
      given;
    if (rateGiven === undefined) return needs("rate");
    if (burst === undefined) return needs("burst");
    if ((latency === undefined) === (limit === undefined)) {
      return needs("latency", " or limit");
    }
    if ((peakrate === undefined) !== (minburst === undefined)) {
      return needs("minburst", " and peakrate");
    }
    const speed = rate.in(rateGiven);
    const bucket = size.in(burst);
    const peak = peakrate === undefined ? 0 : rate.in(peakrate);
    const mtu = minburst === undefined ? 0 : size.in(minburst);
    body.nest(c.TCA_OPTIONS, (inner) => {
      inner.bytes(
        c.TCA_TBF_PARMS,
        c.tc_tbf_qopt.build({
          rate: ratespec(speed),
          peakrate: peak === 0 ? EMPTY : ratespec(peak),
          limit: limit === undefined
            ? waiting(shortTime.in(latency!) / 1e9, speed, bucket, peak, mtu)
            : size.in(limit),
          buffer: transmissionTicks(speed, bucket),
          mtu: peak === 0 ? 0 : transmissionTicks(peak, mtu),
        }),
      );
      inner.u32(c.TCA_TBF_BURST, bucket);
      if (peak !== 0) inner.u32(c.TCA_TBF_PBURST, mtu);
      wide(inner, c.TCA_TBF_RATE64, speed);
      wide(inner, c.TCA_TBF_PRATE64, peak);
    }, true);
  },
  json(options, details) {
    const level = new AttributeLevel(options.enter());
    const parms = level.get(c.TCA_TBF_PARMS);
    if (parms === undefined || !holds(parms, c.tc_tbf_qopt)) return {};
    const { rate, peakrate, limit, buffer, mtu } = c.tc_tbf_qopt.get(
      parms.view,
      parms.at,
    );
    const speed = wideRate(level, c.TCA_TBF_RATE64, rate.rate);
    const peak = wideRate(level, c.TCA_TBF_PRATE64, peakrate.rate);
    const json: TrafficJson = { rate: speed };
    const bucket = (ticks: number, speed: number, cell: number) =>
      details
        ? `${sizeText(transmittedBytes(speed, ticks))}/${1 << cell}`
        : transmittedBytes(speed, ticks);
    json.burst = bucket(buffer, speed, rate.cell_log);
    if (details) json.mpu = rate.mpu;
    if (peak !== 0 && (mtu !== 0 || peakrate.mpu !== 0)) {
      json[details ? "mtu" : "minburst"] = bucket(mtu, peak, peakrate.cell_log);
      if (details) json.mpu = peakrate.mpu;
    }
    const delay = (speed: number, ticks: number) =>
      1e6 * (limit / speed) - tickTime(ticks);
    let latency = delay(speed, buffer);
    if (peak !== 0) latency = Math.max(latency, delay(peak, mtu));
    if (latency >= 0) json.lat = Math.floor(latency);
    else json.limit = limit;
    if (rate.overhead !== 0) json.overhead = rate.overhead;
    return { ...json, ...linkLayerJson(rate, details) };
  },
});

const EMPTY = {
  cell_log: 0,
  linklayer: 0,
  overhead: 0,
  cell_align: 0,
  mpu: 0,
  rate: 0,
};

/** Bytes that wait for at most some seconds. */
function waiting(
  seconds: number,
  speed: number,
  bucket: number,
  peak: number,
  mtu: number,
): number {
  const limit = speed * seconds + bucket;
  return Math.floor(
    peak === 0 ? limit : Math.min(limit, peak * seconds + mtu),
  );
}

/** A size as iproute2 prints it as text. */
function sizeText(bytes: number): string {
  const near = (unit: number, distance: number) =>
    bytes >= unit &&
      Math.abs(unit * Math.round(bytes / unit) - bytes) < distance
      ? Math.round(bytes / unit)
      : undefined;
  const mega = near(1024 ** 2, 1024);
  if (mega !== undefined) return `${mega}Mb`;
  const kilo = near(1024, 16);
  return kilo === undefined ? `${bytes}b` : `${kilo}Kb`;
}
