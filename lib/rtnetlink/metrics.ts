// Metrics of a route: properties of its path. Source: ip-route(8),
// linux/rtnetlink.h.

import * as rt from "../../ffi/uapi/linux_rtnetlink.ts";
import { ArgumentError } from "../errors.ts";
import { AttributeWriter } from "../netlink/attribute_writer.ts";
import type { OptionValues } from "./spec/attribute.ts";
import { u32 as u32Codec } from "./spec/codec.ts";
import { hex } from "./spec/json.ts";
import { u32 } from "./spec/named_number.ts";
import {
  type Encoding,
  type FieldDetails,
  fieldsOf,
  FieldTable,
  type ObjectAttribute,
  string,
} from "./spec/object.ts";
import {
  bit,
  list,
  oneOf,
  type Reader,
  text,
  wholeNumber,
} from "./spec/value.ts";

/**
 * The metrics of a route in the kernel's units. Source: ip-route(8),
 * linux/rtnetlink.h.
 */
export interface RouteMetrics {
  /** A bit for each RTAX_* that the kernel must not change. */
  lock?: number;
  /** Path MTU, in bytes. */
  mtu?: number;
  /** Maximum window, in bytes. */
  window?: number;
  /** Round-trip time, in eighths of a millisecond. */
  rtt?: number;
  /** Variance of the round-trip time, in quarters of a millisecond. */
  rttvar?: number;
  /** Slow start threshold, in segments. */
  ssthresh?: number;
  /** Congestion window, in segments. */
  cwnd?: number;
  /** Advertised MSS, in bytes. */
  advmss?: number;
  /** Maximum reordering, in segments. */
  reordering?: number;
  /** Hop limit; 4294967295 means that of the interface. */
  hoplimit?: number;
  /** Initial congestion window, in segments. */
  initcwnd?: number;
  /** RTAX_FEATURE_* bits: 1 for ECN. */
  features?: number;
  /** Minimum retransmission timeout, in milliseconds. */
  rto_min?: number;
  /** Initial receive window, in segments. */
  initrwnd?: number;
  /** Quick acknowledgements: 1 for enabled. */
  quickack?: number;
  /** The congestion control algorithm. */
  congctl?: string;
  /** TCP Fast Open without a cookie: 1 for enabled. */
  fastopen_no_cookie?: number;
}

