// What tunnels over IPv6 have in common: GRE and IP.

import * as flag from "../../../../ffi/layout/linux_ip6_tunnel.ts";
import { parseIPv6 } from "../../../address.ts";
import type { AttributeWriter } from "../../../netlink/attribute_writer.ts";
import { type OptionsOf, toggleBit } from "../option.ts";
import { bit, ipv6, linkName, oneOf, orWord, wholeNumber } from "../value.ts";
import {
  ENCAPSULATION_OPTIONS,
  type EncapsulationAttributes,
  type EncapsulationOptions,
  writeEncapsulation,
} from "./encapsulation.ts";

/**
 * Options of every tunnel over IPv6, by iproute2's words. Source: ip-link(8),
 * linux/ip6_tunnel.h.
 */
export interface Tunnel6Options extends EncapsulationOptions {
  /** The other end's address. */
  readonly remote?: string;
  /** This end's address. */
  readonly local?: string;
  /** The link to send by. */
  readonly dev?: string | number;
  /** Hop limit of the outer packet; 64 if not given. */
  readonly hoplimit?: number;
  /** How many tunnels a packet may enter, or "none"; 4. Source: RFC 2473. */
  readonly encaplimit?: number | "none";
  /** Traffic class of the outer packet. */
  readonly tclass?: number | "inherit";
  /** Flow label of the outer packet. */
  readonly flowlabel?: number | "inherit";
  /** Whether the inner packet gets the outer one's class when it leaves. */
  readonly dscp?: "inherit";
  /** Whether the other end may be this machine's. */
  readonly "allow-localremote"?: boolean;
  /** The mark of the outer packet. */
  readonly fwmark?: number | "inherit";
  /** Whether routes and filters say where each packet goes. */
  readonly external?: boolean;
}

const byte = wholeNumber(0, 255);

/** How they are read; writing them is for each kind, numbered as it does. */
export const TUNNEL6_OPTIONS: OptionsOf<Tunnel6Options> = {
  remote: ipv6,
  local: ipv6,
  dev: linkName,
  hoplimit: byte,
  encaplimit: orWord("none", byte),
  tclass: orWord("inherit", byte),
  flowlabel: orWord("inherit", wholeNumber(0, 0xf_ffff)),
  dscp: oneOf(["inherit"]),
  "allow-localremote": toggleBit,
  fwmark: orWord("inherit", wholeNumber(0, 0xffff_ffff)),
  ...ENCAPSULATION_OPTIONS,
  external: { ...bit, alone: true },
};

/** The attribute of each of them in one kind. */
export interface Tunnel6Attributes extends EncapsulationAttributes {
  readonly local: number;
  readonly remote: number;
  readonly hoplimit: number;
  readonly encaplimit: number;
  readonly flowinfo: number;
  readonly flags: number;
  readonly fwmark: number;
}

const DEFAULT_HOP_LIMIT = 64;
/** IPV6_DEFAULT_TNL_ENCAP_LIMIT of the kernel's ip6_tunnel.h. */
const DEFAULT_ENCAP_LIMIT = 4;

function flagsOf(values: Tunnel6Options): number {
  const { encaplimit, tclass, flowlabel, dscp, fwmark } = values;
  return (encaplimit === "none" ? flag.IP6_TNL_F_IGN_ENCAP_LIMIT : 0) |
    (tclass === "inherit" ? flag.IP6_TNL_F_USE_ORIG_TCLASS : 0) |
    (flowlabel === "inherit" ? flag.IP6_TNL_F_USE_ORIG_FLOWLABEL : 0) |
    (dscp === "inherit" ? flag.IP6_TNL_F_RCV_DSCP_COPY : 0) |
    (fwmark === "inherit" ? flag.IP6_TNL_F_USE_ORIG_FWMARK : 0) |
    (values["allow-localremote"] ? flag.IP6_TNL_F_ALLOW_LOCAL_REMOTE : 0);
}

/** A number; a word stands for what a flag says. */
function numberOf(value: number | string | undefined, other = 0): number {
  return typeof value === "number" ? value : other;
}

/** Writes them but for `dev`, those not given too: see writeTunnel(). */
export function writeTunnel6(
  body: AttributeWriter,
  values: Tunnel6Options,
  attributes: Tunnel6Attributes,
): void {
  for (const end of ["local", "remote"] as const) {
    const address = values[end];
    if (address === undefined) continue;
    const bytes = parseIPv6(address);
    if (bytes.some((byte) => byte !== 0)) body.bytes(attributes[end], bytes);
  }
  const flow = numberOf(values.tclass) << 20 | numberOf(values.flowlabel);
  body
    .u8(attributes.hoplimit, values.hoplimit ?? DEFAULT_HOP_LIMIT)
    .u8(attributes.encaplimit, numberOf(values.encaplimit, DEFAULT_ENCAP_LIMIT))
    .be32(attributes.flowinfo, flow)
    .u32(attributes.flags, flagsOf(values))
    .u32(attributes.fwmark, numberOf(values.fwmark));
  writeEncapsulation(body, { "encap-udp6-csum": true, ...values }, attributes);
}
