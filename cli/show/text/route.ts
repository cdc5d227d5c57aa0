// Routes and nexthop objects as text.

import type { Json } from "../shown.ts";
import {
  formatKeys,
  isJson,
  type Keywords,
  list,
  others,
  pair,
  plain,
  type Value,
} from "./format.ts";

const DESTINATION: Keywords = [
  ["type", ""],
  ["dst", ""],
  ["from", "from"],
  ["src", "from"],
  ["nhid", "nhid"],
  ["to", "as to"],
];

const ROUTE: Keywords = [
  ["tos", "tos"],
  ["gateway", "via"],
  ["dev", "dev"],
  ["table", "table"],
  ["protocol", "proto"],
  ["scope", "scope"],
  ["prefsrc", "src"],
  ["metric", "metric"],
];

const ROUTE_KEYS = [
  ...[...DESTINATION, ...ROUTE].map(([key]) => key),
  "via",
  "flags",
  "flow",
  "expires",
  "metrics",
  "iif",
  "pref",
  "nh_info",
  "nexthops",
  "encap",
  "cache",
  "error",
  "users",
  "used",
  "age",
  "ttl-propogate",
];

/** Whether MPLS propagates the TTL, in iproute2's spelling. */
function ttlPropagation(isOn: Value | undefined): string[] {
  return isOn === undefined
    ? []
    : ["ttl-propogate", isOn ? "enabled" : "disabled"];
}

/** A route as text, with a line for each nexthop of a multipath route. */
export function routeText(json: Json): string {
  const { dst, via, dev } = json;
  const words = [
    ...formatKeys(json, DESTINATION),
    ...encapsulationWords(json.encap),
    ...formatKeys(json, ROUTE),
  ];
  const lines = [[
    ...insert(words, "dev", dev, viaWords(via), plain(dst ?? "")),
    ...list(json.flags).map(plain),
    ...realms(json.flow),
    ...others(json, ROUTE_KEYS),
  ].join(" ")];
  const details = [
    ...seconds("expires", json.expires),
    ...pair("error", json.error),
    ...pair("users", json.users),
    ...pair("used", json.used),
    ...seconds("age", json.age),
    ...list(json.metrics).flatMap((one) => isJson(one) ? metricWords(one) : []),
    ...pair("iif", json.iif),
    ...pair("pref", json.pref),
    ...ttlPropagation(json["ttl-propogate"]),
  ];
  if (json.cache === undefined) {
    lines[0] = [lines[0], ...details].join(" ");
  } else {
    const flags = list(json.cache).map(plain).join(",");
    const words = flags === "" ? [] : [`<${flags}>`];
    lines.push(`    ${["cache", ...words, ...details].join(" ")}`);
  }
  if (isJson(json.nh_info)) {
    lines.push(`\tnh_info ${nexthopText(json.nh_info)}`);
  }
  for (const one of list(json.nexthops)) {
    if (isJson(one)) lines.push(`\tnexthop ${hop(one)}`);
  }
  return lines.join("\n");
}

function seconds(word: string, value: Value | undefined): string[] {
  return value === undefined ? [] : [word, `${plain(value)}sec`];
}

/** Inserts tokens before the device, or after the destination without one. */
function insert(
  words: string[],
  before: string,
  value: Value | undefined,
  more: string[],
  otherwise: string,
): string[] {
  if (more.length === 0) return words;
  const at = value === undefined
    ? words.indexOf(otherwise) + 1
    : words.findIndex((word, index) =>
      word === before && words[index + 1] === plain(value)
    );
  return [...words.slice(0, at), ...more, ...words.slice(at)];
}

function viaWords(via: Value | undefined): string[] {
  return isJson(via) ? ["via", plain(via.family), plain(via.host)] : [];
}

function realms(flow: Value | undefined): string[] {
  if (!isJson(flow)) return [];
  return flow.from === undefined
    ? ["realm", plain(flow.to)]
    : ["realms", `${plain(flow.from)}/${plain(flow.to)}`];
}

/** "encap mpls 100 ttl 5", after two spaces as `ip` prints it. */
function encapsulationWords(encap: Value | undefined): string[] {
  if (!isJson(encap)) return [];
  const { encap_type: type, freqk, freqn, ...fields } = encap;
  return [
    " encap",
    plain(type!),
    ...freqk === undefined ? [] : ["freq", `${plain(freqk)}/${plain(freqn!)}`],
    ...Object.entries(fields).flatMap(([key, value]) =>
      // The labels of MPLS have no word.
      type === "mpls" && key === "dst" ? [plain(value)] : field(key, value)
    ),
  ];
}

function field(key: string, value: Value): string[] {
  switch (key) {
    case "segs": {
      const segments = list(value).map(plain);
      return [key, `${segments.length}`, "[", ...segments, "]"];
    }
    case "srh":
    case "stats64":
      return isJson(value)
        ? Object.entries(value).flatMap(([key, value]) => field(key, value))
        : [];
    default:
      return value === true || value === null ? [key] : [key, plain(value)];
  }
}

const MILLISECONDS = ["rtt", "rttvar", "rto_min"];

/** "mtu lock 1400 features ecn rto_min lock 30ms". */
function metricWords({ lock, ...metrics }: Json): string[] {
  const locked = list(lock);
  return Object.entries(metrics).flatMap(([key, value]) => {
    if (key === "ecn") return ["features", "ecn"];
    const text = !MILLISECONDS.includes(key)
      ? plain(value)
      : Number(value) >= 1000
      ? `${Number(value) / 1000}s`
      : `${plain(value)}ms`;
    const word = key === "congestion" ? "congctl" : key;
    return [word, ...(locked.includes(word) ? ["lock"] : []), text];
  });
}

const HOP_TOLD = [
  "encap",
  "to",
  "gateway",
  "via",
  "flow",
  "dev",
  "weight",
  "flags",
];

function hop(json: Json): string {
  return [
    ...encapsulationWords(json.encap),
    ...pair("as to", json.to),
    ...others(json, HOP_TOLD),
    ...pair("via", json.gateway),
    ...viaWords(json.via),
    ...realms(json.flow),
    ...formatKeys(json, [["dev", "dev"], ["weight", "weight"]]),
    ...list(json.flags).map(plain),
  ].join(" ");
}

/** A nexthop object as text. */
export function nexthopText(json: Json): string {
  const group = list(json.group).map((one) =>
    isJson(one)
      ? plain(one.id) + (one.weight === undefined ? "" : `,${one.weight}`)
      : ""
  );
  return [
    ...pair("id", json.id),
    ...(group.length === 0 ? [] : ["group", group.join("/")]),
    ...pair("type", json.type),
    ...(isJson(json.resilient_args) ? others(json.resilient_args, []) : []),
    ...encapsulationWords(json.encap),
    ...formatKeys(json, [["gateway", "via"], ["dev", "dev"], [
      "scope",
      "scope",
    ]]),
    ...(json.blackhole === null ? ["blackhole"] : []),
    ...pair("proto", json.protocol),
    ...list(json.flags).map(plain),
    ...(json.fdb === null ? ["fdb"] : []),
  ].join(" ");
}
