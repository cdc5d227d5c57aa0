// The UDP that a tunnel may be wrapped in (foo-over-UDP). Source: ip-fou(8).

import {
  IFLA_GRE_ENCAP_DPORT,
  IFLA_GRE_ENCAP_FLAGS,
  IFLA_GRE_ENCAP_SPORT,
  IFLA_GRE_ENCAP_TYPE,
  IFLA_IPTUN_ENCAP_DPORT,
  IFLA_IPTUN_ENCAP_FLAGS,
  IFLA_IPTUN_ENCAP_SPORT,
  IFLA_IPTUN_ENCAP_TYPE,
  TUNNEL_ENCAP_FLAG_CSUM,
  TUNNEL_ENCAP_FLAG_CSUM6,
  TUNNEL_ENCAP_FLAG_REMCSUM,
  TUNNEL_ENCAP_FOU,
  TUNNEL_ENCAP_GUE,
  TUNNEL_ENCAP_NONE,
} from "../../../../ffi/layout/linux_if_tunnel.ts";
import type { AttributeWriter } from "../../../netlink/attribute_writer.ts";
import { bitsOf, type OptionsOf, toggleBit } from "../option.ts";
import { oneOf, orWord, wholeNumber } from "../value.ts";

/** What is between the outer header and that of a tunnel. */
export interface EncapsulationOptions {
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
}

const TYPES = {
  none: TUNNEL_ENCAP_NONE,
  fou: TUNNEL_ENCAP_FOU,
  gue: TUNNEL_ENCAP_GUE,
} as const;

const FLAGS = {
  "encap-csum": TUNNEL_ENCAP_FLAG_CSUM,
  "encap-udp6-csum": TUNNEL_ENCAP_FLAG_CSUM6,
  "encap-remcsum": TUNNEL_ENCAP_FLAG_REMCSUM,
};

const port = wholeNumber(0, 65535);

/** How they are read; writing them is for each kind, numbered as it does. */
export const ENCAPSULATION_OPTIONS: OptionsOf<EncapsulationOptions> = {
  encap: {
    ...oneOf(["none", "fou", "gue"]),
    no: "none",
  },
  "encap-sport": orWord("auto", port),
  "encap-dport": port,
  "encap-csum": toggleBit,
  "encap-udp6-csum": toggleBit,
  "encap-remcsum": toggleBit,
};

/** The attribute of each of them in one kind. */
export interface EncapsulationAttributes {
  readonly encapType: number;
  readonly encapFlags: number;
  readonly encapSport: number;
  readonly encapDport: number;
}

/** Those of GRE, over IPv4 and over IPv6. */
export const GRE_ENCAPSULATION: EncapsulationAttributes = {
  encapType: IFLA_GRE_ENCAP_TYPE,
  encapFlags: IFLA_GRE_ENCAP_FLAGS,
  encapSport: IFLA_GRE_ENCAP_SPORT,
  encapDport: IFLA_GRE_ENCAP_DPORT,
};

/** Those of IP tunnels, over IPv4 and over IPv6. */
export const IPTUN_ENCAPSULATION: EncapsulationAttributes = {
  encapType: IFLA_IPTUN_ENCAP_TYPE,
  encapFlags: IFLA_IPTUN_ENCAP_FLAGS,
  encapSport: IFLA_IPTUN_ENCAP_SPORT,
  encapDport: IFLA_IPTUN_ENCAP_DPORT,
};

/** Writes them, those not given too: the kernel takes what is missing for zero. */
export function writeEncapsulation(
  body: AttributeWriter,
  values: EncapsulationOptions,
  attributes: EncapsulationAttributes,
): void {
  const sport = values["encap-sport"] ?? "auto";
  body
    .u16(attributes.encapType, TYPES[values.encap ?? "none"])
    .u16(attributes.encapFlags, bitsOf({ ...values }, FLAGS).value)
    .be16(attributes.encapSport, sport === "auto" ? 0 : sport)
    .be16(attributes.encapDport, values["encap-dport"] ?? 0);
}
