// Settings of links of any kind, also of a veth peer.

import {
  IFF_ALLMULTI,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_PROMISC,
  IFF_UP,
} from "../../ffi/uapi/net_if.ts";
import {
  IF_LINK_MODE_DEFAULT,
  IF_LINK_MODE_DORMANT,
  IF_OPER_DORMANT,
  IF_OPER_TESTING,
  IF_OPER_UP,
  IFF_DYNAMIC,
  IFF_NOTRAILERS,
} from "../../ffi/uapi/linux_if.ts";
import * as c from "../../ffi/uapi/linux_if_link.ts";
import { AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { checkInterfaceName } from "../net/interface_name.ts";
import { formatLinkAddress, parseLinkAddress } from "../net/link_address.ts";
import type { Namespace } from "../netns/namespace.ts";
import type { AttributeWriter } from "../netlink/attribute_writer.ts";
import { netlinkString } from "../socket/netlink_attributes.ts";
import {
  type Attribute,
  attribute,
  flag,
  number,
  type OptionValues,
  type Table,
  word,
} from "./spec/attribute.ts";
import { u32, u8 } from "./spec/codec.ts";
import type { NameLookup } from "./spec/name_lookup.ts";
import { linkGroup } from "./spec/named_number.ts";
import { AttributeTable, type Entries, readOptions } from "./spec/table.ts";
import { bit, linkAddress, linkName, oneOf, text } from "./spec/value.ts";

/** Settings of a link, with the keys of iproute2. Source: ip-link(8). */
export interface LinkSettings {
  /** Name; of an existing link, the new one. */
  readonly name?: string;
  /** Whether the link is up. */
  readonly up?: boolean;
  /** Maximum transmission unit, in bytes. */
  readonly mtu?: number;
  /** Link-layer address. */
  readonly address?: string;
  /** Broadcast address, or the peer's on a point-to-point link. */
  readonly broadcast?: string;
  /** Length of the transmit queue, in packets. */
  readonly txqueuelen?: number;
  /** Master: a bridge, a bond or a VRF. Null for none. */
  readonly master?: string | number | null;
  /** Network namespace: a name, or a process in it. */
  readonly netns?: Namespace;
  /** Group: a number, or a name in /etc/iproute2/group. */
  readonly group?: number | string;
  /** Description; empty for none. */
  readonly alias?: string;
  /** Resolve addresses by ARP. */
  readonly arp?: boolean;
  /** Allow multicast. */
  readonly multicast?: boolean;
  /** Receive all multicast packets. */
  readonly allmulticast?: boolean;
  /** Promiscuous mode. */
  readonly promisc?: boolean;
  /** Mark the address as dynamic. */
  readonly dynamic?: boolean;
  /** Mark the link as using trailers; without effect. */
  readonly trailers?: boolean;
  /** Carrier, of kinds whose carrier can be set. */
  readonly carrier?: boolean;
  /** Keep the link down for a protocol's reasons. */
  readonly protodown?: boolean;
  /** Link mode of RFC 2863. */
  readonly mode?: "default" | "dormant";
  /** Operational state of RFC 2863, of links that wait for authentication. */
  readonly state?: "dormant" | "testing" | "up";
  /** How the link-local IPv6 address is generated. */
  readonly addrgenmode?: "eui64" | "none" | "stable_secret" | "random";
  /** Maximum size of a packet for segmentation offload, in bytes. */
  readonly gso_max_size?: number;
  /** Maximum number of segments of such a packet. */
  readonly gso_max_segs?: number;
  /** Maximum size of a packet of receive offload, in bytes. */
  readonly gro_max_size?: number;
  /** Number of transmit queues; of a new link only. */
  readonly numtxqueues?: number;
  /** Number of receive queues; of a new link only. */
  readonly numrxqueues?: number;
}

const name: Attribute<string> = attribute<string>(c.IFLA_IFNAME, {
  expected: "an interface name of 1 to 15 bytes",
  schema: { type: "string", minLength: 1, maxLength: 15 },
  // Throws its own error, which is more detailed.
  read: (given) =>
    typeof given === "string" ? checkInterfaceName(given) : undefined,
  raw: (value) => value.string(),
  decode: (raw) => raw,
  encode: (body, attribute, value) => void body.string(attribute, value),
  show: netlinkString,
});

function linkLayer(number: number): Attribute<string> {
  return attribute<string>(number, {
    ...linkAddress,
    raw: ({ bytes, at, length }) => formatLinkAddress(bytes, at, length),
    decode: (raw) => raw,
    encode: (body, attribute, value) =>
      void body.bytes(attribute, parseLinkAddress(value)),
    show: (value) => formatLinkAddress(value),
  });
}

const master: Attribute<string | number | null> = attribute<
  string | number | null,
  number
>(c.IFLA_MASTER, {
  expected: `${linkName.expected}, or null for none`,
  schema: { anyOf: [linkName.schema, { type: "null" }] },
  no: null,
  link: true,
  read: (given) => given === null ? null : linkName.read(given),
  raw: (value) => value.i32(),
  decode: (raw) => raw || null,
  encode: (body, attribute, value, names) =>
    void body.u32(attribute, value === null ? 0 : names.index(value)),
});

const netns: Attribute<Namespace> = {
  expected: "the name of a namespace, or the number of a process",
  schema: {
    anyOf: [{ type: "string", minLength: 1 }, { type: "integer", minimum: 1 }],
  },
  read: linkName.read,
  number: c.IFLA_NET_NS_FD,
  decode: () => undefined,
  encode(body, value, names) {
    if (typeof value === "number") body.u32(c.IFLA_NET_NS_PID, value);
    else body.u32(c.IFLA_NET_NS_FD, names.namespace(value));
  },
  json: [],
};

const group: Attribute<number | string> = {
  ...attribute<number | string, number>(c.IFLA_GROUP, {
    ...linkGroup,
    raw: (value) => value.u32(),
    decode: (raw) => raw,
    encode: (body, attribute, value) => void body.u32(attribute, Number(value)),
  }),
  text: (value) => linkGroup.text(Number(value)),
};

const ALIAS = text(255);
const alias: Attribute<string> = {
  ...attribute<string>(c.IFLA_IFALIAS, {
    expected: "text of up to 255 bytes",
    schema: { type: "string", maxLength: 255 },
    read: (given) => given === "" ? "" : ALIAS.read(given),
    raw: (value) => value.string(),
    decode: (raw) => raw === "" ? undefined : raw,
    encode: (body, attribute, value) => void body.text(attribute, value),
    show: netlinkString,
  }),
  text: (value) => value === "" ? "none" : value,
};

const ADDRESS_MODES = {
  eui64: c.IN6_ADDR_GEN_MODE_EUI64,
  none: c.IN6_ADDR_GEN_MODE_NONE,
  stable_secret: c.IN6_ADDR_GEN_MODE_STABLE_PRIVACY,
  random: c.IN6_ADDR_GEN_MODE_RANDOM,
} as const;
type AddressMode = keyof typeof ADDRESS_MODES;
const MODE_NAMES = Object.keys(ADDRESS_MODES) as AddressMode[];

const addrgenmode: Attribute<AddressMode> = {
  ...oneOf(MODE_NAMES),
  number: c.IFLA_AF_SPEC,
  decode(level) {
    const family = level.get(c.IFLA_AF_SPEC)?.enter();
    while (family?.next()) {
      if (family.type !== AF_INET6) continue;
      const inner = family.enter();
      while (inner.next()) {
        if (inner.type !== c.IFLA_INET6_ADDR_GEN_MODE) continue;
        const mode = inner.u8();
        return MODE_NAMES.find((name) => ADDRESS_MODES[name] === mode);
      }
    }
    return undefined;
  },
  encode(body, value) {
    body.nest(c.IFLA_AF_SPEC, () => {
      body.nest(AF_INET6, () => {
        body.u8(c.IFLA_INET6_ADDR_GEN_MODE, ADDRESS_MODES[value]);
      }, true);
    }, true);
  },
  json: [],
};

/** A bit of ifi_flags, which has no attribute. */
const header: Attribute<boolean> = {
  ...bit,
  number: 0,
  decode: () => undefined,
  json: [],
};

const QUEUES = { min: 1, max: 4096, change: "at creation" } as const;

/** The table of settings; bits of ifi_flags have no attribute. */
export const SETTINGS: Table<LinkSettings> = {
  name,
  up: { ...header, alone: true },
  mtu: number(c.IFLA_MTU, u32, { max: 0x7fff_ffff }),
  address: linkLayer(c.IFLA_ADDRESS),
  broadcast: linkLayer(c.IFLA_BROADCAST),
  txqueuelen: number(c.IFLA_TXQLEN, u32, { max: 0x7fff_ffff }),
  master,
  netns,
  group,
  alias,
  arp: header,
  multicast: header,
  allmulticast: header,
  promisc: header,
  dynamic: header,
  trailers: header,
  carrier: flag(c.IFLA_CARRIER),
  protodown: flag(c.IFLA_PROTO_DOWN),
  mode: word(c.IFLA_LINKMODE, u8, {
    default: IF_LINK_MODE_DEFAULT,
    dormant: IF_LINK_MODE_DORMANT,
  }),
  state: word(c.IFLA_OPERSTATE, u8, {
    dormant: IF_OPER_DORMANT,
    testing: IF_OPER_TESTING,
    up: IF_OPER_UP,
  }),
  addrgenmode,
  gso_max_size: number(c.IFLA_GSO_MAX_SIZE, u32),
  gso_max_segs: number(c.IFLA_GSO_MAX_SEGS, u32, { max: 65535 }),
  gro_max_size: number(c.IFLA_GRO_MAX_SIZE, u32),
  numtxqueues: number(c.IFLA_NUM_TX_QUEUES, u32, QUEUES),
  numrxqueues: number(c.IFLA_NUM_RX_QUEUES, u32, QUEUES),
};

/** The codecs derived from the table. */
export const SETTINGS_TABLE: AttributeTable = new AttributeTable(
  SETTINGS as Entries,
);

/** Settings that are a bit of ifi_flags. */
const FLAGS = {
  up: IFF_UP,
  multicast: IFF_MULTICAST,
  allmulticast: IFF_ALLMULTI,
  promisc: IFF_PROMISC,
  dynamic: IFF_DYNAMIC,
};

/** Settings that clear a bit of ifi_flags. */
const ABSENT_FLAGS = { arp: IFF_NOARP, trailers: IFF_NOTRAILERS };

/** Parsed settings, and their bits in the header. */
export interface ReadSettings {
  readonly values: OptionValues;
  /** ifi_flags. */
  readonly flags: number;
  /** ifi_change. */
  readonly change: number;
}

/** Parses settings; `given` must not have other keys. */
export function readSettings(given: OptionValues): ReadSettings {
  const values = readOptions("link", SETTINGS, given);
  let [flags, change] = [0, 0];
  for (const [word, bit] of Object.entries(FLAGS)) {
    if (values[word] === undefined) continue;
    change |= bit;
    if (values[word]) flags |= bit;
  }
  for (const [word, bit] of Object.entries(ABSENT_FLAGS)) {
    if (values[word] === undefined) continue;
    change |= bit;
    if (!values[word]) flags |= bit;
  }
  return { values, flags, change };
}

/** Encodes the attributes of settings. */
export function writeSettings(
  body: AttributeWriter,
  { values }: ReadSettings,
  names: NameLookup,
): void {
  SETTINGS_TABLE.encode(body, values, names);
}
