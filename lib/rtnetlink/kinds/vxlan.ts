// VXLAN: Ethernet over UDP. Source: ip-link(8), RFC 7348.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { isMulticast } from "../../net/ip_address.ts";
import { ArgumentError } from "../../errors.ts";
import {
  address,
  type Attribute,
  attribute,
  link,
  number,
  numberOr,
  presence,
  toggle,
  word,
} from "../spec/attribute.ts";
import { be16, be32, u32, u8 } from "../spec/codec.ts";
import { hexNonzero, nonzero, onlyTrue } from "../spec/json.ts";
import { tos } from "../spec/named_number.ts";
import { wholeNumber } from "../spec/value.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/**
 * Options of a VXLAN link, with iproute2's keys. Source: ip-link(8),
 * linux/if_link.h.
 */
export interface VxlanOptions {
  /** Take the network identifier and the remote address from each packet's metadata. */
  readonly external?: boolean;
  /** Accept only the network identifiers that `bridge vni` adds; with `external`. */
  readonly vnifilter?: boolean;
  /** VXLAN network identifier, 24 bits. */
  readonly id?: number;
  /** Multicast group to join on `dev`, for destinations that are not known. */
  readonly group?: string;
  /** Unicast destination for addresses that are not known. */
  readonly remote?: string;
  /** Source address of the outer header. */
  readonly local?: string;
  /** Link to send by. */
  readonly dev?: string | number;
  /** Range of UDP source ports. */
  readonly srcport?: readonly [number, number];
  /** UDP destination port; IANA assigned 4789. */
  readonly dstport?: number;
  /** Learn link-layer addresses from received packets. */
  readonly learning?: boolean;
  /** Answer ARP and neighbour discovery requests from the neighbour table. */
  readonly proxy?: boolean;
  /** Route short circuit: send directly to the next hop's link-layer address. */
  readonly rsc?: boolean;
  /** Notify about link-layer addresses that are not in the FDB. */
  readonly l2miss?: boolean;
  /** Notify about IP addresses that are not in the neighbour table. */
  readonly l3miss?: boolean;
  /** Type of service of the outer header. */
  readonly tos?: number | "inherit";
  /** TTL of the outer header. */
  readonly ttl?: number | "inherit" | "auto";
  /** DF bit of the outer header. */
  readonly df?: "unset" | "set" | "inherit";
  /** Flow label of the outer IPv6 header. */
  readonly flowlabel?: number;
  /** Lifetime of learned FDB entries. */
  readonly ageing?: number | "none";
  /** Maximum number of FDB entries. */
  readonly maxaddress?: number | "unlimited";
  /** Send UDP checksums over IPv4. */
  readonly udpcsum?: boolean;
  /** Omit UDP checksums over IPv6 when sending. */
  readonly udp6zerocsumtx?: boolean;
  /** Accept UDP over IPv6 without checksums. */
  readonly udp6zerocsumrx?: boolean;
  /** Send with remote checksum offload. */
  readonly remcsumtx?: boolean;
  /** Accept remote checksum offload. */
  readonly remcsumrx?: boolean;
  /** Group policy extension. */
  readonly gbp?: boolean;
  /** Generic protocol extension. */
  readonly gpe?: boolean;
}

/** IANA's port of the generic protocol extension. */
const GPE_PORT = 4790;
/** FDB_AGE_DEFAULT of the kernel, in seconds. */
const AGEING = 300;
const FIXED = { change: "at creation", kernelDefault: false } as const;
const PORT = wholeNumber(0, 65535);

type PortRange = readonly [low: number, high: number];

const srcport: Attribute<PortRange> = {
  ...attribute<PortRange, { low: number; high: number } | undefined>(
    c.IFLA_VXLAN_PORT_RANGE,
    {
      expected: "two UDP ports, the first and the last",
      schema: { type: "array", items: PORT.schema, minItems: 2, maxItems: 2 },
      several: true,
      read(given) {
        const parts = typeof given === "string" ? given.split(" ") : given;
        if (!Array.isArray(parts) || parts.length !== 2) return undefined;
        const [low, high] = parts.map((part) => PORT.read(part));
        return low === undefined || high === undefined
          ? undefined
          : [low, high];
      },
      raw: ({ view, at, length }) =>
        length < c.ifla_vxlan_port_range.size
          ? undefined
          : c.ifla_vxlan_port_range.get(view, at),
      decode: (range) => range && [range.low, range.high],
      json: (range) => range && { ...range },
      encode(body, attribute, [low, high]) {
        if (low === 0 && high === 0) return;
        body.bytes(attribute, c.ifla_vxlan_port_range.build({ low, high }));
      },
    },
    { key: "port_range", change: "at creation", kernelDefault: [0, 0] },
  ),
  text: (range) => range.join(" "),
};

const plainTtl = numberOr(c.IFLA_VXLAN_TTL, u8, { auto: 0, inherit: 0 });

/** An inherited TTL has its own attribute, in addition to a TTL of 0. */
const ttl: Attribute<number | "inherit" | "auto"> = {
  ...plainTtl,
  kernelDefault: "auto",
  decode(level) {
    const inherit = level.get(c.IFLA_VXLAN_TTL_INHERIT);
    // A flag in requests, a number in the kernel's reports.
    return inherit !== undefined && (inherit.length === 0 || inherit.u8() !== 0)
      ? "inherit"
      : plainTtl.decode(level);
  },
  // The flag cannot be changed, the number can.
  changeOf: (is, wanted) =>
    is === "inherit" || wanted === "inherit" ? "at creation" : "any time",
  encode(body, value) {
    if (value === "inherit") body.flag(c.IFLA_VXLAN_TTL_INHERIT);
    else body.u8(c.IFLA_VXLAN_TTL, value === "auto" ? 0 : value);
  },
  json: [{
    read: (level) =>
      level.get(c.IFLA_VXLAN_TTL_INHERIT)?.u8()
        ? undefined
        : level.get(c.IFLA_VXLAN_TTL)?.u8(),
  }],
};

