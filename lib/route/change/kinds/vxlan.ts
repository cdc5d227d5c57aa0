// VXLAN devices: Ethernet over UDP. Source: RFC 7348.

import * as c from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { isMulticast, parseAddress } from "../../../address.ts";
import { ArgumentError } from "../../../errors.ts";
import type { LinkKind } from "../kind.ts";
import {
  address,
  flag,
  link,
  number,
  numberOr,
  type Option,
  type OptionsOf,
  toggle,
  toggleBit,
  word,
} from "../option.ts";
import { ipAddress, wholeNumber } from "../value.ts";

/**
 * The options of a VXLAN device, by iproute2's words. Source: ip-link(8),
 * linux/if_link.h.
 */
export interface VxlanOptions {
  /** The network's number, 24 bits. */
  readonly id?: number;
  /** The multicast group to join, by `dev`. */
  readonly group?: string;
  /** The one to send to while nobody else is known. */
  readonly remote?: string;
  /** The address to send from. */
  readonly local?: string;
  /** The link to send by. */
  readonly dev?: string | number;
  /** TTL of the outer packet. */
  readonly ttl?: number | "inherit" | "auto";
  /** Type of service of the outer packet. */
  readonly tos?: number | "inherit";
  /** The Don't Fragment bit of the outer packet. */
  readonly df?: "unset" | "set" | "inherit";
  /** The flow label of the outer packet. */
  readonly flowlabel?: number;
  /** Seconds until an address that was not seen is forgotten. */
  readonly ageing?: number | "none";
  /** How many addresses are remembered. */
  readonly maxaddress?: number | "unlimited";
  /** The UDP ports to send from, the first and the last. */
  readonly srcport?: readonly [number, number];
  /** The UDP port to send to; IANA's is 4789, Linux's own 8472. */
  readonly dstport?: number;
  /** Whether it learns where addresses are from what comes in. */
  readonly learning?: boolean;
  /** Whether it answers ARP itself. */
  readonly proxy?: boolean;
  /** Whether it routes short ways. */
  readonly rsc?: boolean;
  /** Whether it tells of link-layer addresses nobody knows. */
  readonly l2miss?: boolean;
  /** Whether it tells of IP addresses nobody knows. */
  readonly l3miss?: boolean;
  /** Whether UDP over IPv4 carries checksums. */
  readonly udpcsum?: boolean;
  /** Whether UDP over IPv6 is sent without checksums. */
  readonly udp6zerocsumtx?: boolean;
  /** Whether UDP over IPv6 is taken without checksums. */
  readonly udp6zerocsumrx?: boolean;
  /** Whether it sends remote checksum offload. */
  readonly remcsumtx?: boolean;
  /** Whether it takes remote checksum offload. */
  readonly remcsumrx?: boolean;
  /** Whether routes and filters say where each packet goes. */
  readonly external?: boolean;
  /** The group policy extension. */
  readonly gbp?: boolean;
  /** The generic protocol extension. */
  readonly gpe?: boolean;
  /** Whether networks are added one by one; with `external`. */
  readonly vnifilter?: boolean;
}

const PORT = wholeNumber(0, 65535);
const DF = {
  unset: c.VXLAN_DF_UNSET,
  set: c.VXLAN_DF_SET,
  inherit: c.VXLAN_DF_INHERIT,
};
/** The port of the generic protocol extension. Source: IANA. */
const GPE_PORT = 4790;

const srcport: Option<readonly [number, number]> = {
  expected: "two UDP ports, the first and the last",
  schema: { type: "array", items: PORT.schema, minItems: 2, maxItems: 2 },
  several: true,
  read(given) {
    const parts = typeof given === "string" ? given.split(" ") : given;
    if (!Array.isArray(parts) || parts.length !== 2) return undefined;
    const [first, last] = parts.map((part) => PORT.read(part));
    return first === undefined || last === undefined
      ? undefined
      : [first, last];
  },
  write(body, [low, high]) {
    if (low === 0 && high === 0) return;
    body.bytes(
      c.IFLA_VXLAN_PORT_RANGE,
      c.ifla_vxlan_port_range.build({ low, high }),
    );
  },
};

