// Neighbours as text.

import type { Json } from "../shown.ts";
import { formatKeys, list, pair, plain } from "./format.ts";

const NEIGHBOUR_KEYS = [
  "dst",
  "dev",
  "lladdr",
  "refcnt",
  "used",
  "confirmed",
  "updated",
  "state",
  "protocol",
];

/** A neighbour as text. */
export function neighbourText(json: Json): string {
  const times = json.used === undefined
    ? []
    : ["used", `${json.used}/${json.confirmed}/${json.updated}`];
  return [
    ...formatKeys(json, [["dst", ""], ["dev", "dev"], ["lladdr", "lladdr"]]),
    ...Object.entries(json)
      .filter(([key, value]) => !NEIGHBOUR_KEYS.includes(key) && value === null)
      .map(([key]) => key),
    ...pair("ref", json.refcnt),
    ...times,
    ...pair("probes", json.probes),
    ...list(json.state).map(plain),
    ...pair("proto", json.protocol),
  ].join(" ");
}
