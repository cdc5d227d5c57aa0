// Common options of tunnels: GRE, IP in IP and VTI. Source: ip-link(8),
// ip-fou(8), linux/if_tunnel.h, linux/ip6_tunnel.h.

import {
  TUNNEL_ENCAP_FLAG_CSUM,
  TUNNEL_ENCAP_FLAG_CSUM6,
  TUNNEL_ENCAP_FLAG_REMCSUM,
  TUNNEL_ENCAP_FOU,
  TUNNEL_ENCAP_GUE,
  TUNNEL_ENCAP_NONE,
} from "../../../ffi/uapi/linux_if_tunnel.ts";
import * as flag6 from "../../../ffi/uapi/linux_ip6_tunnel.ts";
import { ArgumentError } from "../../errors.ts";
import {
  address4,
  address6,
  type Attribute,
  bits,
  link,
  number,
  numberOr,
  type OptionValues,
  plainBits,
  presence,
  readAddress,
  type SharedAttribute,
  textOr,
  toggle,
  toggleWord,
  word,
} from "../spec/attribute.ts";
import { be16, u16, u32, u8 } from "../spec/codec.ts";
import { hex, hexNonzero, type JsonValue, onlyTrue } from "../spec/json.ts";
import type { AttributeLevel } from "../spec/level.ts";
import { tos } from "../spec/named_number.ts";
import type { Entries } from "../spec/table.ts";
import {
  hexadecimal,
  oneOf,
  orWord,
  type Reader,
  wholeNumber,
} from "../spec/value.ts";

/** UDP encapsulation of a tunnel. Source: ip-fou(8). */
export interface EncapsulationOptions {
  /** UDP encapsulation: foo-over-UDP or generic UDP encapsulation. */
  readonly encap?: "none" | "fou" | "gue";
  /** UDP source port. */
  readonly "encap-sport"?: number | "auto";
  /** UDP destination port. */
  readonly "encap-dport"?: number;
  /** Send UDP checksums over IPv4. */
  readonly "encap-csum"?: boolean;
  /** Send UDP checksums over IPv6. */
  readonly "encap-udp6-csum"?: boolean;
  /** Send with remote checksum offload. */
  readonly "encap-remcsum"?: boolean;
}

/** Options of every tunnel over IPv4, with iproute2's keys. Source: ip-link(8). */
export interface TunnelOptions extends EncapsulationOptions {
  /** Take the remote address from each packet's metadata. */
  readonly external?: boolean;
  /** Remote address. */
  readonly remote?: string;
  /** Local address. */
  readonly local?: string;
  /** Link to send by. */
  readonly dev?: string | number;
  /** TTL of the outer header. */
  readonly ttl?: number | "inherit";
  /** Type of service of the outer header. */
  readonly tos?: number | "inherit";
  /** Path MTU discovery. */
  readonly pmtudisc?: boolean;
  /** Mark of the outer packets. */
  readonly fwmark?: number;
}

/** Options of every tunnel over IPv6, with iproute2's keys. Source: ip-link(8). */
export interface Tunnel6Options extends EncapsulationOptions {
  /** Take the remote address from each packet's metadata. */
  readonly external?: boolean;
  /** Remote address. */
  readonly remote?: string;
  /** Local address. */
  readonly local?: string;
  /** Link to send by. */
  readonly dev?: string | number;
  /** Hop limit of the outer header. */
  readonly hoplimit?: number;
  /** Encapsulation limit of RFC 2473. */
  readonly encaplimit?: number | "none";
  /** Traffic class of the outer header. */
  readonly tclass?: number | "inherit";
  /** Flow label of the outer header. */
  readonly flowlabel?: number | "inherit";
  /** Copy the traffic class of the outer header to the inner one on receive. */
  readonly dscp?: "inherit";
  /** Allow a remote address that is local to this machine. */
  readonly "allow-localremote"?: boolean;
  /** Mark of the outer packets. */
  readonly fwmark?: number | "inherit";
}

function external(number: number): Attribute<boolean> {
  return presence(number, { change: "at creation", kernelDefault: false });
}

