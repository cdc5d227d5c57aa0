// Objects as text, in the words people know from `ip`. Made from the same keys
// as the JSON, so that what one tells the other tells too.

import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import type { Json } from "./shown.ts";

type Value = Json[string];

const FOREVER = 0xffffffff;

/** A value after its word; nothing where there is none. */
function pair(word: string, value: Value | undefined): string[] {
  if (value === undefined) return [];
  const text = plain(value);
  return word === "" ? [text] : [word, text];
}

function plain(value: Value): string {
  if (Array.isArray(value)) return value.map(plain).join(",");
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, one]) => option(key, one))
      .join(" ");
  }
  return printable(String(value));
}

/** "key value"; "key on" or "key off"; the key alone where that is all. */
function option(key: string, value: Value): string[] {
  if (value === null) return [key];
  if (typeof value === "boolean") return [key, value ? "on" : "off"];
  if (Array.isArray(value)) return [key, `[${value.map(plain).join(" ")}]`];
  return [key, plain(value)];
}

/** What is left of an object when these keys are told. */
function others(json: Json, told: readonly string[]): string[] {
  return Object.entries(json).filter(([key]) => !told.includes(key))
    .flatMap(([key, value]) => option(key, value));
}

const list = (value: Value | undefined): readonly Value[] =>
  Array.isArray(value) ? value : [];

/** Whether the value is an object with keys. */
function isJson(value: Value | undefined): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Words for keys, in the order they are told. */
type Words = ReadonlyArray<readonly [key: string, word: string]>;

function tell(json: Json, words: Words): string[] {
  return words.flatMap(([key, word]) => pair(word, json[key]));
}

const LINK: Words = [
  ["mtu", "mtu"],
  ["qdisc", "qdisc"],
  ["master", "master"],
  ["operstate", "state"],
  ["operstate_index", "state"],
  ["linkmode", "mode"],
  ["linkmode_index", "mode"],
  ["group", "group"],
  ["txqlen", "qlen"],
  ["event", "event"],
];

/** Keys of links that have a place of their own. */
const LINK_TOLD = [
  ...LINK.map(([key]) => key),
  "ifindex",
  "ifname",
  "link",
  "link_index",
  "flags",
  "link_type",
  "address",
  "broadcast",
  "link_pointtopoint",
  "permaddr",
  "link_netnsid",
  "linkinfo",
  "ifalias",
  "altnames",
  "stats64",
  "stats",
  "addr_info",
  "xdp",
  "vfinfo_list",
  "proto_down",
  "proto_down_reason",
];

/** A link, and its addresses where they are told with it. */
export function linkText(json: Json, style: Style): string {
  const lower = json.link === null
    ? "@NONE"
    : json.link_index !== undefined
    ? `@if${json.link_index}`
    : json.link !== undefined
    ? `@${plain(json.link)}`
    : "";
  const name = style.bold(plain(json.ifname) + lower);
  const lines = [
    [
      `${json.ifindex}: ${name}:`,
      `<${plain(json.flags)}>`,
      ...tell(json, LINK),
      ...(json.xdp === undefined ? [] : ["xdp"]),
    ].join(" "),
  ];
  const indent = (words: string[], by = 4) => {
    if (words.length > 0) lines.push(" ".repeat(by) + words.join(" "));
  };
  indent([
    ...(json.link_type === undefined ? [] : [`link/${plain(json.link_type)}`]),
    ...pair("", json.address),
    ...pair(json.link_pointtopoint ? "peer" : "brd", json.broadcast),
    ...pair("permaddr", json.permaddr),
    ...pair("link-netnsid", json.link_netnsid),
    ...(json.proto_down ? ["protodown", "on"] : []),
    ...pair("protodown_reason", json.proto_down_reason),
    ...others(json, LINK_TOLD),
  ]);
  if (isJson(json.linkinfo)) {
    const info = json.linkinfo;
    indent(kind(info.info_kind, "", info.info_data));
    indent(kind(info.info_slave_kind, "_slave", info.info_slave_data));
  }
  indent(pair("alias", json.ifalias));
  for (const one of list(json.vfinfo_list)) {
    if (isJson(one)) indent(others(one, []));
  }
  for (const one of list(json.altnames)) indent(pair("altname", one));
  for (const one of list(json.addr_info)) {
    if (isJson(one)) lines.push(...addressLines(one, style));
  }
  const stats = json.stats64 ?? json.stats;
  if (isJson(stats)) lines.push(...statistics(stats));
  return lines.join("\n");
}

function kind(
  name: Value | undefined,
  suffix: string,
  data: Value | undefined,
): string[] {
  if (name === undefined) return [];
  return [plain(name) + suffix, ...(isJson(data) ? others(data, []) : [])];
}

/** Counters in columns under their names, a row for each direction. */
function statistics(stats: Json): string[] {
  return ["rx", "tx"].flatMap((direction) => {
    const counters = stats[direction];
    if (!isJson(counters)) return [];
    const columns = Object.entries(counters).map(([key, value]) => {
      const width = Math.max(key.length, String(value).length);
      return [key.padStart(width), String(value).padStart(width)];
    });
    const title = `    ${direction.toUpperCase()}: `;
    return [
      title + columns.map(([key]) => key).join(" "),
      " ".repeat(title.length) + columns.map(([, value]) => value).join(" "),
    ];
  });
}

/** Keys of addresses that have a place of their own. */
const ADDRESS_TOLD = [
  "family",
  "family_index",
  "local",
  "address",
  "prefixlen",
  "metric",
  "broadcast",
  "anycast",
  "scope",
  "label",
  "valid_life_time",
  "preferred_life_time",
];

