// Geneve: Ethernet over UDP. Source: ip-link(8), RFC 8926.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { isMulticast } from "../../net/ip_address.ts";
import { ArgumentError } from "../../errors.ts";
import {
  address,
  type Attribute,
  number,
  numberOr,
  presence,
  readAddress,
  toggle,
  word,
} from "../spec/attribute.ts";
import { be16, be32, u32, u8 } from "../spec/codec.ts";
import { hexNonzero } from "../spec/json.ts";
import { tos } from "../spec/named_number.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of a Geneve link, with iproute2's keys. Source: ip-link(8). */
export interface GeneveOptions {
  /** Take the network identifier and the remote address from each packet's metadata. */
  readonly external?: boolean;
  /** Virtual network identifier, 24 bits. */
  readonly id?: number;
  /** Remote address. */
  readonly remote?: string;
  /** TTL of the outer header. */
  readonly ttl?: number | "inherit" | "auto";
  /** Type of service of the outer header. */
  readonly tos?: number | "inherit";
  /** DF bit of the outer header. */
  readonly df?: "unset" | "set" | "inherit";
  /** Flow label of the outer IPv6 header. */
  readonly flowlabel?: number;
  /** UDP destination port. */
  readonly dstport?: number;
  /** Send UDP checksums over IPv4. */
  readonly udpcsum?: boolean;
  /** Omit UDP checksums over IPv6 when sending. */
  readonly udp6zerocsumtx?: boolean;
  /** Accept UDP over IPv6 without checksums. */
  readonly udp6zerocsumrx?: boolean;
  /** Carry IP packets without an Ethernet header. */
  readonly innerprotoinherit?: boolean;
}

const FIXED = { change: "at creation", kernelDefault: false } as const;
const DF = ["unset", "set", "inherit"] as const;

const unicast = address(c.IFLA_GENEVE_REMOTE, c.IFLA_GENEVE_REMOTE6, {
  keys: ["remote", "remote6"],
  fixedVersion: true,
  only: (address) => !isMulticast(address),
  expected: "a unicast address",
});
const remote: Attribute<string> = {
  ...unicast,
  json: [
    {
      // iproute2 prints any IPv4 address here.
      read(level) {
        const value = level.get(c.IFLA_GENEVE_REMOTE);
        return value && readAddress(value);
      },
    },
    ...unicast.json.slice(1),
  ],
};

const plainTtl = numberOr(c.IFLA_GENEVE_TTL, u8, { auto: 0, inherit: 0 });

/** An inherited TTL has its own attribute, in addition to a TTL of 0. */
const ttl: Attribute<number | "inherit" | "auto"> = {
  ...plainTtl,
  kernelDefault: "auto",
  decode: (level) =>
    level.get(c.IFLA_GENEVE_TTL_INHERIT)?.u8()
      ? "inherit"
      : plainTtl.decode(level),
  encode(body, value) {
    if (value === "inherit") body.u8(c.IFLA_GENEVE_TTL_INHERIT, 1);
    body.u8(c.IFLA_GENEVE_TTL, typeof value === "number" ? value : 0);
  },
  json: [{
    read: (level) =>
      level.get(c.IFLA_GENEVE_TTL_INHERIT)?.u8()
        ? undefined
        : level.get(c.IFLA_GENEVE_TTL)?.u8(),
  }],
};

/** Checks options that exclude or require each other. */
function check(values: GeneveOptions, making: boolean): void {
  const { external, id, remote } = values;
  if (external && id !== undefined) {
    throw new ArgumentError("geneve id", id, "possible beside external");
  }
  if (!making || external) return;
  if (id === undefined) {
    const expected = "a network's number from 0 to 16777215";
    throw new ArgumentError("geneve id", id, expected);
  }
  if (remote === undefined) {
    throw new ArgumentError("geneve remote", remote, "the other end's address");
  }
}

export const geneve: LinkKind<GeneveOptions> = linkKind<GeneveOptions>(
  "geneve",
  () => ({
    external: {
      ...presence(c.IFLA_GENEVE_COLLECT_METADATA, FIXED),
      no: false,
    },
    id: number(c.IFLA_GENEVE_ID, u32, {
      max: 0xffffff,
      change: "at creation",
    }),
    remote,
    ttl,
    tos: numberOr(c.IFLA_GENEVE_TOS, u8, { inherit: 1 }, {
      reader: tos,
      kernelDefault: 0,
      json: hexNonzero,
    }),
    df: word(c.IFLA_GENEVE_DF, u8, DF, {
      kernelDefault: "unset",
      since: "4.20",
      json: (raw) => DF[raw],
    }),
    flowlabel: number(c.IFLA_GENEVE_LABEL, be32, {
      max: 0xfffff,
      key: "label",
      kernelDefault: 0,
      json: hexNonzero,
    }),
    dstport: number(c.IFLA_GENEVE_PORT, be16, {
      key: "port",
      change: "at creation",
      kernelDefault: 6081,
    }),
    udpcsum: toggle(c.IFLA_GENEVE_UDP_CSUM, {
      key: "udp_csum",
      change: "at creation",
      kernelDefault: true,
    }),
    udp6zerocsumtx: toggle(c.IFLA_GENEVE_UDP_ZERO_CSUM6_TX, {
      ...FIXED,
      key: "udp_zero_csum6_tx",
    }),
    udp6zerocsumrx: toggle(c.IFLA_GENEVE_UDP_ZERO_CSUM6_RX, {
      ...FIXED,
      key: "udp_zero_csum6_rx",
    }),
    innerprotoinherit: presence(c.IFLA_GENEVE_INNER_PROTO_INHERIT, {
      ...FIXED,
      key: "inner_proto_inherit",
      since: "5.18",
    }),
  }),
  {
    constants: { of: c, prefix: "IFLA_GENEVE_" },
    prepare(values, making) {
      check(values, making);
      const { dstport, ...rest } = values;
      const given = { ...rest, ...(dstport ? { dstport } : {}) };
      // As ip(8) sends it, also with `external`.
      return making
        ? { id: 0, ttl: "auto", tos: 0, flowlabel: 0, ...given }
        : given;
    },
  },
);
