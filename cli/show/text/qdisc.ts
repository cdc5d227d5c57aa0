// Queueing disciplines and classes as text.

import type { Style } from "../../output/style.ts";
import type { Json } from "../shown.ts";
import { isJson, option, others, pair, plain } from "./format.ts";

/** Keys of the counters, in the order of `tc -s`. */
const COUNTERS = [
  "bytes",
  "packets",
  "drops",
  "overlimits",
  "requeues",
  "rate",
  "pps",
  "backlog",
  "qlen",
];

/** A queueing discipline as text. */
export function qdiscText(json: Json, style: Style): string {
  const { kind, options, ...rest } = json;
  const { counters, own, place } = parts(rest);
  return [
    [
      "qdisc",
      style.bold(plain(kind)),
      ...place,
      ...isJson(options) ? others(options, []) : [],
    ].join(" "),
    ...counters,
    ...own,
  ].join("\n    ");
}

/** A class as text. */
export function classText(json: Json, style: Style): string {
  const { class: kind, stats, ...rest } = json;
  const { place } = parts(rest);
  const statistics = isJson(stats) ? parts(stats) : undefined;
  const options = others(rest, PLACE);
  return [
    ["class", style.bold(plain(kind)), ...place, ...options].join(" "),
    ...statistics?.counters ?? [],
    ...statistics?.own ?? [],
  ].join("\n    ");
}

const PLACE = ["handle", "dev", "root", "parent", "refcnt", "leaf"];

/** Where it is, its counters, and the rest, as lines of text. */
function parts(
  json: Json,
): { place: string[]; counters: string[]; own: string[] } {
  const counted = COUNTERS.filter((key) => json[key] !== undefined);
  const own = others(json, [...PLACE, ...COUNTERS]).join(" ");
  return {
    place: [
      ...pair("", json.handle),
      ...pair("dev", json.dev),
      ...json.root === true ? ["root"] : pair("parent", json.parent),
      ...pair("refcnt", json.refcnt),
      ...pair("leaf", json.leaf),
    ],
    counters: counted.length === 0
      ? []
      : [counted.flatMap((key) => option(key, json[key])).join(" ")],
    own: own === "" ? [] : [own],
  };
}