function refuse(option: string, value: unknown, expected: string): never {
  throw new ArgumentError(`vxlan ${option}`, value, expected);
}

/** Checks options that exclude or require each other. */
function check(options: VxlanOptions, making: boolean): void {
  const { id, external, vnifilter, group, remote, dev } = options;
  if (external && id !== undefined) {
    refuse("id", id, "possible beside external");
  }
  if (vnifilter && !external) {
    refuse("vnifilter", vnifilter, "possible without external");
  }
  if (making && id === undefined && !external) {
    refuse("id", id, "a network's number from 0 to 16777215");
  }
  if (group !== undefined && remote !== undefined) {
    refuse("remote", remote, "possible beside group");
  }
  if (making && group !== undefined && dev === undefined) {
    refuse("dev", dev, "the link to join the group by");
  }
}

export const vxlan: LinkKind<VxlanOptions> = linkKind<VxlanOptions>(
  "vxlan",
  () => ({
    external: toggle(c.IFLA_VXLAN_COLLECT_METADATA, {
      ...FIXED,
      json: onlyTrue,
    }),
    vnifilter: toggle(c.IFLA_VXLAN_VNIFILTER, {
      ...FIXED,
      json: onlyTrue,
      since: "5.18",
    }),
    id: number(c.IFLA_VXLAN_ID, u32, { max: 0xffffff, change: "at creation" }),
    group: address(c.IFLA_VXLAN_GROUP, c.IFLA_VXLAN_GROUP6, {
      fixedVersion: true,
      keys: ["group", "group6"],
      only: isMulticast,
      expected: "a multicast address",
    }),
    remote: address(c.IFLA_VXLAN_GROUP, c.IFLA_VXLAN_GROUP6, {
      fixedVersion: true,
      keys: ["remote", "remote6"],
      only: (address) => !isMulticast(address),
      expected: "a unicast address",
    }),
    local: address(c.IFLA_VXLAN_LOCAL, c.IFLA_VXLAN_LOCAL6, {
      fixedVersion: true,
      keys: ["local", "local6"],
    }),
    dev: link(c.IFLA_VXLAN_LINK, { key: "link" }),
    srcport,
    dstport: number(c.IFLA_VXLAN_PORT, be16, {
      key: "port",
      change: "at creation",
      kernelDefault: 8472,
    }),
    learning: toggle(c.IFLA_VXLAN_LEARNING, { kernelDefault: true }),
    proxy: toggle(c.IFLA_VXLAN_PROXY, { ...FIXED, json: onlyTrue }),
    rsc: toggle(c.IFLA_VXLAN_RSC, { ...FIXED, json: onlyTrue }),
    l2miss: toggle(c.IFLA_VXLAN_L2MISS, { ...FIXED, json: onlyTrue }),
    l3miss: toggle(c.IFLA_VXLAN_L3MISS, { ...FIXED, json: onlyTrue }),
    tos: numberOr(c.IFLA_VXLAN_TOS, u8, { inherit: 1 }, {
      reader: tos,
      kernelDefault: 0,
      json: hexNonzero,
    }),
    ttl,
    df: word(c.IFLA_VXLAN_DF, u8, ["unset", "set", "inherit"], {
      kernelDefault: "unset",
      since: "4.20",
      json: (raw) => ["unset", "set", "inherit"][raw],
    }),
    flowlabel: number(c.IFLA_VXLAN_LABEL, be32, {
      max: 0xfffff,
      key: "label",
      kernelDefault: 0,
      json: hexNonzero,
    }),
    ageing: {
      ...numberOr(c.IFLA_VXLAN_AGEING, u32, { none: 0 }, {
        unit: "s",
        kernelDefault: AGEING,
      }),
      // The kernel uses 0 for its default.
      same: (is, wanted) =>
        is === wanted || (wanted === "none" && is === AGEING),
    },
    maxaddress: numberOr(c.IFLA_VXLAN_LIMIT, u32, { unlimited: 0 }, {
      key: "limit",
      change: "at creation",
      kernelDefault: "unlimited",
      json: nonzero,
    }),
    udpcsum: toggle(c.IFLA_VXLAN_UDP_CSUM, {
      key: "udp_csum",
      change: "at creation",
      kernelDefault: true,
    }),
    udp6zerocsumtx: toggle(c.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, {
      ...FIXED,
      key: "udp_zero_csum6_tx",
    }),
    udp6zerocsumrx: toggle(c.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, {
      ...FIXED,
      key: "udp_zero_csum6_rx",
    }),
    remcsumtx: toggle(c.IFLA_VXLAN_REMCSUM_TX, {
      ...FIXED,
      key: "remcsum_tx",
      json: onlyTrue,
    }),
    remcsumrx: toggle(c.IFLA_VXLAN_REMCSUM_RX, {
      ...FIXED,
      key: "remcsum_rx",
      json: onlyTrue,
    }),
    gbp: presence(c.IFLA_VXLAN_GBP, FIXED),
    gpe: presence(c.IFLA_VXLAN_GPE, FIXED),
  }),
  {
    constants: { of: c, prefix: "IFLA_VXLAN_" },
    prepare(given, making) {
      check(given, making);
      const { learning, dstport, external, gpe } = given;
      return {
        ...given,
        dstport: dstport || (making && gpe ? GPE_PORT : undefined),
        // ip(8) always sends it: with `external` there is no address to learn
        // from.
        learning: learning ?? (making ? !external : undefined),
      };
    },
  },
);
