// Compares the options of a queueing discipline or a class with the desired
// ones.

import { TCA_OPTIONS } from "../../../ffi/uapi/linux_pkt_sched.ts";
import { same } from "../monitor/differences.ts";
import type { Qdisc } from "../qdisc.ts";
import type { OptionValues } from "../spec/attribute.ts";
import type { JsonValue } from "../spec/json.ts";
import { AttributeLevel } from "../spec/level.ts";
import { valueText } from "../spec/table.ts";
import type { TrafficJson } from "./kind.ts";
import { qdiscKindNamed } from "./list.ts";

/** An option that differs, with both values as text. */
export interface QdiscDifference {
  readonly key: string;
  readonly is: string;
  readonly wanted: string;
}

/** Options that the kernel chooses if they are not given, and counters. */
const NOT_COMPARED: ReadonlySet<string> = new Set([
  "direct_packets_stat",
  "direct_qlen",
  "seed",
]);

/**
 * The options of a queueing discipline that differ.
 *
 * @param found The one in the kernel, of the same kind.
 * @param wanted The desired one, decoded from the message that adds it.
 * @param given The options as they were given.
 */
export function qdiscDifferences(
  found: Qdisc,
  wanted: Qdisc,
  given: OptionValues,
): QdiscDifference[] {
  const kind = qdiscKindNamed(wanted.kind);
  if (kind?.differences !== undefined) {
    const options = found.attribute(TCA_OPTIONS);
    const level = options && new AttributeLevel(options.enter());
    return kind.differences(level, given);
  }
  const [is, wish] = [found, wanted].map((one) => optionsOf(one, false));
  const left = new Set(NOT_COMPARED);
  for (const key of Object.keys(given)) left.delete(key);
  // The message that adds netem has all its options.
  const keys = wanted.kind === "netem"
    ? [...new Set([...Object.keys(is!), ...Object.keys(wish!)])]
    : Object.keys(wish!);
  return compared(is!, wish!, keys.filter((key) => !left.has(key)));
}

/** The options of a class of htb that differ. */
export function classDifferences(
  found: Qdisc,
  wanted: Qdisc,
  given: OptionValues,
): QdiscDifference[] {
  const [is, wish] = [found, wanted].map((one) => optionsOf(one, true));
  const keys = ["rate", "ceil", "burst", "cburst", "prio"];
  if (given.quantum !== undefined) keys.push("quantum");
  // A class with classes in it has neither a priority nor a quantum.
  return compared(is!, wish!, keys.filter((key) => key in is!));
}

function optionsOf(qdisc: Qdisc, details: boolean): TrafficJson {
  const options = qdisc.attribute(TCA_OPTIONS);
  return options && qdiscKindNamed(qdisc.kind)?.json?.(options, details) || {};
}

function compared(
  is: TrafficJson,
  wanted: TrafficJson,
  keys: readonly string[],
): QdiscDifference[] {
  return keys.filter((key) =>
    !same(is[key], wanted[key]) && !isNear(key, is, wanted)
  ).flatMap((key) => differencesOf(key, is[key], wanted[key]));
}

/** The difference of a value, or those of its parts. */
function differencesOf(
  key: string,
  is: JsonValue | undefined,
  wanted: JsonValue | undefined,
): QdiscDifference[] {
  const isParts = (value: typeof is): value is Record<string, JsonValue> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isParts(is) && !isParts(wanted)) {
    return [{ key, is: valueText(is), wanted: valueText(wanted) }];
  }
  const [one, other] = [is, wanted].map((of) => isParts(of) ? of : {});
  const parts = new Set([...Object.keys(one!), ...Object.keys(other!)]);
  return [...parts].filter((part) => (one![part] ?? 0) !== (other![part] ?? 0))
    .map((part) => ({
      key: part === "correlation" ? `${key} correlation` : part,
      is: valueText(one![part] ?? 0),
      wanted: valueText(other![part] ?? 0),
    }));
}

/** Microseconds by which the kernel and tc round times differently. */
const ROUNDING = 3;

/**
 * Whether sizes of buckets differ only because they are times in the kernel, in
 * ticks of 64 ns.
 */
function isNear(key: string, is: TrafficJson, wanted: TrafficJson): boolean {
  const distance = Math.abs(Number(is[key]) - Number(wanted[key]));
  if (key === "lat") return distance <= ROUNDING;
  if (!["burst", "cburst", "minburst"].includes(key)) return false;
  const { rate = 0, ceil = 0, peakrate = 0 } = wanted;
  const fastest = Math.max(Number(rate), Number(ceil), Number(peakrate));
  return distance <= 2 + ROUNDING * fastest / 1e6;
}
