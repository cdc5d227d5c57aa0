// VLANs, multicast entries and network identifiers as text, as `bridge` prints
// them.

import type { Json } from "../shown.ts";
import { isJson, list, option, pair, plain, type Value } from "./format.ts";

/** Width of the names of links, with the space after them. */
const NAME = 18;

/** "10" or "10-20". */
function range(json: Json, key: string): string {
  const [first, end] = [json[key] ?? "", json[`${key}End`]];
  return end === undefined ? plain(first) : `${plain(first)}-${plain(end)}`;
}

/** The lines of a port: its name is before the first of its entries. */
function portText(
  json: Json,
  key: string,
  entry: (json: Json) => readonly string[],
): string {
  return list(json[key]).flatMap((one, index) => {
    const [first = "", ...more] = isJson(one) ? entry(one) : [];
    const name = index === 0 ? plain(json.ifname ?? "") : "";
    return [
      name.padEnd(NAME) + first,
      ...more.map((line) => " ".repeat(NAME) + line),
    ];
  }).join("\n");
}

const DETAILS = [
  "state",
  "mcast_router",
  "mcast_n_groups",
  "mcast_max_groups",
  "neigh_suppress",
  "neigh_forward_grat",
];

/** The VLANs of a port, as `bridge vlan` prints them. */
export function vlansText(json: Json): string {
  if (json.tunnels !== undefined) {
    return portText(json, "tunnels", (one) => [
      `${range(one, "vlan").padEnd(9)}  ${range(one, "tunid")}`,
    ]);
  }
  return portText(json, "vlans", (one) => {
    const details = DETAILS.flatMap((key) =>
      one[key] === undefined ? [] : option(key, one[key])
    ).join(" ");
    return [
      vlanText(one),
      ...details === "" ? [] : [`  ${details}`],
      ...one.rx_bytes === undefined ? [] : [
        `  RX: ${one.rx_bytes} bytes ${one.rx_packets} packets`,
        `  TX: ${one.tx_bytes} bytes ${one.tx_packets} packets`,
      ],
    ];
  });
}

/** A VLAN on one line: its number and flags. */
export function vlanText(json: Json): string {
  return [
    range(json, json.vid === undefined ? "vlan" : "vid"),
    ...list(json.flags).map(plain),
    ...pair("tunid", json.tunid),
  ].join(" ");
}

/** The network identifiers of a VXLAN, as `bridge vni` prints them. */
export function vnisText(json: Json): string {
  return portText(json, "vnis", (one) => {
    const { stats } = one;
    const remote = one.group ?? one.remote;
    return [
      range(one, "vni").padEnd(15) +
      (remote === undefined ? "" : `  ${plain(remote)}`),
      ...isJson(stats) ? ["rx", "tx"].map((way) => counters(way, stats)) : [],
    ];
  });
}

function counters(way: string, stats: Json): string {
  const words = ["bytes", "pkts", "drops", "errors"].map((word) =>
    `${word} ${stats[`${way}_${word}`]}`
  );
  return `  ${way.toUpperCase()}: ${words.join(" ")}`;
}

/** A network identifier on one line. */
export function vniText(json: Json): string {
  return [
    range(json, "vni"),
    ...pair("group", json.group),
    ...pair("remote", json.remote),
  ].join(" ");
}

/** The multicast databases and routers, as `bridge mdb` prints them. */
export function mdbText(json: Json): string {
  const router: Json = isJson(json.router) ? json.router : {};
  return [
    ...list(json.mdb).map((one) => isJson(one) ? mdbEntryText(one) : ""),
    ...Object.entries(router).flatMap(([bridge, ports]) =>
      routersText(bridge, list(ports))
    ),
  ].join("\n");
}

function routersText(bridge: string, ports: readonly Value[]): string[] {
  const found = ports.filter((one) => isJson(one));
  const head = `router ports on ${plain(bridge)}:`;
  return found.some(({ timer }) => timer !== undefined)
    ? found.map(({ port, timer, type }) => `${head} ${port} ${timer} ${type}`)
    : [`${head} ${found.map(({ port }) => plain(port ?? "")).join(" ")}`];
}

/** A multicast entry on one line. */
export function mdbEntryText(json: Json): string {
  const sources = list(json.source_list).map((one) =>
    isJson(one) ? `${plain(one.address ?? "")}/${one.timer}` : ""
  );
  return [
    ...pair("dev", json.dev),
    ...pair("port", json.port),
    ...pair("grp", json.grp),
    ...pair("src", json.src),
    ...pair("", json.state),
    ...pair("filter_mode", json.filter_mode),
    ...sources.length === 0 ? [] : ["source_list", sources.join(",")],
    ...pair("proto", json.protocol),
    ...list(json.flags).map(plain),
    ...["vid", "dst", "dst_port", "vni", "src_vni", "via"].flatMap((key) =>
      pair(key, json[key])
    ),
    ...pair("", json.timer),
  ].join(" ");
}
