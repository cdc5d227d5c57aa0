// RTA_METRICS of a request: what a route says of the path beyond it.

import {
  RTA_METRICS,
  RTAX_ADVMSS,
  RTAX_CC_ALGO,
  RTAX_CWND,
  RTAX_FASTOPEN_NO_COOKIE,
  RTAX_FEATURE_ECN,
  RTAX_FEATURES,
  RTAX_HOPLIMIT,
  RTAX_INITCWND,
  RTAX_INITRWND,
  RTAX_LOCK,
  RTAX_MTU,
  RTAX_QUICKACK,
  RTAX_REORDERING,
  RTAX_RTO_MIN,
  RTAX_RTT,
  RTAX_RTTVAR,
  RTAX_SSTHRESH,
  RTAX_WINDOW,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { OptionsOf } from "./option.ts";
import { bit, list, oneOf, text, wholeNumber } from "../spec/value.ts";
import { u32 } from "./words.ts";

/** What a route says of the path beyond it. Source: ip-route(8). */
export interface RouteMetricsSpec {
  /** The longest packet of the path, in bytes. */
  readonly mtu?: number;
  /** The longest segment to announce, in bytes. */
  readonly advmss?: number;
  /** TTL of packets of this machine. */
  readonly hoplimit?: number;
  /** How many segments may be out of order. */
  readonly reordering?: number;
  /** The first guess of the round trip time, in milliseconds. */
  readonly rtt?: number;
  /** The first guess of its variance, in milliseconds. */
  readonly rttvar?: number;
  /** The least time to a retransmission, in milliseconds; always locked. */
  readonly rto_min?: number;
  /** The largest window, in bytes. */
  readonly window?: number;
  /** The congestion window, in segments; with `lock`. */
  readonly cwnd?: number;
  /** The first congestion window, in segments. */
  readonly initcwnd?: number;
  /** The first receive window, in segments. */
  readonly initrwnd?: number;
  /** Where slow start ends, in segments. */
  readonly ssthresh?: number;
  /** What TCP may do: "ecn". */
  readonly features?: "ecn";
  /** Whether to acknowledge at once. */
  readonly quickack?: boolean;
  /** The congestion control algorithm. */
  readonly congctl?: string;
  /** Whether TCP Fast Open does without a cookie. */
  readonly fastopen_no_cookie?: boolean;
  /** Which of these must not change by themselves. */
  readonly lock?: readonly (
    | "mtu"
    | "advmss"
    | "hoplimit"
    | "reordering"
    | "rtt"
    | "rttvar"
    | "window"
    | "cwnd"
    | "initcwnd"
    | "initrwnd"
    | "ssthresh"
    | "congctl"
  )[];
}

/** A metric that can be kept from changing. */
export type LockableMetric = NonNullable<RouteMetricsSpec["lock"]>[number];

/** RTAX_* of what can be locked. */
const LOCKABLE: { readonly [M in LockableMetric]: number } = {
  mtu: RTAX_MTU,
  advmss: RTAX_ADVMSS,
  hoplimit: RTAX_HOPLIMIT,
  reordering: RTAX_REORDERING,
  rtt: RTAX_RTT,
  rttvar: RTAX_RTTVAR,
  window: RTAX_WINDOW,
  cwnd: RTAX_CWND,
  initcwnd: RTAX_INITCWND,
  initrwnd: RTAX_INITRWND,
  ssthresh: RTAX_SSTHRESH,
  congctl: RTAX_CC_ALGO,
};

/** RTAX_* of plain numbers, and what a number is multiplied with. */
const NUMBERS: {
  readonly [metric: string]: readonly [attribute: number, factor: number];
} = {
  mtu: [RTAX_MTU, 1],
  advmss: [RTAX_ADVMSS, 1],
  hoplimit: [RTAX_HOPLIMIT, 1],
  reordering: [RTAX_REORDERING, 1],
  // Kept in eighths and quarters of a millisecond.
  rtt: [RTAX_RTT, 8],
  rttvar: [RTAX_RTTVAR, 4],
  rto_min: [RTAX_RTO_MIN, 1],
  window: [RTAX_WINDOW, 1],
  cwnd: [RTAX_CWND, 1],
  initcwnd: [RTAX_INITCWND, 1],
  initrwnd: [RTAX_INITRWND, 1],
  ssthresh: [RTAX_SSTHRESH, 1],
  quickack: [RTAX_QUICKACK, 1],
  fastopen_no_cookie: [RTAX_FASTOPEN_NO_COOKIE, 1],
};

const milliseconds = wholeNumber(0, 0x1fff_ffff);
const lockable = Object.keys(LOCKABLE) as LockableMetric[];

/** How they are read. */
export const ROUTE_METRICS: OptionsOf<RouteMetricsSpec> = {
  mtu: u32,
  advmss: u32,
  hoplimit: wholeNumber(0, 255),
  reordering: u32,
  rtt: milliseconds,
  rttvar: milliseconds,
  rto_min: milliseconds,
  window: u32,
  cwnd: u32,
  initcwnd: u32,
  initrwnd: u32,
  ssthresh: u32,
  features: oneOf(["ecn"]),
  quickack: bit,
  congctl: text(15),
  fastopen_no_cookie: bit,
  lock: list(oneOf(lockable), lockable.length),
};

/** Writes RTA_METRICS if there are any. */
export function writeMetrics(
  body: AttributeWriter,
  spec: RouteMetricsSpec,
): void {
  const inner = new AttributeWriter();
  let locked = spec.rto_min === undefined ? 0 : 1 << RTAX_RTO_MIN;
  for (const metric of spec.lock ?? []) {
    if (spec[metric] === undefined) {
      throw new ArgumentError("lock", metric, "a metric that is given");
    }
    locked |= 1 << LOCKABLE[metric];
  }
  for (const [metric, [attribute, factor]] of Object.entries(NUMBERS)) {
    const value = spec[metric as keyof RouteMetricsSpec];
    if (value !== undefined) inner.u32(attribute, Number(value) * factor);
  }
  if (spec.features !== undefined) {
    inner.u32(RTAX_FEATURES, RTAX_FEATURE_ECN);
  }
  if (spec.congctl !== undefined) inner.text(RTAX_CC_ALGO, spec.congctl);
  if (locked !== 0) inner.u32(RTAX_LOCK, locked);
  if (inner.length > 0) body.bytes(RTA_METRICS, inner.finish());
}
