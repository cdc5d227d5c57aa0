// IP in IP: over IPv4 (ipip, sit with 6rd) and over IPv6 (ip6tnl). Source:
// ip-link(8), RFC 2003, RFC 4213, RFC 5969, RFC 2473.

import {
  IPPROTO_IPIP,
  IPPROTO_IPV6,
  IPPROTO_MPLS,
} from "../../../ffi/uapi/netinet_in.ts";
import * as c from "../../../ffi/uapi/linux_if_tunnel.ts";
import { IP6_TNL_F_MIP6_DEV } from "../../../ffi/uapi/linux_ip6_tunnel.ts";
import { type Cidr, tryParseCidr } from "../../net/prefix.ts";
import {
  type Attribute,
  type OptionValues,
  readAddress,
  reported,
  showAddress,
  word,
} from "../spec/attribute.ts";
import { u8 } from "../spec/codec.ts";
import { onlyTrue } from "../spec/json.ts";
import type { AttributeLevel } from "../spec/level.ts";
import { bit } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";
import {
  checkTtl,
  completed,
  encapsulation,
  tunnel6Entries,
  type Tunnel6Options,
  tunnelEntries,
  type TunnelOptions,
} from "./tunnel.ts";

/** Options of an IPIP tunnel, with iproute2's keys. Source: ip-link(8). */
export interface IpipOptions extends TunnelOptions {
  /** Protocol of the inner packets. */
  readonly mode?: "ipip" | "mplsip" | "any";
}

/** Options of a SIT tunnel, with iproute2's keys. Source: ip-link(8). */
export interface SitOptions extends TunnelOptions {
  /** Protocol of the inner packets. */
  readonly mode?: "ip6ip" | "ipip" | "mplsip" | "any";
  /** ISATAP (RFC 5214). */
  readonly isatap?: boolean;
  /** IPv6 prefix of 6rd. */
  readonly "6rd-prefix"?: string;
  /** IPv4 prefix of 6rd. */
  readonly "6rd-relay_prefix"?: string;
}

/** Options of an IP tunnel over IPv6, with iproute2's keys. Source: ip-link(8). */
export interface Ip6TunnelOptions extends Tunnel6Options {
  /** Protocol of the inner packets. */
  readonly mode?: "ip6ip6" | "ipip6" | "any";
}

/** What the kernel reports about an IP tunnel over IPv6. */
export interface Ip6TunnelData extends Ip6TunnelOptions {
  /** Whether Mobile IPv6 uses the tunnel. */
  readonly ip6_tnl_f_mip6_dev?: boolean;
}

const INNER = {
  any: 0,
  ipip: IPPROTO_IPIP,
  ip6ip: IPPROTO_IPV6,
  mplsip: IPPROTO_MPLS,
};
const INNER6 = { ip6ip6: IPPROTO_IPV6, ipip6: IPPROTO_IPIP, any: 0 };

const nameIn = (words: { readonly [word: string]: number }) => {
  const names = new Map(Object.entries(words).map(([word, n]) => [n, word]));
  return (raw: number) => names.get(raw);
};

/** The protocol of the inner packets. */
function inner<Word extends string>(
  words: { readonly [W in Word]: number },
  all: { readonly [word: string]: number },
): Attribute<Word> {
  return {
    ...word<Word>(c.IFLA_IPTUN_PROTO, u8, words, {
      key: "proto",
      json: nameIn(all),
    }),
    kernelDefault: "any" as Word,
  };
}

/** Message attributes of a prefix and its length. */
interface PrefixNumbers {
  readonly bytes: 4 | 16;
  readonly address: number;
  readonly length: number;
}

const PREFIX: PrefixNumbers = {
  bytes: 16,
  address: c.IFLA_IPTUN_6RD_PREFIX,
  length: c.IFLA_IPTUN_6RD_PREFIXLEN,
};
const RELAY: PrefixNumbers = {
  bytes: 4,
  address: c.IFLA_IPTUN_6RD_RELAY_PREFIX,
  length: c.IFLA_IPTUN_6RD_RELAY_PREFIXLEN,
};

const addressText = (
  level: AttributeLevel,
  { address, bytes }: PrefixNumbers,
) => {
  const value = level.get(address);
  return value && (readAddress(value) ?? (bytes === 16 ? "::" : "0.0.0.0"));
};

/** A 6rd prefix, which is two keys of iproute2's JSON. */
function network(
  numbers: PrefixNumbers,
  key: string,
  isPrinted: (level: AttributeLevel) => boolean,
): Attribute<string> {
  const { bytes, address, length } = numbers;
  const parse = (text: string): Cidr | undefined => {
    const cidr = tryParseCidr(text);
    return cidr?.address.length === bytes ? cidr : undefined;
  };
  return {
    expected: `a network like ${
      bytes === 4 ? "192.0.2.0/24" : "2001:db8::/32"
    }`,
    schema: { type: "string" },
    read: (given) =>
      typeof given === "string" && parse(given) ? given : undefined,
    number: address,
    show: showAddress,
    decode(level) {
      const bits = level.get(length)?.u16();
      return bits ? `${addressText(level, numbers)}/${bits}` : undefined;
    },
    encode(body, value) {
      const cidr = parse(value)!;
      body.bytes(address, cidr.address).u16(length, cidr.prefix);
    },
    json: [
      {
        key,
        read: (level) =>
          isPrinted(level) ? addressText(level, numbers) : undefined,
      },
      {
        key: `${key}len`,
        read: (level) =>
          isPrinted(level) ? level.get(length)?.u16() ?? 0 : undefined,
      },
    ],
  };
}

