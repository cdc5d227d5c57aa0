// GRE over IPv4 and IPv6, of packets, of Ethernet frames and of mirrored
// frames (ERSPAN). Source: ip-link(8), RFC 2784, RFC 2890, RFC 7676.

import * as c from "../../../ffi/uapi/linux_if_tunnel.ts";
import {
  formatIPv4,
  isMulticast,
  parseAddress,
  tryParseIPv4,
} from "../../net/ip_address.ts";
import { ArgumentError } from "../../errors.ts";
import {
  type Attribute,
  type Details,
  number,
  type OptionValues,
  type SharedAttribute,
  standsFor,
  type Table,
  toggle,
  toggleWord,
  word,
} from "../spec/attribute.ts";
import { u16, u32, u8 } from "../spec/codec.ts";
import { hex, onlyTrue } from "../spec/json.ts";
import { type Reader, wholeNumber } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";
import {
  ANY,
  checkTtl,
  completed,
  encapsulation,
  tunnel6Entries,
  type Tunnel6Options,
  tunnelEntries,
  type TunnelOptions,
} from "./tunnel.ts";

/**
 * Fields of the GRE header, with the keys of iproute2. The prefix `i` is for
 * received packets, `o` for sent ones.
 */
export interface GreHeaderOptions {
  /** Key of both directions: a number, one written as an IPv4 address, or "none". */
  readonly key?: number | string;
  /** Key of received packets. */
  readonly ikey?: number | string;
  /** Key of sent packets. */
  readonly okey?: number | string;
  /** Sequence numbers in both directions. */
  readonly seq?: boolean;
  /** Require sequence numbers in received packets. */
  readonly iseq?: boolean;
  /** Send sequence numbers. */
  readonly oseq?: boolean;
  /** Checksums in both directions. */
  readonly csum?: boolean;
  /** Require checksums in received packets. */
  readonly icsum?: boolean;
  /** Send checksums. */
  readonly ocsum?: boolean;
}

/** Options of a GRE tunnel over IPv4, with iproute2's keys. Source: ip-link(8). */
export interface GreOptions extends TunnelOptions, GreHeaderOptions {
  /** Ignore the DF bit of the inner packet. */
  readonly "ignore-df"?: boolean;
}

/** Options of a GRE tunnel over IPv6, with iproute2's keys. Source: ip-link(8). */
export interface Ip6GreOptions extends Tunnel6Options, GreHeaderOptions {}

/** Options of ERSPAN beside those of GRE. Source: ip-link(8). */
export interface ErspanHeaderOptions {
  /** Index of the mirrored port; version 1. */
  readonly erspan?: number;
  /** Version of the header. */
  readonly erspan_ver?: number;
  /** Direction of the mirrored traffic; version 2. */
  readonly erspan_dir?: "ingress" | "egress";
  /** Identifier of the hardware; version 2. */
  readonly erspan_hwid?: number;
}

/** Options of an ERSPAN tunnel over IPv4. Source: ip-link(8). */
export interface ErspanOptions extends GreOptions, ErspanHeaderOptions {}

/** Options of an ERSPAN tunnel over IPv6. Source: ip-link(8). */
export interface Ip6ErspanOptions extends Ip6GreOptions, ErspanHeaderOptions {}

type Direction = "i" | "o";
const NUMBERS = {
  i: { flags: c.IFLA_GRE_IFLAGS, key: c.IFLA_GRE_IKEY },
  o: { flags: c.IFLA_GRE_OFLAGS, key: c.IFLA_GRE_OKEY },
};

/** Whether an address is a multicast group. */
function isGroup(address: unknown): address is string {
  return typeof address === "string" && address !== ANY &&
    isMulticast(parseAddress(address).address);
}

