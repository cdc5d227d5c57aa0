// Neighbours.

import type { Json } from "../shown.ts";
import { list, pair, plain, tell } from "./words.ts";

const NEIGHBOUR_TOLD = [
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

/** A neighbour. */
export function neighbourText(json: Json): string {
  const times = json.used === undefined
    ? []
    : ["used", `${json.used}/${json.confirmed}/${json.updated}`];
  return [
    ...tell(json, [["dst", ""], ["dev", "dev"], ["lladdr", "lladdr"]]),
    ...Object.entries(json)
      .filter(([key, value]) => !NEIGHBOUR_TOLD.includes(key) && value === null)
      .map(([key]) => key),
    ...pair("ref", json.refcnt),
    ...times,
    ...pair("probes", json.probes),
    ...list(json.state).map(plain),
    ...pair("proto", json.protocol),
  ].join(" ");
}
