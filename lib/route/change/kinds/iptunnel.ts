// IP over IPv4: IPv4 in IPIP, IPv6 in SIT. Source: RFC 2003, RFC 4213,
// RFC 5969 (6rd).

import {
  IPPROTO_IPIP,
  IPPROTO_IPV6,
  IPPROTO_MPLS,
} from "../../../../ffi/layout/netinet_in.ts";
import * as c from "../../../../ffi/layout/linux_if_tunnel.ts";
import { type Cidr, tryParseCidr } from "../../../cidr.ts";
import type { AttributeWriter } from "../../../netlink/attribute_writer.ts";
import type { NameLookup } from "../change.ts";
import { bit, oneOf, type Reader } from "../value.ts";
import type { LinkKind } from "../kind.ts";
import type { Option, OptionsOf } from "../option.ts";
import { IPTUN_ENCAPSULATION } from "./encapsulation.ts";
import {
  TUNNEL_OPTIONS,
  type TunnelAttributes,
  type TunnelOptions,
  writeTunnel,
} from "./tunnel.ts";

/** Options of an IPIP tunnel, by iproute2's words. Source: ip-link(8). */
export interface IpipOptions extends TunnelOptions {
  /** What it carries. */
  readonly mode?: "ipip" | "mplsip" | "any";
}

/** Options of a SIT tunnel, by iproute2's words. Source: ip-link(8). */
export interface SitOptions extends TunnelOptions {
  /** What it carries. */
  readonly mode?: "ip6ip" | "ipip" | "mplsip" | "any";
  /** Whether it is an ISATAP tunnel. */
  readonly isatap?: boolean;
  /** The IPv6 network of 6rd. */
  readonly "6rd-prefix"?: string;
  /** The IPv4 network of 6rd. */
  readonly "6rd-relay_prefix"?: string;
}

const MODES = {
  any: 0,
  ipip: IPPROTO_IPIP,
  ip6ip: IPPROTO_IPV6,
  mplsip: IPPROTO_MPLS,
} as const;

const ATTRIBUTES: TunnelAttributes = {
  local: c.IFLA_IPTUN_LOCAL,
  remote: c.IFLA_IPTUN_REMOTE,
  pmtudisc: c.IFLA_IPTUN_PMTUDISC,
  tos: c.IFLA_IPTUN_TOS,
  ttl: c.IFLA_IPTUN_TTL,
  fwmark: c.IFLA_IPTUN_FWMARK,
  ...IPTUN_ENCAPSULATION,
};

const ipipOptions: OptionsOf<IpipOptions> = {
  ...TUNNEL_OPTIONS,
  mode: oneOf(["ipip", "mplsip", "any"]),
};

/** A network: its address in one attribute, its length in another. */
function network(
  bytes: 4 | 16,
  address: number,
  length: number,
): Option<string> {
  const parse = (text: string): Cidr | undefined => {
    const cidr = tryParseCidr(text);
    return cidr?.address.length === bytes ? cidr : undefined;
  };
  const reader: Reader<string> = {
    expected: `a network like ${
      bytes === 4 ? "192.0.2.0/24" : "2001:db8::/32"
    }`,
    schema: { type: "string" },
    read: (given) =>
      typeof given === "string" && parse(given) ? given : undefined,
  };
  return {
    ...reader,
    write(body, value) {
      const cidr = parse(value)!;
      body.bytes(address, cidr.address).u16(length, cidr.prefix);
    },
  };
}

const sitOptions: OptionsOf<SitOptions> = {
  ...TUNNEL_OPTIONS,
  mode: oneOf(["ip6ip", "ipip", "mplsip", "any"]),
  isatap: { ...bit, alone: true },
  "6rd-prefix": network(
    16,
    c.IFLA_IPTUN_6RD_PREFIX,
    c.IFLA_IPTUN_6RD_PREFIXLEN,
  ),
  "6rd-relay_prefix": network(
    4,
    c.IFLA_IPTUN_6RD_RELAY_PREFIX,
    c.IFLA_IPTUN_6RD_RELAY_PREFIXLEN,
  ),
};

/** Writes what both have; says whether that is all there is. */
function writeCommon(
  body: AttributeWriter,
  options: SitOptions,
  names: NameLookup,
): boolean {
  body.u8(c.IFLA_IPTUN_PROTO, MODES[options.mode ?? "any"]);
  if (options.external) {
    body.flag(c.IFLA_IPTUN_COLLECT_METADATA);
    return true;
  }
  const { dev } = options;
  body.u32(c.IFLA_IPTUN_LINK, dev === undefined ? 0 : names.index(dev));
  writeTunnel(body, options, ATTRIBUTES);
  return false;
}

export const ipip: LinkKind = {
  name: "ipip",
  options: ipipOptions,
  finish(body, values, names) {
    writeCommon(body, values, names);
  },
};

export const sit: LinkKind = {
  name: "sit",
  options: sitOptions,
  finish(body, values, names) {
    const options: SitOptions = values;
    if (writeCommon(body, options, names)) return;
    body.u16(c.IFLA_IPTUN_FLAGS, options.isatap ? c.SIT_ISATAP : 0);
  },
};