/** iproute2's word for no address. */
export const ANY = "any";

/** An endpoint address: iproute2 prints "any" if it is not set. */
export function endpoint(number: number, size: 4 | 16): Attribute<string> {
  const plain = size === 4 ? address4(number) : address6(number);
  return {
    ...plain,
    ...orWord(ANY, plain),
    kernelDefault: ANY,
    decode: (level) =>
      level.get(number)?.length === size ? plain.decode(level) : undefined,
    encode(body, value, names) {
      if (value !== ANY && !/^[0.:]*$/.test(value)) {
        plain.encode?.(body, value, names);
      }
    },
    json: [{
      read(level) {
        const value = level.get(number);
        if (value === undefined) return "any";
        // iproute2 prints "unknown" for an address of another length.
        return value.length === size ? readAddress(value) ?? "any" : "unknown";
      },
    }],
  };
}

/** The message attributes of a UDP encapsulation. */
export interface EncapsulationNumbers {
  readonly type: number;
  readonly flags: number;
  readonly sport: number;
  readonly dport: number;
}

const ENCAPSULATIONS = {
  none: TUNNEL_ENCAP_NONE,
  fou: TUNNEL_ENCAP_FOU,
  gue: TUNNEL_ENCAP_GUE,
};

/** UDP encapsulation, which iproute2 prints as one object. */
export function encapsulation(
  { type, flags, sport, dport }: EncapsulationNumbers,
  ipv6: boolean,
): {
  readonly [Key in keyof EncapsulationOptions]-?: Attribute<
    NonNullable<EncapsulationOptions[Key]>
  >;
} {
  const print = (level: AttributeLevel): JsonValue | undefined => {
    const kind = level.get(type)?.u16();
    if (kind === undefined || kind === TUNNEL_ENCAP_NONE) return undefined;
    const set = level.get(flags)?.u16() ?? 0;
    return {
      type: kind === TUNNEL_ENCAP_FOU
        ? "fou"
        : kind === TUNNEL_ENCAP_GUE
        ? "gue"
        : null,
      sport: level.get(sport)?.be16() ?? 0,
      dport: level.get(dport)?.be16() ?? 0,
      csum: (set & TUNNEL_ENCAP_FLAG_CSUM) !== 0,
      csum6: (set & TUNNEL_ENCAP_FLAG_CSUM6) !== 0,
      remcsum: (set & TUNNEL_ENCAP_FLAG_REMCSUM) !== 0,
    };
  };
  return {
    encap: {
      ...word(type, u16, ENCAPSULATIONS, { kernelDefault: "none" }),
      no: "none",
      json: [{ read: print }],
    },
    "encap-sport": numberOr(sport, be16, { auto: 0 }, {
      json: false,
      kernelDefault: "auto",
    }),
    "encap-dport": number(dport, be16, { json: false, kernelDefault: 0 }),
    ...bits(flags, plainBits(u16), {
      "encap-csum": TUNNEL_ENCAP_FLAG_CSUM,
      "encap-udp6-csum": TUNNEL_ENCAP_FLAG_CSUM6,
      "encap-remcsum": TUNNEL_ENCAP_FLAG_REMCSUM,
    }, {
      toggle: true,
      json: false,
      // As ip(8) sends it.
      on: ipv6 ? ["encap-udp6-csum"] : [],
    }),
  };
}

/** The message attributes of a tunnel over IPv4. */
export interface TunnelNumbers {
  readonly external: number;
  readonly remote: number;
  readonly local: number;
  readonly dev: number;
  readonly ttl: number;
  readonly tos: number;
  readonly pmtudisc: number;
  readonly fwmark: number;
}