/** The first four bytes of an address as a number. */
function wordOf(address: string): number {
  const { address: bytes } = parseAddress(address);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** The flags and key of one direction, from all options of the tunnel. */
function header(
  values: OptionValues,
  side: Direction,
  remote: string | undefined,
) {
  const given = values[`${side}key`];
  const key = typeof given === "number"
    ? given
    : typeof given === "string" && given !== "none"
    ? wordOf(given)
    : undefined;
  const flags = (key !== undefined ? c.GRE_KEY : 0) |
    (values[`${side}seq`] ? c.GRE_SEQ : 0) |
    (values[`${side}csum`] ? c.GRE_CSUM : 0);
  // As in ip(8): the address of a group is its key.
  return !key && remote !== undefined
    ? { key: wordOf(remote), flags: flags | c.GRE_KEY }
    : { key: key ?? 0, flags };
}

/** Encodes both directions. */
function writer(ipv6: boolean, isErspan: boolean): SharedAttribute {
  return {
    write(body, values) {
      const { remote } = values;
      const group = !ipv6 && isGroup(remote) ? remote : undefined;
      for (const side of ["i", "o"] as const) {
        const { key, flags } = header(values, side, group);
        body.be32(NUMBERS[side].key, key).u16(NUMBERS[side].flags, flags);
      }
      // ip(8) sends it; the kernel ignores it.
      if (ipv6 && !isErspan) body.u8(c.IFLA_GRE_ERSPAN_VER, 1);
    },
  };
}

const plainKey = wholeNumber(0, 0xffff_ffff);
const keyWord: Reader<number | string> & { readonly no: string } = {
  expected: `none, ${plainKey.expected} or an IPv4 address`,
  schema: { anyOf: [plainKey.schema, { type: "string" }] },
  no: "none",
  read: (given) =>
    typeof given === "string" && (given === "none" || tryParseIPv4(given))
      ? given
      : plainKey.read(given),
};

function key(
  side: Direction,
  writes: SharedAttribute,
): Attribute<number | string> {
  const { flags, key } = NUMBERS[side];
  return {
    ...keyWord,
    number: key,
    kernelDefault: "none",
    writes,
    decode(level) {
      const set = level.get(flags)?.u16();
      if (set === undefined) return undefined;
      return set & c.GRE_KEY ? level.get(key)?.be32() : "none";
    },
    json: [{
      read(level) {
        if (!((level.get(flags)?.u16() ?? 0) & c.GRE_KEY)) return undefined;
        const value = level.get(key);
        if (value === undefined) return undefined;
        return value.length >= 4 ? formatIPv4(value.bytes, value.at) : "";
      },
    }],
    show: (value) =>
      new DataView(value.buffer, value.byteOffset, value.length).getUint32(0),
  };
}

function headerFlag(
  side: Direction,
  bit: number,
  writes: SharedAttribute,
): Attribute<boolean> {
  const { flags } = NUMBERS[side];
  const isSet = (set: number | undefined) =>
    set === undefined ? undefined : (set & bit) !== 0;
  return {
    ...toggleWord,
    number: flags,
    kernelDefault: false,
    writes,
    decode: (level) => isSet(level.get(flags)?.u16()),
    json: [{
      read: (level) => onlyTrue((level.get(flags)?.u16() ?? 0) & bit),
    }],
  };
}

function headerEntries(writes: SharedAttribute): Table<GreHeaderOptions> {
  const [ikey, okey] = [key("i", writes), key("o", writes)];
  const [iseq, oseq] = [
    headerFlag("i", c.GRE_SEQ, writes),
    headerFlag("o", c.GRE_SEQ, writes),
  ];
  const [icsum, ocsum] = [
    headerFlag("i", c.GRE_CSUM, writes),
    headerFlag("o", c.GRE_CSUM, writes),
  ];
  return {
    key: standsFor(["ikey", "okey"], [ikey, okey]),
    ikey,
    okey,
    seq: standsFor(["iseq", "oseq"], [iseq, oseq]),
    iseq,
    oseq,
    csum: standsFor(["icsum", "ocsum"], [icsum, ocsum]),
    icsum,
    ocsum,
  };
}

/** Options of ERSPAN; what other kinds report of them cannot be set. */
function erspanEntries(isErspan: boolean): Table<ErspanHeaderOptions> {
  const change: Pick<Details<unknown>, "change"> = isErspan
    ? {}
    : { change: "never" };
  return {
    erspan: number(c.IFLA_GRE_ERSPAN_INDEX, u32, {
      min: 1,
      max: 0xfffff,
      key: "erspan_index",
      ...change,
    }),
    erspan_ver: number(c.IFLA_GRE_ERSPAN_VER, u8, {
      max: 2,
      kernelDefault: 1,
      ...change,
    }),
    erspan_dir: word(c.IFLA_GRE_ERSPAN_DIR, u8, ["ingress", "egress"], {
      kernelDefault: "ingress",
      json: (raw) => raw === 0 ? "ingress" : "egress",
      ...change,
    }),
    erspan_hwid: number(c.IFLA_GRE_ERSPAN_HWID, u16, {
      kernelDefault: 0,
      json: hex,
      ...change,
    }),
  };
}

/** Removes options of other header versions. */
function ofVersion(values: OptionValues): OptionValues {
  const { erspan, erspan_dir, erspan_hwid, ...rest } = values;
  return {
    ...rest,
    ...(values.erspan_ver === 1 && { erspan }),
    ...(values.erspan_ver === 2 && { erspan_dir, erspan_hwid }),
  };
}

const ENCAPSULATION = {
  type: c.IFLA_GRE_ENCAP_TYPE,
  flags: c.IFLA_GRE_ENCAP_FLAGS,
  sport: c.IFLA_GRE_ENCAP_SPORT,
  dport: c.IFLA_GRE_ENCAP_DPORT,
};
const CONSTANTS = { of: c, prefix: "IFLA_GRE_" };

function over4(name: string, isErspan = false): LinkKind<ErspanOptions> {
  const kind: LinkKind<ErspanOptions> = linkKind<ErspanOptions>(name, () => {
    const { fwmark, ...tunnel } = tunnelEntries({
      external: c.IFLA_GRE_COLLECT_METADATA,
      remote: c.IFLA_GRE_REMOTE,
      local: c.IFLA_GRE_LOCAL,
      dev: c.IFLA_GRE_LINK,
      ttl: c.IFLA_GRE_TTL,
      tos: c.IFLA_GRE_TOS,
      pmtudisc: c.IFLA_GRE_PMTUDISC,
      fwmark: c.IFLA_GRE_FWMARK,
    });
    return {
      ...tunnel,
      "ignore-df": toggle(c.IFLA_GRE_IGNORE_DF, {
        key: "ignore_df",
        json: onlyTrue,
      }),
      ...headerEntries(writer(false, isErspan)),
      fwmark,
      ...erspanEntries(isErspan),
      ...encapsulation(ENCAPSULATION, false),
    };
  }, {
    module: "ip_gre",
    together: true,
    constants: CONSTANTS,
    prepare(values) {
      const all = completed(kind.options, values);
      if (all.external) return all;
      if (isGroup(all.remote) && all.local === ANY) {
        const expected = "an address to send from";
        throw new ArgumentError("gre local", undefined, expected);
      }
      checkTtl(all);
      return isErspan ? ofVersion(all) : all;
    },
  });
  return kind;
}

function over6(name: string, isErspan = false): LinkKind<Ip6ErspanOptions> {
  const kind: LinkKind<Ip6ErspanOptions> = linkKind<Ip6ErspanOptions>(
    name,
    () => {
      const { "allow-localremote": allow, fwmark, ...tunnel } = tunnel6Entries({
        external: c.IFLA_GRE_COLLECT_METADATA,
        remote: c.IFLA_GRE_REMOTE,
        local: c.IFLA_GRE_LOCAL,
        dev: c.IFLA_GRE_LINK,
        hoplimit: c.IFLA_GRE_TTL,
        encaplimit: c.IFLA_GRE_ENCAP_LIMIT,
        flowinfo: c.IFLA_GRE_FLOWINFO,
        flags: c.IFLA_GRE_FLAGS,
        fwmark: c.IFLA_GRE_FWMARK,
      });
      return {
        ...tunnel,
        ...headerEntries(writer(true, isErspan)),
        "allow-localremote": allow,
        fwmark,
        ...erspanEntries(isErspan),
        ...encapsulation(ENCAPSULATION, true),
      };
    },
    {
      module: "ip6_gre",
      together: true,
      constants: CONSTANTS,
      prepare(values) {
        const all = completed(kind.options, values);
        return isErspan && !all.external ? ofVersion(all) : all;
      },
    },
  );
  return kind;
}

export const gre: LinkKind<GreOptions> = over4("gre");

export const gretap: LinkKind<GreOptions> = over4("gretap");

export const erspan: LinkKind<ErspanOptions> = over4("erspan", true);

export const ip6gre: LinkKind<Ip6GreOptions> = over6("ip6gre");

export const ip6gretap: LinkKind<Ip6GreOptions> = over6("ip6gretap");

export const ip6erspan: LinkKind<Ip6ErspanOptions> = over6("ip6erspan", true);