function addressLines(json: Json, style: Style): string[] {
  const local = json.local === undefined ? [] : [
    style.cyan(
      json.address === undefined
        ? `${json.local}/${json.prefixlen}`
        : plain(json.local),
    ),
    ...(json.address === undefined
      ? []
      : ["peer", `${json.address}/${json.prefixlen}`]),
  ];
  // The flags have no value but that they are there.
  const flags = Object.entries(json)
    .filter(([key]) => !ADDRESS_TOLD.includes(key))
    .flatMap(([key, value]) => value === true ? [key] : option(key, value));
  const lines = [
    [
      `    ${plain(json.family ?? `family ${json.family_index}`)}`,
      ...local,
      ...tell(json, [["metric", "metric"], ["broadcast", "brd"], [
        "anycast",
        "any",
      ], ["scope", "scope"]]),
      ...flags,
      ...pair("", json.label),
    ].join(" "),
  ];
  if (json.valid_life_time !== undefined) {
    lines.push(
      `       valid_lft ${seconds(json.valid_life_time)} ` +
        `preferred_lft ${seconds(json.preferred_life_time)}`,
    );
  }
  return lines;
}

function seconds(value: Value): string {
  return value === FOREVER ? "forever" : `${plain(value)}sec`;
}

const ROUTE: Words = [
  ["type", ""],
  ["dst", ""],
  ["from", "from"],
  ["src", "from"],
  ["nhid", "nhid"],
  ["to", "as to"],
  ["tos", "tos"],
  ["gateway", "via"],
  ["dev", "dev"],
  ["table", "table"],
  ["protocol", "proto"],
  ["scope", "scope"],
  ["prefsrc", "src"],
  ["metric", "metric"],
];

const ROUTE_TOLD = [
  ...ROUTE.map(([key]) => key),
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
];

/** A route, and a line for each of its ways where there are several. */
export function routeText(json: Json): string {
  const { dst, via, dev } = json;
  const words = tell(json, ROUTE);
  const lines = [[
    ...insert(words, "dev", dev, viaWords(via), plain(dst ?? "")),
    ...list(json.flags).map(plain),
    ...realms(json.flow),
    ...others(json, ROUTE_TOLD),
    ...(json.expires === undefined
      ? []
      : ["expires", `${plain(json.expires)}sec`]),
    ...list(json.metrics).flatMap((one) => isJson(one) ? others(one, []) : []),
    ...pair("iif", json.iif),
    ...pair("pref", json.pref),
  ].join(" ")];
  if (isJson(json.nh_info)) {
    lines.push(`\tnh_info ${nexthopText(json.nh_info)}`);
  }
  for (const one of list(json.nexthops)) {
    if (isJson(one)) lines.push(`\tnexthop ${hop(one)}`);
  }
  return lines.join("\n");
}

/** Words put in front of the device, or behind the destination without one. */
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

const HOP_TOLD = ["gateway", "via", "flow", "dev", "weight", "flags"];

function hop(json: Json): string {
  return [
    ...others(json, HOP_TOLD),
    ...pair("via", json.gateway),
    ...viaWords(json.via),
    ...realms(json.flow),
    ...tell(json, [["dev", "dev"], ["weight", "weight"]]),
    ...list(json.flags).map(plain),
  ].join(" ");
}

/** A nexthop object. */
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
    ...tell(json, [["encap", "encap"], ["gateway", "via"], ["dev", "dev"], [
      "scope",
      "scope",
    ]]),
    ...(json.blackhole === null ? ["blackhole"] : []),
    ...pair("proto", json.protocol),
    ...list(json.flags).map(plain),
    ...(json.fdb === null ? ["fdb"] : []),
  ].join(" ");
}

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

const RULE: Words = [
  ["iif", "iif"],
  ["oif", "oif"],
];

/** A rule. */
export function ruleText(json: Json): string {
  const network = (key: "src" | "dst") =>
    plain(json[key]) +
    (json[`${key}len`] === undefined ? "" : `/${json[`${key}len`]}`);
  const range = (word: string) =>
    json[word] !== undefined
      ? [word, plain(json[word])]
      : json[`${word}_start`] !== undefined
      ? [word, `${json[`${word}_start`]}-${json[`${word}_end`]}`]
      : [];
  const detached = (key: string) =>
    json[`${key}_detached`] === null ? ["[detached]"] : [];
  return `${json.priority}:\t` + [
    ...(json.not === null ? ["not"] : []),
    "from",
    network("src"),
    ...(json.dst === undefined ? [] : ["to", network("dst")]),
    ...pair("tos", json.tos),
    ...(json.fwmark === undefined ? [] : [
      "fwmark",
      plain(json.fwmark) +
      (json.fwmask === undefined ? "" : `/${plain(json.fwmask)}`),
    ]),
    ...RULE.flatMap(([key, word]) => [
      ...pair(word, json[key]),
      ...detached(key),
    ]),
    ...(json.l3mdev === null ? ["lookup", "[l3mdev-table]"] : []),
    ...(json.uid_start === undefined
      ? []
      : ["uidrange", `${json.uid_start}-${json.uid_end}`]),
    ...pair("ipproto", json.ipproto),
    ...range("sport"),
    ...range("dport"),
    ...tell(json, [
      ["tun_id", "tun_id"],
      ["table", "lookup"],
      ["suppress_prefixlen", "suppress_prefixlength"],
      ["suppress_ifgroup", "suppress_ifgroup"],
    ]),
    ...(json.flow_to === undefined ? [] : [
      "realms",
      (json.flow_from === undefined ? "" : `${plain(json.flow_from)}/`) +
      plain(json.flow_to),
    ]),
    ...pair("goto", json.goto),
    ...(json.unresolved === null ? ["[unresolved]"] : []),
    ...(json.nop === null ? ["nop"] : []),
    ...pair("", json.action),
    ...pair("proto", json.protocol),
  ].join(" ");
}