/** The entries of a tunnel over IPv4, before those of its kind. */
export function tunnelEntries(
  numbers: TunnelNumbers,
  absent: { readonly pmtudisc?: JsonValue } = {},
): {
  readonly [Key in Exclude<keyof TunnelOptions, keyof EncapsulationOptions>]-?:
    Attribute<NonNullable<TunnelOptions[Key]>>;
} {
  return {
    external: external(numbers.external),
    remote: endpoint(numbers.remote, 4),
    local: endpoint(numbers.local, 4),
    dev: link(numbers.dev, { key: "link" }),
    ttl: numberOr(numbers.ttl, u8, { inherit: 0 }, {
      kernelDefault: "inherit",
      absent: 0,
    }),
    tos: numberOr(numbers.tos, u8, { inherit: 1 }, {
      reader: tos,
      kernelDefault: 0,
      json: hexNonzero,
    }),
    pmtudisc: toggle(numbers.pmtudisc, {
      kernelDefault: true,
      ...(absent.pmtudisc !== undefined && { absent: absent.pmtudisc }),
    }),
    fwmark: number(numbers.fwmark, u32, {
      kernelDefault: 0,
      json: hexNonzero,
    }),
  };
}

/** The message attributes of a tunnel over IPv6. */
export interface Tunnel6Numbers {
  readonly external: number;
  readonly remote: number;
  readonly local: number;
  readonly dev: number;
  readonly hoplimit: number;
  readonly encaplimit: number;
  readonly flowinfo: number;
  readonly flags: number;
  readonly fwmark: number;
}

const TCLASS = 0x0ff0_0000;
const FLOWLABEL = 0x000f_ffff;
const byte = wholeNumber(0, 255);

function padded(number: number, digits: number): string {
  return "0x" + number.toString(16).padStart(digits, "0");
}