const has6rd = (level: AttributeLevel) => !!level.get(PREFIX.length)?.u16();

const sixRd = {
  "6rd-prefix": network(PREFIX, "prefix", has6rd),
  "6rd-relay_prefix": network(
    RELAY,
    "relay_prefix",
    (level) => has6rd(level) && !!level.get(RELAY.address)?.u32(),
  ),
};

const isatap: Attribute<boolean> = {
  ...bit,
  alone: true,
  number: c.IFLA_IPTUN_FLAGS,
  kernelDefault: false,
  decode(level) {
    const flags = level.get(c.IFLA_IPTUN_FLAGS)?.u16();
    return flags === undefined ? undefined : (flags & c.SIT_ISATAP) !== 0;
  },
  encode(body, value) {
    body.u16(c.IFLA_IPTUN_FLAGS, value ? c.SIT_ISATAP : 0);
  },
  json: [{
    read: (level) =>
      onlyTrue((level.get(c.IFLA_IPTUN_FLAGS)?.u16() ?? 0) & c.SIT_ISATAP),
  }],
};

const never = { change: "never" } as const;

const ENCAPSULATION = {
  type: c.IFLA_IPTUN_ENCAP_TYPE,
  flags: c.IFLA_IPTUN_ENCAP_FLAGS,
  sport: c.IFLA_IPTUN_ENCAP_SPORT,
  dport: c.IFLA_IPTUN_ENCAP_DPORT,
};
const CONSTANTS = { of: c, prefix: "IFLA_IPTUN_" };

/**
 * All options as ip(8) sends them; with `external`, only the inner protocol.
 */
function prepared(
  kind: LinkKind,
  values: { readonly mode?: string },
): OptionValues {
  const all = completed(kind.options, values);
  if (all.external) return { ...all, mode: values.mode ?? "any" };
  checkTtl(all);
  return { dev: 0, ...all };
}

function over4() {
  return tunnelEntries({
    external: c.IFLA_IPTUN_COLLECT_METADATA,
    remote: c.IFLA_IPTUN_REMOTE,
    local: c.IFLA_IPTUN_LOCAL,
    dev: c.IFLA_IPTUN_LINK,
    ttl: c.IFLA_IPTUN_TTL,
    tos: c.IFLA_IPTUN_TOS,
    pmtudisc: c.IFLA_IPTUN_PMTUDISC,
    fwmark: c.IFLA_IPTUN_FWMARK,
  }, { pmtudisc: false });
}

export const ipip: LinkKind<IpipOptions> = linkKind<
  IpipOptions,
  IpipOptions & Omit<SitOptions, "mode">
>("ipip", () => {
  const { external, fwmark, ...tunnel } = over4();
  return {
    external,
    mode: {
      ...inner({ ipip: INNER.ipip, mplsip: INNER.mplsip, any: 0 }, INNER),
      change: "at creation",
    },
    ...tunnel,
    isatap: { ...isatap, ...never },
    "6rd-prefix": { ...sixRd["6rd-prefix"], ...never },
    "6rd-relay_prefix": { ...sixRd["6rd-relay_prefix"], ...never },
    fwmark,
    ...encapsulation(ENCAPSULATION, false),
  };
}, {
  together: true,
  constants: CONSTANTS,
  prepare: (values) => prepared(ipip, values),
});

export const sit: LinkKind<SitOptions> = linkKind<SitOptions>("sit", () => {
  const { external, fwmark, ...tunnel } = over4();
  return {
    // The kernel ignores it.
    external: { ...external, isReported: false },
    mode: { ...inner(INNER, INNER), change: "at creation" },
    ...tunnel,
    isatap: { ...isatap, change: "at creation" },
    ...sixRd,
    fwmark,
    ...encapsulation(ENCAPSULATION, false),
  };
}, {
  together: true,
  constants: CONSTANTS,
  prepare: (values) => prepared(sit, values),
});

export const ip6tnl: LinkKind<Ip6TunnelOptions> = linkKind<
  Ip6TunnelOptions,
  Ip6TunnelData
>("ip6tnl", () => {
  const { external, fwmark, "allow-localremote": allow, ...tunnel } =
    tunnel6Entries({
      external: c.IFLA_IPTUN_COLLECT_METADATA,
      remote: c.IFLA_IPTUN_REMOTE,
      local: c.IFLA_IPTUN_LOCAL,
      dev: c.IFLA_IPTUN_LINK,
      hoplimit: c.IFLA_IPTUN_TTL,
      encaplimit: c.IFLA_IPTUN_ENCAP_LIMIT,
      flowinfo: c.IFLA_IPTUN_FLOWINFO,
      flags: c.IFLA_IPTUN_FLAGS,
      fwmark: c.IFLA_IPTUN_FWMARK,
    });
  return {
    external,
    mode: inner(INNER6, INNER6),
    ...tunnel,
    ip6_tnl_f_mip6_dev: reported<boolean>(
      c.IFLA_IPTUN_FLAGS,
      (value) => onlyTrue(value.u32() & IP6_TNL_F_MIP6_DEV),
    ),
    "allow-localremote": allow,
    fwmark,
    ...encapsulation(ENCAPSULATION, true),
  };
}, {
  module: "ip6_tunnel",
  together: true,
  constants: CONSTANTS,
  prepare: (values) => prepared(ip6tnl, values),
});