/** Metrics of a route, with the keys of iproute2. Source: ip-route(8). */
export interface RouteMetricsSpec {
  /** Path MTU, in bytes. */
  readonly mtu?: number;
  /** Advertised MSS, in bytes. */
  readonly advmss?: number;
  /** TTL or hop limit of local packets. */
  readonly hoplimit?: number;
  /** Maximum reordering, in segments. */
  readonly reordering?: number;
  /** Initial round-trip time: milliseconds, or with a unit, "20ms". */
  readonly rtt?: number | string;
  /** Initial variance of the round-trip time: milliseconds, or with a unit. */
  readonly rttvar?: number | string;
  /** Minimum retransmission timeout: milliseconds, or with a unit; locked. */
  readonly rto_min?: number | string;
  /** Maximum window, in bytes. */
  readonly window?: number;
  /** Congestion window, in segments; with `lock`. */
  readonly cwnd?: number;
  /** Initial congestion window, in segments. */
  readonly initcwnd?: number;
  /** Initial receive window, in segments. */
  readonly initrwnd?: number;
  /** Slow start threshold, in segments. */
  readonly ssthresh?: number;
  /** Features of TCP: "ecn". */
  readonly features?: "ecn";
  /** Acknowledge immediately. */
  readonly quickack?: boolean;
  /** The congestion control algorithm. */
  readonly congctl?: string;
  /** Use TCP Fast Open without a cookie. */
  readonly fastopen_no_cookie?: boolean;
  /** Metrics that the kernel must not change. */
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

/** A metric that can be locked. */
export type LockableMetric = NonNullable<RouteMetricsSpec["lock"]>[number];

/** RTAX_* of the metrics that can be locked. */
const LOCKABLE: { readonly [M in LockableMetric]: number } = {
  mtu: rt.RTAX_MTU,
  advmss: rt.RTAX_ADVMSS,
  hoplimit: rt.RTAX_HOPLIMIT,
  reordering: rt.RTAX_REORDERING,
  rtt: rt.RTAX_RTT,
  rttvar: rt.RTAX_RTTVAR,
  window: rt.RTAX_WINDOW,
  cwnd: rt.RTAX_CWND,
  initcwnd: rt.RTAX_INITCWND,
  initrwnd: rt.RTAX_INITRWND,
  ssthresh: rt.RTAX_SSTHRESH,
  congctl: rt.RTAX_CC_ALGO,
};

const LOCKABLE_NAMES = Object.keys(LOCKABLE) as LockableMetric[];
const LOCK_NAMES: readonly (readonly [string, number])[] = [
  ...Object.entries(LOCKABLE),
  ["rto_min", rt.RTAX_RTO_MIN],
];
/** The hop limit of the interface. */
const LINKS_OWN = 0xffff_ffff;
const field = fieldsOf<RouteMetrics>();

const MOST_MILLISECONDS = 0x1fff_ffff;

/** A time in milliseconds, or text with a unit as in ip(8). */
const milliseconds: Reader<number> = {
  expected: "milliseconds, or a time like 20ms or 1.5s",
  schema: {
    anyOf: [wholeNumber(0, MOST_MILLISECONDS).schema, { type: "string" }],
  },
  read(given) {
    const [, digits, unit] = typeof given === "string"
      ? /^(\d+(?:\.\d+)?)(s|secs?|ms|msecs?)?$/.exec(given) ?? []
      : [];
    const number = digits === undefined
      ? given
      : Math.ceil(Number(digits) * (unit?.startsWith("s") ? 1000 : 1));
    return typeof number === "number" && number >= 0 &&
        number <= MOST_MILLISECONDS
      ? number
      : undefined;
  },
};

type NumericMetric = Exclude<keyof RouteMetrics, "congctl">;

/**
 * A number. The kernel does not report 0; iproute2 prints it if it is locked.
 *
 * @param factor Kernel units in one unit of the option.
 */
function metric<T = number>(
  name: NumericMetric,
  number: number,
  reader: Reader<T>,
  details: FieldDetails<RouteMetrics, number, T> & {
    readonly factor?: number;
  } = {},
): ObjectAttribute<RouteMetrics, T> {
  const { factor = 1, ...others } = details;
  return field(name, {
    ...reader,
    number,
    codec: u32Codec,
    kernelDefault: 0,
    toRaw: (value) => Math.round(Number(value) * factor),
    text: (raw) => raw === 0 ? "not set" : `${raw / factor}`,
    print(json, metrics) {
      const isLocked = ((metrics.lock ?? 0) >>> number & 1) !== 0;
      const raw = metrics[name] ?? (isLocked ? 0 : undefined);
      if (raw !== undefined) json[name] = Math.trunc(raw / factor);
    },
    ...others,
  });
}

/** A number that is 0 or 1. */
const onOrOff = (name: NumericMetric, number: number) =>
  metric(name, number, bit, { text: (raw) => raw === 0 ? "off" : "on" });

/** All metrics in numerical order, which is also iproute2's. */
export const METRICS: FieldTable<RouteMetrics, RouteMetricsSpec> =
  new FieldTable<RouteMetrics, RouteMetricsSpec>({
    lock: field.attribute("lock", rt.RTAX_LOCK, u32Codec, {
      ...list(oneOf(LOCKABLE_NAMES), LOCKABLE_NAMES.length),
      kernelDefault: 0,
      text: (bits) => lockNames(bits).join(",") || "none",
      // Only the text of ip has it.
      key: "lock",
      json: (bits) => bits === 0 ? undefined : lockNames(bits),
    }),
    mtu: metric("mtu", rt.RTAX_MTU, u32),
    window: metric("window", rt.RTAX_WINDOW, u32),
    // In eighths and quarters of a millisecond.
    rtt: metric("rtt", rt.RTAX_RTT, milliseconds, { factor: 8 }),
    rttvar: metric("rttvar", rt.RTAX_RTTVAR, milliseconds, { factor: 4 }),
    ssthresh: metric("ssthresh", rt.RTAX_SSTHRESH, u32),
    cwnd: metric("cwnd", rt.RTAX_CWND, u32),
    advmss: metric("advmss", rt.RTAX_ADVMSS, u32),
    reordering: metric("reordering", rt.RTAX_REORDERING, u32),
    hoplimit: metric("hoplimit", rt.RTAX_HOPLIMIT, wholeNumber(0, 255), {
      of: ({ hoplimit = 0 }) => hoplimit === LINKS_OWN ? 0 : hoplimit,
      print(json, metrics) {
        const { hoplimit = 0, lock = 0 } = metrics;
        const isLocked = (lock >>> rt.RTAX_HOPLIMIT & 1) !== 0;
        if (metrics.hoplimit === undefined && !isLocked) return;
        if (hoplimit !== LINKS_OWN) json.hoplimit = hoplimit;
      },
    }),
    initcwnd: metric("initcwnd", rt.RTAX_INITCWND, u32),
    features: metric("features", rt.RTAX_FEATURES, oneOf(["ecn"]), {
      toRaw: () => rt.RTAX_FEATURE_ECN,
      text: (raw) => featureNames(raw).join(",") || "not set",
      print(json, { features = 0 }) {
        if (features & rt.RTAX_FEATURE_ECN) json.ecn = null;
        const rest = features & ~rt.RTAX_FEATURE_ECN;
        if (rest) json.features = hex(features);
      },
    }),
    rto_min: metric("rto_min", rt.RTAX_RTO_MIN, milliseconds),
    initrwnd: metric("initrwnd", rt.RTAX_INITRWND, u32),
    quickack: onOrOff("quickack", rt.RTAX_QUICKACK),
    congctl: field.attribute("congctl", rt.RTAX_CC_ALGO, {
      ...string,
      write: (body, attribute, value) => void body.text(attribute, value),
    }, {
      ...text(15),
      key: "congestion",
    }),
    fastopen_no_cookie: onOrOff(
      "fastopen_no_cookie",
      rt.RTAX_FASTOPEN_NO_COOKIE,
    ),
  });

const METRIC_WORDS: ReadonlySet<string> = new Set(Object.keys(METRICS.entries));

function lockNames(bits: number): string[] {
  return LOCK_NAMES.filter(([, number]) => (bits >>> number & 1) !== 0)
    .map(([name]) => name);
}

function featureNames(features: number): string[] {
  const rest = features & ~rt.RTAX_FEATURE_ECN;
  return [
    ...features & rt.RTAX_FEATURE_ECN ? ["ecn"] : [],
    ...rest === 0 ? [] : [hex(rest)],
  ];
}

/** RTA_METRICS of a request; undefined without metrics. */
export function encodedMetrics(
  spec: RouteMetricsSpec,
  encoding: Omit<Encoding, "word">,
): Uint8Array | undefined {
  if (!hasMetrics(spec)) return undefined;
  const body = new AttributeWriter();
  const lock = lockOf(spec);
  const values: OptionValues = { ...spec, lock: lock === 0 ? undefined : lock };
  METRICS.encodeAttributes(body, values, encoding);
  return body.length === 0 ? undefined : body.finish();
}

function hasMetrics(spec: RouteMetricsSpec): boolean {
  for (const word in spec) if (METRIC_WORDS.has(word)) return true;
  return false;
}

/** The bits of the locked metrics. */
function lockOf(spec: RouteMetricsSpec): number {
  let locked = spec.rto_min === undefined ? 0 : 1 << rt.RTAX_RTO_MIN;
  for (const metric of spec.lock ?? []) {
    if (spec[metric] === undefined) {
      throw new ArgumentError("lock", metric, "a metric that is given");
    }
    locked |= 1 << LOCKABLE[metric];
  }
  return locked;
}
