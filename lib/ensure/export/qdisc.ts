// Describes the queueing disciplines and classes of a link.

import { TCA_OPTIONS } from "../../../ffi/uapi/linux_pkt_sched.ts";
import type { Qdisc } from "../../rtnetlink/qdisc.ts";
import { qdiscKindNamed } from "../../rtnetlink/qdiscs/list.ts";
import {
  percentText,
  rateText,
  timeText,
} from "../../rtnetlink/qdiscs/units.ts";
import { QDISC_NAMES } from "../parse/qdisc.ts";
import { idText } from "../plan/qdisc.ts";
import type { State } from "../plan/state.ts";
import { type Draft, present } from "./draft.ts";

/** The major number of the parents root and ingress. */
const TOP = 0xffff;
const major = (id: number) => id >>> 16;

/** The queueing disciplines and classes by link. */
export class Queueing {
  readonly #qdiscs: Map<number, Qdisc[]>;
  readonly #classes: Map<number, Qdisc[]>;

  constructor(state: State) {
    this.#qdiscs = Map.groupBy(state.qdiscs, ({ ifindex }) => ifindex);
    this.#classes = Map.groupBy(state.classes, ({ ifindex }) => ifindex);
  }

  /** The lists of a link that are not empty; the kernel's defaults are left out. */
  describe(ifindex: number): Draft {
    // Those of the kernel have no handle.
    const own = (this.#qdiscs.get(ifindex) ?? []).filter(({ kind, handle }) =>
      handle !== 0 && QDISC_NAMES.includes(kind)
    );
    const handles = new Set(own.map(({ handle }) => major(handle)));
    const qdiscs = own.filter(({ parent }) =>
      major(parent) === TOP || handles.has(major(parent))
    );
    const classes = (this.#classes.get(ifindex) ?? []).filter((one) =>
      one.kind === "htb" && handles.has(major(one.handle))
    );
    const used = new Set(
      [...qdiscs, ...classes].map(({ parent }) => major(parent)),
    );
    for (const { handle } of classes) used.add(major(handle));
    const list = qdiscs.map((one) => qdisc(one, used));
    return present({
      qdisc: list.length < 2 ? list[0] : list,
      classes: classes.length === 0 ? undefined : classes.map(htbClass),
    });
  }
}

function qdisc(
  one: Qdisc,
  usedHandles: ReadonlySet<number>,
): Draft {
  const { kind, handle, parent } = one;
  const options = present(OPTIONS[kind]?.(jsonOf(one)) ?? {});
  return present({
    kind,
    handle: usedHandles.has(major(handle)) && major(handle) !== TOP
      ? idText(handle)
      : undefined,
    parent: major(parent) === TOP ? undefined : idText(parent),
    options: Object.keys(options).length === 0 ? undefined : options,
  });
}

function htbClass(one: Qdisc): Draft {
  const { rate, ceil, burst, cburst, prio } = jsonOf(one);
  const bucket = (bytes: unknown) => bytes === BURST ? undefined : bytes;
  return present({
    classid: idText(one.handle),
    parent: major(one.parent) === TOP ? undefined : idText(one.parent),
    options: present({
      rate: rateIfAny(rate),
      ceil: ceil === rate ? undefined : rateIfAny(ceil),
      burst: bucket(burst),
      cburst: bucket(cburst),
      prio: prio || undefined,
    }),
  });
}

/** The default size of a bucket, as it is reported. */
const BURST = 1600;

// deno-lint-ignore no-explicit-any -- the keys of tc -j differ by kind
type Json = any;

/** The options as `tc -j` prints them. */
function jsonOf(one: Qdisc): Json {
  const options = one.attribute(TCA_OPTIONS);
  return options && qdiscKindNamed(one.kind)?.json?.(options, false) || {};
}

/** The options as a user writes them, from those of `tc -j`. */
const OPTIONS: Readonly<Record<string, (json: Json) => Draft>> = {
  netem: (json) => ({
    limit: json.limit === 1000 ? undefined : json.limit,
    delay: secondsIfAny(json.delay?.delay),
    jitter: secondsIfAny(json.delay?.jitter),
    delay_correlation: percentIfAny(json.delay?.correlation),
    ...chance("loss", json["loss-random"]),
    ...chance("duplicate", json.duplicate),
    ...chance("reorder", json.reorder),
    ...chance("corrupt", json.corrupt),
    gap: json.reorder !== undefined && json.gap > 1 ? json.gap : undefined,
    rate: rateIfAny(json.rate?.rate),
    ecn: json.ecn || undefined,
  }),
  tbf: ({ rate, burst, lat, limit }) => ({
    rate: rateIfAny(rate),
    burst,
    latency: lat === undefined ? undefined : timeText(1000 * lat),
    limit,
  }),
  htb: (json) => ({
    r2q: json.r2q === 10 ? undefined : json.r2q,
    default: json.default === "0" ? undefined : json.default,
  }),
  fq_codel: (json) => ({
    ...json,
    target: codelTime(json.target),
    interval: codelTime(json.interval),
    ecn: json.ecn === true,
  }),
  fq: (json) => ({
    ...json,
    maxrate: rateIfAny(json.maxrate),
    defrate: rateIfAny(json.defrate),
    low_rate_threshold: rateIfAny(json.low_rate_threshold),
    timer_slack: json.timer_slack && timeText(json.timer_slack),
    horizon_drop: json.horizon_drop === null
      ? true
      : json.horizon_cap === null
      ? false
      : undefined,
    horizon_cap: undefined,
  }),
  pfifo: (json) => json,
  bfifo: (json) => json,
  prio: ({ bands, priomap }) => ({ bands, priomap }),
};

/** A probability of netem, and its correlation. */
function chance(word: string, json: Json): Draft {
  return {
    [word]: percentIfAny(json?.[word]),
    [`${word}_correlation`]: percentIfAny(json?.correlation),
  };
}

/** Microseconds that the kernel has rounded down to a multiple of 1.024. */
function codelTime(time: number): string {
  return timeText(1000 * (time + 1));
}

/** The text of a number, unless it is 0 or missing. */
const ifAny =
  (text: (value: number) => string) => (value: number | undefined) =>
    value ? text(value) : undefined;
const percentIfAny = ifAny(percentText);
const rateIfAny = ifAny(rateText);
const secondsIfAny = ifAny((value) => timeText(Math.round(1e9 * value)));
