// What tunnels over IPv4 have in common: GRE, IPIP and SIT.

import {
  TUNNEL_ENCAP_FLAG_CSUM,
  TUNNEL_ENCAP_FLAG_CSUM6,
  TUNNEL_ENCAP_FLAG_REMCSUM,
  TUNNEL_ENCAP_FOU,
  TUNNEL_ENCAP_GUE,
  TUNNEL_ENCAP_NONE,
} from "../../../../ffi/layout/linux_if_tunnel.ts";
import { ArgumentError } from "../../../errors.ts";
import { parseIPv4 } from "../../../address.ts";
import type { AttributeWriter } from "../../../netlink/attribute_writer.ts";
import { bit, ipv4, linkName, oneOf, orWord, wholeNumber } from "../value.ts";
import { bitsOf, type OptionsOf, toggleBit } from "../option.ts";

/**
 * Options of every tunnel over IPv4, by iproute2's words. Source: ip-link(8),
 * linux/if_tunnel.h.
 */
export interface TunnelOptions {
  /** The other end's address. */
  readonly remote?: string;
  /** This end's address. */
  readonly local?: string;
  /** The link to send by. */
  readonly dev?: string | number;
  /** TTL of the outer packet. */
  readonly ttl?: number | "inherit";
  /** Type of service of the outer packet. */
  readonly tos?: number | "inherit";
  /** Whether the path's MTU is found out. */
  readonly pmtudisc?: boolean;
  /** The mark of the outer packet. */
  readonly fwmark?: number;
  /** What is between the outer header and the tunnel's. */
  readonly encap?: "none" | "fou" | "gue";
  /** The UDP port to send from. */
  readonly "encap-sport"?: number | "auto";
  /** The UDP port to send to. */
  readonly "encap-dport"?: number;
  /** Whether UDP over IPv4 carries checksums. */
  readonly "encap-csum"?: boolean;
  /** Whether UDP over IPv6 carries checksums. */
  readonly "encap-udp6-csum"?: boolean;
  /** Whether checksums are offloaded to the other end. */
  readonly "encap-remcsum"?: boolean;
  /** Whether routes and filters say where each packet goes. */
  readonly external?: boolean;
}

const ENCAPSULATIONS = {
  none: TUNNEL_ENCAP_NONE,
  fou: TUNNEL_ENCAP_FOU,
  gue: TUNNEL_ENCAP_GUE,
} as const;

const ENCAPSULATION_FLAGS = {
  "encap-csum": TUNNEL_ENCAP_FLAG_CSUM,
  "encap-udp6-csum": TUNNEL_ENCAP_FLAG_CSUM6,
  "encap-remcsum": TUNNEL_ENCAP_FLAG_REMCSUM,
};

const byte = wholeNumber(0, 255);
const port = wholeNumber(0, 65535);

/** How they are read; writing them is for each kind, numbered as it does. */
export const TUNNEL_OPTIONS: OptionsOf<TunnelOptions> = {
  remote: ipv4,
  local: ipv4,
  dev: linkName,
  ttl: orWord("inherit", byte),
  tos: orWord("inherit", byte),
  pmtudisc: toggleBit,
  fwmark: wholeNumber(0, 0xffff_ffff),
  encap: {
    ...oneOf(["none", "fou", "gue"]),
    no: "none",
  },
  "encap-sport": orWord("auto", port),
  "encap-dport": port,
  "encap-csum": toggleBit,
  "encap-udp6-csum": toggleBit,
  "encap-remcsum": toggleBit,
  external: { ...bit, alone: true },
};

/** The attribute of each of them in one kind. */
export interface TunnelAttributes {
  readonly local: number;
  readonly remote: number;
  readonly pmtudisc: number;
  readonly tos: number;
  readonly ttl: number;
  readonly fwmark: number;
  readonly encapType: number;
  readonly encapFlags: number;
  readonly encapSport: number;
  readonly encapDport: number;
}

/**
 * Writes them but for `dev`, those not given too: the kernel takes what is missing for zero,
 * and only path MTU discovery is on by default.
 */
export function writeTunnel(
  body: AttributeWriter,
  values: TunnelOptions,
  attributes: TunnelAttributes,
): void {
  const ttl = values.ttl === "inherit" ? 0 : values.ttl ?? 0;
  if (ttl !== 0 && values.pmtudisc === false) {
    throw new ArgumentError("ttl", ttl, "possible beside nopmtudisc");
  }
  if (values.local !== undefined && values.local !== "0.0.0.0") {
    body.bytes(attributes.local, parseIPv4(values.local));
  }
  if (values.remote !== undefined && values.remote !== "0.0.0.0") {
    body.bytes(attributes.remote, parseIPv4(values.remote));
  }
  const sport = values["encap-sport"] ?? "auto";
  body
    .u8(attributes.pmtudisc, Number(values.pmtudisc ?? true))
    .u8(attributes.tos, values.tos === "inherit" ? 1 : values.tos ?? 0)
    .u8(attributes.ttl, ttl)
    .u32(attributes.fwmark, values.fwmark ?? 0)
    .u16(attributes.encapType, ENCAPSULATIONS[values.encap ?? "none"])
    .u16(
      attributes.encapFlags,
      bitsOf({ ...values }, ENCAPSULATION_FLAGS).value,
    )
    .be16(attributes.encapSport, sport === "auto" ? 0 : sport)
    .be16(attributes.encapDport, values["encap-dport"] ?? 0);
}
