// What tunnels over IPv4 have in common: GRE, IPIP and SIT.

import { ArgumentError } from "../../../errors.ts";
import { parseIPv4 } from "../../../address.ts";
import type { AttributeWriter } from "../../../netlink/attribute_writer.ts";
import { type OptionsOf, toggleBit } from "../option.ts";
import { bit, ipv4, linkName, orWord, wholeNumber } from "../value.ts";
import {
  ENCAPSULATION_OPTIONS,
  type EncapsulationAttributes,
  type EncapsulationOptions,
  writeEncapsulation,
} from "./encapsulation.ts";

/**
 * Options of every tunnel over IPv4, by iproute2's words. Source: ip-link(8),
 * linux/if_tunnel.h.
 */
export interface TunnelOptions extends EncapsulationOptions {
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
  /** Whether routes and filters say where each packet goes. */
  readonly external?: boolean;
}

const byte = wholeNumber(0, 255);

/** How they are read; writing them is for each kind, numbered as it does. */
export const TUNNEL_OPTIONS: OptionsOf<TunnelOptions> = {
  remote: ipv4,
  local: ipv4,
  dev: linkName,
  ttl: orWord("inherit", byte),
  tos: orWord("inherit", byte),
  pmtudisc: toggleBit,
  fwmark: wholeNumber(0, 0xffff_ffff),
  ...ENCAPSULATION_OPTIONS,
  external: { ...bit, alone: true },
};

/** The attribute of each of them in one kind. */
export interface TunnelAttributes extends EncapsulationAttributes {
  readonly local: number;
  readonly remote: number;
  readonly pmtudisc: number;
  readonly tos: number;
  readonly ttl: number;
  readonly fwmark: number;
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
  body
    .u8(attributes.pmtudisc, Number(values.pmtudisc ?? true))
    .u8(attributes.tos, values.tos === "inherit" ? 1 : values.tos ?? 0)
    .u8(attributes.ttl, ttl)
    .u32(attributes.fwmark, values.fwmark ?? 0);
  writeEncapsulation(body, values, attributes);
}
