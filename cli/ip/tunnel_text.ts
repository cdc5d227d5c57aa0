// Tunnels as the text and JSON of `ip tunnel show`. Source: ip-tunnel(8).

import {
  ARPHRD_IP6GRE,
  ARPHRD_IPGRE,
  ARPHRD_SIT,
  ARPHRD_TUNNEL,
  ARPHRD_TUNNEL6,
} from "../../ffi/uapi/linux_if_arp.ts";
import { kindNamed } from "../../lib/rtnetlink/kinds/mod.ts";
import { kindLevel, type Link } from "../../lib/rtnetlink/link/link.ts";
import type { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import { serviceName } from "../../lib/rtnetlink/names/iproute2.ts";
import { printable } from "../output/printable.ts";
import type { Json } from "../show/shown.ts";

/** The protocol below the tunnel. */
export type TunnelFamily = "inet" | "inet6";

const TYPES: { readonly [F in TunnelFamily]: readonly number[] } = {
  inet: [ARPHRD_TUNNEL, ARPHRD_IPGRE, ARPHRD_SIT],
  inet6: [ARPHRD_TUNNEL6, ARPHRD_IP6GRE],
};

/** Whether a link is one that `ip tunnel` shows, of the family or of any. */
export function isTunnel({ type }: Link, family?: TunnelFamily): boolean {
  return family === undefined
    ? isTunnelOf("inet", type) || isTunnelOf("inet6", type)
    : isTunnelOf(family, type);
}

const isTunnelOf = (family: TunnelFamily, type: number) =>
  TYPES[family].includes(type);

/** The options of a tunnel, with the words of `ip link`. */
export function optionsOf(link: Link): Readonly<Record<string, unknown>> {
  const level = kindLevel(link);
  return link.kind === undefined || level === undefined
    ? {}
    : kindNamed(link.kind).table.decode(level);
}

/** The protocol of the inner packets, by the mode or the kind of the link. */
const INNER: Readonly<Record<string, string>> = {
  ipip: "ip",
  ip6ip: "ipv6",
  mplsip: "mpls",
  ip6ip6: "ipv6",
  ipip6: "ip",
  gre: "gre",
  ip6gre: "gre",
  vti: "ip",
  vti6: "ipv6",
};

/** A tunnel as `ip` prints it. */
interface TunnelRows {
  readonly json: Json;
  readonly text: readonly string[];
  readonly statistics: readonly string[];
}

/** A key, its value in JSON, and its text; both can be absent. */
type Row = readonly [key: string, json?: Json[string], text?: string];

/** Formats a tunnel. */
export function tunnelRows(link: Link, names: LinkNames): TunnelRows {
  const { kind = "" } = link;
  const values = optionsOf(link);
  const isIPv4 = isTunnel(link, "inet");
  const mode = `${INNER[String(values.mode ?? kind)] ?? "any"}/${
    isIPv4 ? "ip" : "ipv6"
  }`;
  const dev = Number(values.dev ?? 0) || undefined;
  const lower = dev === undefined ? undefined : names.name(dev);
  const rows: readonly Row[] = [
    ["ifname", link.name, `${printable(link.name)}: `],
    ["mode", mode, `${mode} `],
    end("remote", values.remote, isIPv4, " "),
    end("local", values.local, isIPv4, ""),
    [
      isIPv4 ? "dev" : "link",
      lower,
      lower === undefined ? "" : ` dev ${printable(lower)}`,
    ],
    ...isIPv4 ? rows4(kind, values) : rows6(values),
    ...keys(kind, values),
  ];
  const header = headerFlags(values);
  const isGre = INNER[kind] === "gre";
  const json: Json = Object.fromEntries(
    rows.flatMap(([key, value]) => value === undefined ? [] : [[key, value]]),
  );
  if (isGre) json.flags = header.map(([flag]) => flag);
  return {
    json,
    text: [
      rows.map(([, , text = ""]) => text).join(""),
      ...isGre ? header.map(([, text]) => `  ${text}`) : [],
    ],
    statistics: statistics(link),
  };
}

function end(
  key: "remote" | "local",
  value: unknown,
  isIPv4: boolean,
  after: string,
): Row {
  const none = isIPv4 ? "0.0.0.0" : "::";
  const isSet = typeof value === "string" && value !== "any";
  const address = isSet ? value : none;
  const text = isSet || !isIPv4 ? address : "any";
  return [key, address, `${key} ${text}${after}`];
}

function rows4(
  kind: string,
  { ttl, tos, pmtudisc, ...values }: Readonly<Record<string, unknown>>,
): Row[] {
  const hasTtl = typeof ttl === "number" && ttl !== 0;
  const service = tos === "inherit" ? 1 : Number(tos ?? 0);
  return [
    hasTtl ? ["ttl", ttl, ` ttl ${ttl}`] : ["ttl", undefined, " ttl inherit"],
    ...service === 0
      ? []
      : service === 1
      ? [["tos", undefined, " tos inherit"] as const]
      : [
        [
          "tos",
          serviceName(service),
          ` tos ${
            service & 1
              ? `inherit/${serviceName(service & ~1)}`
              : serviceName(service)
          }`,
        ] as const,
      ],
    // VTI has no such attribute; without one, the bit is not set.
    ...pmtudisc !== true ? [["nopmtudisc", null, " nopmtudisc"] as const] : [],
    ...kind === "sit"
      ? [
        ...prefixRows("6rd-prefix", values["6rd-prefix"]),
        ...prefixRows("6rd-relay_prefix", values["6rd-relay_prefix"]),
      ]
      : [],
  ];
}

function prefixRows(key: string, network: unknown): Row[] {
  if (typeof network !== "string") return [];
  const [address = "", length = ""] = network.split("/");
  return [
    [key, address, ` ${key} ${address}`],
    [`${key}len`, Number(length), `/${length}`],
  ];
}

const padded = (number: number, digits: number) =>
  `0x${number.toString(16).padStart(digits, "0")}`;

function rows6(values: Readonly<Record<string, unknown>>): Row[] {
  const { hoplimit, encaplimit = 0, tclass = 0, flowlabel = 0 } = values;
  const flag = (name: string, text: string): Row => [
    `ip6_tnl_f_${name}`,
    null,
    ` ${text}`,
  ];
  const number = (value: unknown) => typeof value === "number" ? value : 0;
  const flow = padded(number(tclass) << 20 | number(flowlabel), 8);
  const traffic = padded(number(tclass), 2);
  const label = padded(number(flowlabel), 5);
  return [
    encaplimit === "none"
      ? flag("ign_encap_limit", "encaplimit none")
      : ["encap_limit", Number(encaplimit), ` encaplimit ${encaplimit}`],
    hoplimit
      ? ["hoplimit", Number(hoplimit), ` hoplimit ${hoplimit}`]
      : ["hoplimit", undefined, " hoplimit inherit"],
    tclass === "inherit"
      ? flag("use_orig_tclass", "tclass inherit")
      : ["tclass", traffic, ` tclass ${traffic}`],
    flowlabel === "inherit"
      ? flag("use_orig_flowlabel", "flowlabel inherit")
      : ["flowlabel", label, ` flowlabel ${label}`],
    ["flowinfo", flow, ` (flowinfo ${flow})`],
    ...values.dscp === "inherit" ? [flag("rcv_dscp_copy", "dscp inherit")] : [],
    ...values["allow-localremote"]
      ? [flag("allow_local_remote", "allow-localremote")]
      : [],
  ];
}

function keys(
  kind: string,
  values: Readonly<Record<string, unknown>>,
): Row[] {
  // The kernel reports keys of 0 for VTI, but not for its IPv6 kind.
  const key = (value: unknown) =>
    typeof value === "number" && (value !== 0 || kind !== "vti6")
      ? value
      : undefined;
  const [ikey, okey] = [key(values.ikey), key(values.okey)];
  const row = (key: string, value: number): Row => [
    key,
    value,
    ` ${key} ${value}`,
  ];
  if (ikey !== undefined && ikey === okey) return [row("key", ikey)];
  return [
    ...ikey === undefined ? [] : [row("ikey", ikey)],
    ...okey === undefined ? [] : [row("okey", okey)],
  ];
}

const HEADER_FLAGS = [
  ["iseq", "rx_drop_ooseq", "Drop packets out of sequence."],
  ["icsum", "rx_csum", "Checksum in received packet is required."],
  ["oseq", "tx_seq", "Sequence packets on output."],
  ["ocsum", "tx_csum", "Checksum output packets."],
] as const;

/** The flags of a GRE header: JSON and text. */
function headerFlags(values: Readonly<Record<string, unknown>>) {
  return HEADER_FLAGS.filter(([option]) => values[option] === true)
    .map(([, flag, text]) => [flag, text] as const);
}

function statistics({ statistics: counts }: Link): string[] {
  if (counts === undefined) return [];
  const row = (numbers: readonly number[], widths: readonly number[]) =>
    "    " +
    numbers.map((number, at) => `${number}`.padEnd(widths[at]!)).join(" ");
  return [
    "RX: Packets    Bytes        Errors CsumErrs OutOfSeq Mcasts",
    row([
      counts.rx_packets,
      counts.rx_bytes,
      counts.rx_errors,
      counts.rx_frame_errors,
      counts.rx_fifo_errors,
      counts.multicast,
    ], [10, 12, 6, 8, 8, 8]),
    "TX: Packets    Bytes        Errors DeadLoop NoRoute  NoBufs",
    row([
      counts.tx_packets,
      counts.tx_bytes,
      counts.tx_errors,
      counts.collisions,
      counts.tx_carrier_errors,
      counts.tx_dropped,
    ], [10, 12, 6, 8, 8, 6]),
  ];
}
