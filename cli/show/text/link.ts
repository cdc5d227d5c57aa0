// Links and their addresses as text.

import type { Style } from "../../output/style.ts";
import type { Json } from "../shown.ts";
import {
  formatKeys,
  isJson,
  type Keywords,
  list,
  option,
  others,
  pair,
  plain,
  type Value,
} from "./format.ts";
import { detailWords, kindWords } from "./link_details.ts";

const FOREVER = 0xffffffff;

const LINK: Keywords = [
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

/** Keys of links with their own formatting. */
const LINK_KEYS: ReadonlySet<string> = new Set([
  ...LINK.map(([key]) => key),
  "mtu",
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
  "link_netns",
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
]);

/** A link as text, with its addresses if it has them. */
export function linkText(
  json: Json,
  style: Style,
  isDetailed = false,
): string {
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
      ...pair("mtu", json.mtu),
      ...xdpMode(json),
      ...formatKeys(json, LINK),
    ].join(" "),
  ];
  const { before, after } = detailWords(json, LINK_KEYS);
  const info = isJson(json.linkinfo) ? json.linkinfo : {};
  const details = [
    before,
    kindWords(info.info_kind, "", info.info_data),
    kindWords(info.info_slave_kind, "_slave", info.info_slave_data),
  ];
  // On the line of the port, or of the kind, or of the link.
  const last = Math.max(0, details.findLastIndex(({ length }) => length > 0));
  details[last] = [...details[last], ...after];
  const [ofLink, ofKind, ofPort] = details;
  const indent = (words: string[], by = 4) => {
    if (words.length > 0) lines.push(" ".repeat(by) + words.join(" "));
  };
  indent([
    ...(json.link_type === undefined ? [] : [`link/${plain(json.link_type)}`]),
    ...pair("", json.address),
    ...pair(json.link_pointtopoint ? "peer" : "brd", json.broadcast),
    ...pair("permaddr", json.permaddr),
    ...json.link_netns === undefined
      ? pair("link-netnsid", json.link_netnsid)
      : pair("link-netns", json.link_netns),
    ...(json.proto_down ? ["protodown", "on"] : []),
    ...pair("protodown_reason", json.proto_down_reason),
    ...ofLink,
  ]);
  indent(ofKind);
  indent(ofPort);
  indent(pair("alias", json.ifalias));
  indent(xdpProgram(json));
  for (const one of list(json.vfinfo_list)) {
    if (isJson(one)) indent(others(one, []));
  }
  for (const one of list(json.altnames)) indent(pair("altname", one));
  for (const one of list(json.addr_info)) {
    if (!isJson(one)) continue;
    for (const line of addressLines(one, style)) lines.push(line);
  }
  const stats = json.stats64 ?? json.stats;
  return (isJson(stats) ? lines.concat(statistics(stats, isDetailed)) : lines)
    .join("\n");
}

const XDP_MODES = ["xdp", "xdp", "xdpgeneric", "xdpoffload", "xdpmulti"];

/** The mode of an XDP program; with addresses, its id. */
function xdpMode({ xdp, addr_info }: Json): string[] {
  if (!isJson(xdp)) return [];
  const mode = XDP_MODES[Number(xdp.mode)] ?? `xdp[${plain(xdp.mode)}]`;
  return addr_info !== undefined && isJson(xdp.prog)
    ? [`${mode}/id:${plain(xdp.prog.id)}`]
    : [mode];
}

/** The details of the XDP program; with addresses, only for --details. */
function xdpProgram({ xdp, addr_info, promiscuity }: Json): string[] {
  if (!isJson(xdp) || !isJson(xdp.prog)) return [];
  if (addr_info !== undefined && promiscuity === undefined) return [];
  const { jited, ...rest } = xdp.prog;
  const { load_time, created_by_uid, btf_id, ...known } = rest;
  return [
    "prog/xdp",
    ...others(known, []),
    ...(jited ? ["jited"] : []),
    ...formatKeys({ load_time, created_by_uid, btf_id } as Json, [
      ["load_time", "load_time"],
      ["created_by_uid", "created_by_uid"],
      ["btf_id", "btf_id"],
    ]),
  ];
}

/** The counters of `ip -s`, and those that `ip -s -s` adds: key and title. */
const COUNTERS = {
  rx: {
    first: [
      ["bytes", "bytes"],
      ["packets", "packets"],
      ["errors", "errors"],
      ["dropped", "dropped"],
      ["missed_errors", "missed"],
      ["multicast", "mcast"],
      ["compressed", "compressed"],
    ],
    errors: [
      ["length_errors", "length"],
      ["crc_errors", "crc"],
      ["frame_errors", "frame"],
      ["fifo_errors", "fifo"],
      ["over_errors", "overrun"],
      ["nohandler", "nohandler"],
      ["otherhost", "otherhost"],
    ],
  },
  tx: {
    first: [
      ["bytes", "bytes"],
      ["packets", "packets"],
      ["errors", "errors"],
      ["dropped", "dropped"],
      ["carrier_errors", "carrier"],
      ["collisions", "collsns"],
      ["compressed", "compressed"],
    ],
    errors: [
      ["aborted_errors", "aborted"],
      ["fifo_errors", "fifo"],
      ["window_errors", "window"],
      ["heartbeat_errors", "heartbt"],
      ["carrier_changes", "transns"],
    ],
  },
} as const;

/** Counters in columns with their titles, a row for each direction. */
function statistics(stats: Json, isDetailed: boolean): string[] {
  return (["rx", "tx"] as const).flatMap((direction) => {
    const counters = stats[direction];
    if (!isJson(counters)) return [];
    const title = direction.toUpperCase();
    const { first, errors } = COUNTERS[direction];
    return [
      ...columns(`    ${title}: `, counters, first),
      ...isDetailed ? columns(`    ${title} errors: `, counters, errors) : [],
    ];
  });
}

function columns(title: string, counters: Json, keys: Keywords): string[] {
  const cells = keys.flatMap(([key, name]) => {
    const value = counters[key];
    if (value === undefined) return [];
    const width = Math.max(name.length, String(value).length);
    return [[name.padStart(width), String(value).padStart(width)] as const];
  });
  return [
    title + cells.map(([name]) => name).join(" "),
    " ".repeat(title.length) + cells.map(([, value]) => value).join(" "),
  ];
}

/** Keys of addresses with their own formatting. */
const ADDRESS_KEYS = [
  "family",
  "family_index",
  "local",
  "address",
  "prefixlen",
  "metric",
  "broadcast",
  "anycast",
  "scope",
  "protocol",
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
  // A flag is printed as its key.
  const flags = Object.entries(json)
    .filter(([key]) => !ADDRESS_KEYS.includes(key))
    .flatMap(([key, value]) => value === true ? [key] : option(key, value));
  const lines = [
    [
      `    ${plain(json.family ?? `family ${json.family_index}`)}`,
      ...local,
      ...formatKeys(json, [["metric", "metric"], ["broadcast", "brd"], [
        "anycast",
        "any",
      ], ["scope", "scope"]]),
      ...flags,
      ...json.protocol === "unspec" ? [] : pair("proto", json.protocol),
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
