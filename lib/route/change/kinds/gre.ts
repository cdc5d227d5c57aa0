// GRE over IPv4, of packets (gre) or of Ethernet frames (gretap). Source:
// RFC 2784, RFC 2890.

import * as c from "../../../../ffi/layout/linux_if_tunnel.ts";
import { isMulticast, parseIPv4, tryParseIPv4 } from "../../../address.ts";
import { ArgumentError } from "../../../errors.ts";
import { wholeNumber } from "../value.ts";
import type { LinkKind } from "../kind.ts";
import { type Option, type OptionsOf, toggleBit } from "../option.ts";
import {
  TUNNEL_OPTIONS,
  type TunnelAttributes,
  type TunnelOptions,
  writeTunnel,
} from "./tunnel.ts";

/**
 * The options of a GRE tunnel, by iproute2's words. Those that begin with `i`
 * are for what comes in, with `o` for what goes out. Source: ip-link(8),
 * linux/if_tunnel.h.
 */
export interface GreOptions extends TunnelOptions {
  /** The key of both directions: a number, one written as an address, "none". */
  readonly key?: number | string;
  /** The key of what comes in. */
  readonly ikey?: number | string;
  /** The key of what goes out. */
  readonly okey?: number | string;
  /** Whether packets are numbered, in both directions. */
  readonly seq?: boolean;
  /** Whether what comes in must be. */
  readonly iseq?: boolean;
  /** Whether what goes out is. */
  readonly oseq?: boolean;
  /** Whether packets carry checksums, in both directions. */
  readonly csum?: boolean;
  /** Whether what comes in must. */
  readonly icsum?: boolean;
  /** Whether what goes out does. */
  readonly ocsum?: boolean;
  /** Whether the inner packet's Don't Fragment bit is not looked at. */
  readonly "ignore-df"?: boolean;
}

const number = wholeNumber(0, 0xffff_ffff);

const key: Option<number | string> = {
  expected: `none, ${number.expected} or an IPv4 address`,
  schema: { anyOf: [number.schema, { type: "string" }] },
  no: "none",
  read: (given) =>
    typeof given === "string" && (given === "none" || tryParseIPv4(given))
      ? given
      : number.read(given),
};

const options: OptionsOf<GreOptions> = {
  ...TUNNEL_OPTIONS,
  key,
  ikey: key,
  okey: key,
  seq: toggleBit,
  iseq: toggleBit,
  oseq: toggleBit,
  csum: toggleBit,
  icsum: toggleBit,
  ocsum: toggleBit,
  "ignore-df": toggleBit,
};

const ATTRIBUTES: TunnelAttributes = {
  local: c.IFLA_GRE_LOCAL,
  remote: c.IFLA_GRE_REMOTE,
  pmtudisc: c.IFLA_GRE_PMTUDISC,
  tos: c.IFLA_GRE_TOS,
  ttl: c.IFLA_GRE_TTL,
  fwmark: c.IFLA_GRE_FWMARK,
  encapType: c.IFLA_GRE_ENCAP_TYPE,
  encapFlags: c.IFLA_GRE_ENCAP_FLAGS,
  encapSport: c.IFLA_GRE_ENCAP_SPORT,
  encapDport: c.IFLA_GRE_ENCAP_DPORT,
};

/** A key as it lies in the header: a big-endian number, or an address. */
function keyNumber(key: number | string | undefined): number {
  if (typeof key !== "string") return key ?? 0;
  return new DataView(parseIPv4(key).buffer).getUint32(0);
}

/** One direction's flags and key; what is said of both holds for it too. */
function direction(options: GreOptions, side: "i" | "o") {
  const given = options[`${side}key`] ?? options.key;
  const key = given === "none" ? undefined : given;
  const flags = (key !== undefined ? c.GRE_KEY : 0) |
    (options[`${side}seq`] ?? options.seq ? c.GRE_SEQ : 0) |
    (options[`${side}csum`] ?? options.csum ? c.GRE_CSUM : 0);
  // Who sends to a group is told from other groups by the group's address.
  const { remote } = options;
  if (
    keyNumber(key) === 0 && remote !== undefined &&
    isMulticast(parseIPv4(remote))
  ) return { key: keyNumber(remote), flags: flags | c.GRE_KEY };
  return { key: keyNumber(key), flags };
}

const finish: LinkKind["finish"] = (body, values, names) => {
  const options: GreOptions = values;
  if (options.external) {
    body.flag(c.IFLA_GRE_COLLECT_METADATA);
    return;
  }
  const { remote, local } = options;
  if (remote && isMulticast(parseIPv4(remote)) && local === undefined) {
    throw new ArgumentError("gre local", local, "an address to send from");
  }
  const [incoming, outgoing] = [
    direction(options, "i"),
    direction(options, "o"),
  ];
  body
    .be32(c.IFLA_GRE_IKEY, incoming.key)
    .be32(c.IFLA_GRE_OKEY, outgoing.key)
    .u16(c.IFLA_GRE_IFLAGS, incoming.flags)
    .u16(c.IFLA_GRE_OFLAGS, outgoing.flags);
  const ignore = options["ignore-df"];
  if (ignore !== undefined) body.u8(c.IFLA_GRE_IGNORE_DF, Number(ignore));
  if (options.dev !== undefined) {
    body.u32(c.IFLA_GRE_LINK, names.index(options.dev));
  }
  writeTunnel(body, options, ATTRIBUTES);
};

export const gre: LinkKind = { name: "gre", module: "ip_gre", options, finish };

export const gretap: LinkKind = {
  name: "gretap",
  module: "ip_gre",
  options,
  finish,
};