/** The number of a value; a keyword is encoded as a flag. */
function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** The entries of a tunnel over IPv6; kinds put them into iproute2's order. */
export function tunnel6Entries(
  numbers: Tunnel6Numbers,
): {
  readonly [Key in Exclude<keyof Tunnel6Options, keyof EncapsulationOptions>]-?:
    Attribute<NonNullable<Tunnel6Options[Key]>>;
} {
  const { flags, flowinfo, encaplimit, fwmark } = numbers;
  const writes: SharedAttribute = {
    write(body, values) {
      const set =
        (values.encaplimit === "none" ? flag6.IP6_TNL_F_IGN_ENCAP_LIMIT : 0) |
        (values.tclass === "inherit" ? flag6.IP6_TNL_F_USE_ORIG_TCLASS : 0) |
        (values.flowlabel === "inherit"
          ? flag6.IP6_TNL_F_USE_ORIG_FLOWLABEL
          : 0) |
        (values.dscp === "inherit" ? flag6.IP6_TNL_F_RCV_DSCP_COPY : 0) |
        (values.fwmark === "inherit" ? flag6.IP6_TNL_F_USE_ORIG_FWMARK : 0) |
        (values["allow-localremote"] ? flag6.IP6_TNL_F_ALLOW_LOCAL_REMOTE : 0);
      const limit = values.encaplimit === "none"
        ? DEFAULT_ENCAP_LIMIT
        : numberOf(values.encaplimit);
      body
        .u8(encaplimit, limit)
        .be32(
          flowinfo,
          numberOf(values.tclass) << 20 | numberOf(values.flowlabel),
        )
        .u32(flags, set)
        .u32(fwmark, numberOf(values.fwmark));
    },
  };
  const isSet = (level: AttributeLevel, bit: number) =>
    ((level.get(flags)?.u32() ?? 0) & bit) !== 0;
  /** A number, or a keyword that is encoded as a flag with its own JSON key. */
  const orFlag = <Word extends string>(
    word: Word,
    bit: number,
    flagKey: string,
    reader: Reader<number> & { text?(number: number): string },
    kernelDefault: number,
    read: (level: AttributeLevel) => number | undefined,
    json: { readonly key?: string; of(value: number): JsonValue | undefined },
  ): Attribute<number | Word> => ({
    ...orWord(word, reader),
    ...(reader.text && { text: textOr({ text: reader.text }) }),
    number: flags,
    kernelDefault,
    writes,
    decode: (level) => isSet(level, bit) ? word : read(level),
    json: [
      { key: flagKey, read: (level) => onlyTrue(isSet(level, bit)) },
      {
        ...(json.key !== undefined && { key: json.key }),
        read(level) {
          const value = isSet(level, bit) ? undefined : read(level);
          return value === undefined ? undefined : json.of(value);
        },
      },
    ],
  });
  return {
    external: external(numbers.external),
    remote: endpoint(numbers.remote, 16),
    local: endpoint(numbers.local, 16),
    dev: link(numbers.dev, { key: "link" }),
    hoplimit: number(numbers.hoplimit, u8, {
      key: "ttl",
      kernelDefault: 64,
      absent: 0,
    }),
    encaplimit: orFlag(
      "none",
      flag6.IP6_TNL_F_IGN_ENCAP_LIMIT,
      "ip6_tnl_f_ign_encap_limit",
      byte,
      DEFAULT_ENCAP_LIMIT,
      (level) => level.get(encaplimit)?.u8(),
      { key: "encap_limit", of: (value) => value },
    ),
    tclass: orFlag(
      "inherit",
      flag6.IP6_TNL_F_USE_ORIG_TCLASS,
      "ip6_tnl_f_use_orig_tclass",
      hexadecimal(0xff),
      0,
      (level) => {
        const flow = level.get(flowinfo)?.be32();
        return flow === undefined ? undefined : (flow & TCLASS) >>> 20;
      },
      { of: (value) => padded(value, 2) },
    ),
    flowlabel: orFlag(
      "inherit",
      flag6.IP6_TNL_F_USE_ORIG_FLOWLABEL,
      "ip6_tnl_f_use_orig_flowlabel",
      hexadecimal(FLOWLABEL),
      0,
      (level) => {
        const flow = level.get(flowinfo)?.be32();
        return flow === undefined ? undefined : flow & FLOWLABEL;
      },
      { of: (value) => padded(value, 5) },
    ),
    dscp: {
      ...oneOf(["inherit"]),
      number: flags,
      writes,
      decode: (level) =>
        isSet(level, flag6.IP6_TNL_F_RCV_DSCP_COPY) ? "inherit" : undefined,
      json: [{
        key: "ip6_tnl_f_rcv_dscp_copy",
        read: (level) => onlyTrue(isSet(level, flag6.IP6_TNL_F_RCV_DSCP_COPY)),
      }],
    },
    "allow-localremote": {
      ...toggleWord,
      number: flags,
      kernelDefault: false,
      writes,
      decode: (level) => isSet(level, flag6.IP6_TNL_F_ALLOW_LOCAL_REMOTE),
      json: [{
        key: "ip6_tnl_f_allow_local_remote",
        read: (level) =>
          onlyTrue(isSet(level, flag6.IP6_TNL_F_ALLOW_LOCAL_REMOTE)),
      }],
    },
    fwmark: orFlag(
      "inherit",
      flag6.IP6_TNL_F_USE_ORIG_FWMARK,
      "ip6_tnl_f_use_orig_fwmark",
      wholeNumber(0, 0xffff_ffff),
      0,
      (level) => level.get(fwmark)?.u32(),
      { of: (value) => value === 0 ? undefined : hex(value) },
    ),
  };
}

/** IPV6_DEFAULT_TNL_ENCAP_LIMIT of the kernel's ip6_tunnel.h. */
const DEFAULT_ENCAP_LIMIT = 4;

/**
 * All options of a tunnel: the kernel sets missing ones to zero. With
 * `external`, it accepts no others.
 */
export function completed(options: Entries, given: object): OptionValues {
  const values: OptionValues = { ...given };
  if (values.external) return { external: true };
  const result: Record<string, unknown> = {};
  for (const [word, { kernelDefault, means }] of Object.entries(options)) {
    if (means === undefined && kernelDefault !== undefined) {
      result[word] = kernelDefault;
    }
  }
  return { ...result, ...values };
}

/** Rejects a TTL without path MTU discovery. */
export function checkTtl({ ttl, pmtudisc }: OptionValues): void {
  if (typeof ttl === "number" && ttl !== 0 && pmtudisc === false) {
    throw new ArgumentError("ttl", ttl, "possible beside nopmtudisc");
  }
}