const ttl: Option<number | "inherit" | "auto"> = {
  ...numberOr("u8", c.IFLA_VXLAN_TTL, { auto: 0, inherit: 0 }),
  write(body, value) {
    if (value === "inherit") body.flag(c.IFLA_VXLAN_TTL_INHERIT);
    else body.u8(c.IFLA_VXLAN_TTL, value === "auto" ? 0 : value);
  },
};

/** An address that has to be multicast, or that must not be. */
function destination(multicast: boolean): Option<string> {
  return {
    ...address(c.IFLA_VXLAN_GROUP, c.IFLA_VXLAN_GROUP6),
    expected: multicast ? "a multicast address" : "a unicast address",
    read(given) {
      const text = ipAddress.read(given);
      return text !== undefined &&
          isMulticast(parseAddress(text).address) === multicast
        ? text
        : undefined;
    },
  };
}

const options: OptionsOf<VxlanOptions> = {
  id: number("u32", c.IFLA_VXLAN_ID, 0, 0xffffff),
  group: destination(true),
  remote: destination(false),
  local: address(c.IFLA_VXLAN_LOCAL, c.IFLA_VXLAN_LOCAL6),
  dev: link(c.IFLA_VXLAN_LINK),
  ttl,
  tos: numberOr("u8", c.IFLA_VXLAN_TOS, { inherit: 1 }),
  df: word("u8", c.IFLA_VXLAN_DF, DF),
  flowlabel: number("be32", c.IFLA_VXLAN_LABEL, 0, 0xfffff),
  ageing: numberOr("u32", c.IFLA_VXLAN_AGEING, { none: 0 }),
  maxaddress: numberOr("u32", c.IFLA_VXLAN_LIMIT, { unlimited: 0 }),
  srcport,
  dstport: PORT,
  learning: toggleBit,
  proxy: toggle(c.IFLA_VXLAN_PROXY),
  rsc: toggle(c.IFLA_VXLAN_RSC),
  l2miss: toggle(c.IFLA_VXLAN_L2MISS),
  l3miss: toggle(c.IFLA_VXLAN_L3MISS),
  udpcsum: toggle(c.IFLA_VXLAN_UDP_CSUM),
  udp6zerocsumtx: toggle(c.IFLA_VXLAN_UDP_ZERO_CSUM6_TX),
  udp6zerocsumrx: toggle(c.IFLA_VXLAN_UDP_ZERO_CSUM6_RX),
  remcsumtx: toggle(c.IFLA_VXLAN_REMCSUM_TX),
  remcsumrx: toggle(c.IFLA_VXLAN_REMCSUM_RX),
  external: toggle(c.IFLA_VXLAN_COLLECT_METADATA),
  gbp: flag(c.IFLA_VXLAN_GBP),
  gpe: flag(c.IFLA_VXLAN_GPE),
  vnifilter: toggle(c.IFLA_VXLAN_VNIFILTER),
};

function refuse(option: string, value: unknown, expected: string): never {
  throw new ArgumentError(`vxlan ${option}`, value, expected);
}

/** Options that exclude or need each other. */
function checkTogether(options: VxlanOptions, making: boolean): void {
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
  if (group !== undefined && dev === undefined) {
    refuse("dev", dev, "the link to join the group by");
  }
}

export const vxlan: LinkKind = {
  name: "vxlan",
  options,
  finish(body, values, _names, making) {
    const options: VxlanOptions = values;
    checkTogether(options, making);
    // A device that is told where to send has nothing to learn.
    const learning = options.learning ??
      (making ? !options.external : undefined);
    if (learning !== undefined) {
      body.u8(c.IFLA_VXLAN_LEARNING, Number(learning));
    }
    const port = options.dstport ?? (options.gpe ? GPE_PORT : 0);
    if (port !== 0) body.be16(c.IFLA_VXLAN_PORT, port);
  },
};
