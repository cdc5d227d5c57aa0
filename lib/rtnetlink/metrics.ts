// RTA_METRICS: what a route says of the path beyond it.

import {
  RTAX_ADVMSS,
  RTAX_CC_ALGO,
  RTAX_CWND,
  RTAX_FASTOPEN_NO_COOKIE,
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
} from "../../ffi/uapi/linux_rtnetlink.ts";
import type { AttributeReader } from "../netlink/attribute.ts";

/**
 * The metrics of a route, as the kernel keeps them. Source: ip-route(8),
 * linux/rtnetlink.h.
 */
export interface RouteMetrics {
  /** A bit for each RTAX_* that must not change by itself. */
  lock?: number;
  /** Bytes. */
  mtu?: number;
  /** Bytes. */
  window?: number;
  /** Round trip time in eighths of a millisecond. */
  rtt?: number;
  /** Its variance in quarters of a millisecond. */
  rttvar?: number;
  /** Segments. */
  ssthresh?: number;
  /** Segments. */
  cwnd?: number;
  /** Bytes. */
  advmss?: number;
  /** Segments that may be out of order. */
  reordering?: number;
  /** 4294967295 stands for the interface's. */
  hoplimit?: number;
  /** Segments. */
  initcwnd?: number;
  /** RTAX_FEATURE_* bits: 1 for ECN. */
  features?: number;
  /** Milliseconds. */
  rto_min?: number;
  /** Segments. */
  initrwnd?: number;
  /** Whether to acknowledge at once. */
  quickack?: number;
  /** The congestion control algorithm. */
  congctl?: string;
  /** Whether TCP Fast Open does without a cookie. */
  fastopen_no_cookie?: number;
}

/** A metric by the word iproute2 has for it. */
export type MetricName = keyof RouteMetrics;

/** The word for each metric, in the order of their numbers. */
export const METRIC_NAMES: ReadonlyArray<MetricName | undefined> = (() => {
  const names: (MetricName | undefined)[] = [];
  names[RTAX_LOCK] = "lock";
  names[RTAX_MTU] = "mtu";
  names[RTAX_WINDOW] = "window";
  names[RTAX_RTT] = "rtt";
  names[RTAX_RTTVAR] = "rttvar";
  names[RTAX_SSTHRESH] = "ssthresh";
  names[RTAX_CWND] = "cwnd";
  names[RTAX_ADVMSS] = "advmss";
  names[RTAX_REORDERING] = "reordering";
  names[RTAX_HOPLIMIT] = "hoplimit";
  names[RTAX_INITCWND] = "initcwnd";
  names[RTAX_FEATURES] = "features";
  names[RTAX_RTO_MIN] = "rto_min";
  names[RTAX_INITRWND] = "initrwnd";
  names[RTAX_QUICKACK] = "quickack";
  names[RTAX_CC_ALGO] = "congctl";
  names[RTAX_FASTOPEN_NO_COOKIE] = "fastopen_no_cookie";
  return names;
})();

export function decodeMetrics(attributes: AttributeReader): RouteMetrics {
  const metrics: Record<string, number | string> = {};
  while (attributes.next()) {
    const name = METRIC_NAMES[attributes.type];
    if (name === undefined) continue;
    metrics[name] = name === "congctl" ? attributes.string() : attributes.u32();
  }
  return metrics;
}
