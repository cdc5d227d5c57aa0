// What can be set of any link, whatever its kind; also of a veth's other end.

import {
  IFF_ALLMULTI,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_PROMISC,
  IFF_UP,
} from "../../../ffi/layout/net_if.ts";
import {
  IF_LINK_MODE_DEFAULT,
  IF_LINK_MODE_DORMANT,
  IF_OPER_DORMANT,
  IF_OPER_TESTING,
  IF_OPER_UP,
  IFF_DYNAMIC,
  IFF_NOTRAILERS,
} from "../../../ffi/layout/linux_if.ts";
import * as c from "../../../ffi/layout/linux_if_link.ts";
import { AF_INET6 } from "../../../ffi/layout/sys_socket.ts";
import { checkInterfaceName } from "../../interface_name.ts";
import { parseLinkAddress } from "../../link_address.ts";
import type { Namespace } from "../../namespace.ts";
import type { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import { readOptions } from "../../rtnetlink/spec/table.ts";
import { linkGroupNumber } from "../names/iproute2.ts";
import {
  bit,
  linkAddress,
  linkName,
  numbered,
  oneOf,
  text,
} from "../../rtnetlink/spec/value.ts";
import {
  bitsOf,
  number,
  onOff,
  type Option,
  type OptionsOf,
  word,
  writeOptions,
} from "./option.ts";

/** Settings of a link, by iproute2's words. Source: ip-link(8). */
export interface LinkSettings {
  /** Its name; given to a link that is there, a new one. */
  readonly name?: string;
  /** Whether it is up. */
  readonly up?: boolean;
  /** The longest packet, in bytes. */
  readonly mtu?: number;
  /** Its link-layer address. */
  readonly address?: string;
  /** The broadcast address, or the peer's on a point-to-point link. */
  readonly broadcast?: string;
  /** The length of its queue, in packets. */
  readonly txqueuelen?: number;
  /** The link to belong to (a bridge, a bond, a VRF); null for none. */
  readonly master?: string | number | null;
  /** The namespace to be in, by its name or a process in it. */
  readonly netns?: Namespace;
  /** The group to be in: its number, or its name in /etc/iproute2/group. */
  readonly group?: number | string;
  /** A text for people; empty takes it away. */
  readonly alias?: string;
  /** Whether addresses are resolved on it. */
  readonly arp?: boolean;
  /** Whether it carries multicast. */
  readonly multicast?: boolean;
  /** Whether it takes all multicast. */
  readonly allmulticast?: boolean;
  /** Whether it takes all packets. */
  readonly promisc?: boolean;
  /** Whether its address changes when it comes and goes. */
  readonly dynamic?: boolean;
  /** Whether it uses trailers, as nobody does. */
  readonly trailers?: boolean;
  /** Whether it has a carrier; only some kinds can be told. */
  readonly carrier?: boolean;
  /** Whether it stays down for reasons of a protocol. */
  readonly protodown?: boolean;
  /** How its state goes up. Source: RFC 2863. */
  readonly mode?: "default" | "dormant";
  /** Its state, of links that wait for an authentication. Source: RFC 2863. */
  readonly state?: "dormant" | "testing" | "up";
  /** How it makes its link-local IPv6 address. */
  readonly addrgenmode?: "eui64" | "none" | "stable_secret" | "random";
  /** The longest packet handed to it for segmentation, in bytes. */
  readonly gso_max_size?: number;
  /** The most segments of such a packet. */
  readonly gso_max_segs?: number;
  /** The longest packet put together from what comes in, in bytes. */
  readonly gro_max_size?: number;
  /** How many queues it sends by; only of a new link. */
  readonly numtxqueues?: number;
  /** How many queues it receives by; only of a new link. */
  readonly numrxqueues?: number;
}

const name: Option<string> = {
  expected: "an interface name of 1 to 15 bytes",
  schema: { type: "string", minLength: 1, maxLength: 15 },
  // Throws itself: there is more to say than what a name is like.
  read: (given) =>
    typeof given === "string" ? checkInterfaceName(given) : undefined,
  write(body, value) {
    body.string(c.IFLA_IFNAME, value);
  },
};

function linkLayer(attribute: number): Option<string> {
  return {
    ...linkAddress,
    write(body, value) {
      body.bytes(attribute, parseLinkAddress(value));
    },
  };
}

const master: Option<string | number | null> = {
  expected: `${linkName.expected}, or null for none`,
  schema: { anyOf: [linkName.schema, { type: "null" }] },
  no: null,
  read: (given) => given === null ? null : linkName.read(given),
  write(body, value, names) {
    body.u32(c.IFLA_MASTER, value === null ? 0 : names.index(value));
  },
};

const netns: Option<Namespace> = {
  expected: "the name of a namespace, or the number of a process",
  schema: {
    anyOf: [{ type: "string", minLength: 1 }, { type: "integer", minimum: 1 }],
  },
  read: linkName.read,
  write(body, value, names) {
    if (typeof value === "number") body.u32(c.IFLA_NET_NS_PID, value);
    else body.u32(c.IFLA_NET_NS_FD, names.namespace(value));
  },
};

const group: Option<number | string> = {
  ...numbered(
    "the name of a group (/etc/iproute2/group) or its number",
    0x7fff_ffff,
    linkGroupNumber,
  ),
  write(body, value) {
    body.u32(c.IFLA_GROUP, Number(value));
  },
};

const ALIAS = text(255);
const alias: Option<string> = {
  ...ALIAS,
  expected: "text of up to 255 bytes",
  schema: { type: "string", maxLength: 255 },
  read: (given) => given === "" ? "" : ALIAS.read(given),
  write(body, value) {
    body.text(c.IFLA_IFALIAS, value);
  },
};

const ADDRESS_MODES = {
  eui64: c.IN6_ADDR_GEN_MODE_EUI64,
  none: c.IN6_ADDR_GEN_MODE_NONE,
  stable_secret: c.IN6_ADDR_GEN_MODE_STABLE_PRIVACY,
  random: c.IN6_ADDR_GEN_MODE_RANDOM,
} as const;

const addrgenmode: Option<"eui64" | "none" | "stable_secret" | "random"> = {
  ...oneOf(["eui64", "none", "stable_secret", "random"]),
  write(body, value) {
    body.nest(c.IFLA_AF_SPEC, () => {
      body.nest(AF_INET6, () => {
        body.u8(c.IFLA_INET6_ADDR_GEN_MODE, ADDRESS_MODES[value]);
      }, true);
    }, true);
  },
};

const MODES = {
  default: IF_LINK_MODE_DEFAULT,
  dormant: IF_LINK_MODE_DORMANT,
};

const STATES = {
  dormant: IF_OPER_DORMANT,
  testing: IF_OPER_TESTING,
  up: IF_OPER_UP,
};

/** How each is read and written; bits of ifi_flags have no attribute. */
export const SETTINGS: OptionsOf<LinkSettings> = {
  name,
  up: { ...bit, alone: true },
  mtu: number("u32", c.IFLA_MTU, 0, 0x7fff_ffff),
  address: linkLayer(c.IFLA_ADDRESS),
  broadcast: linkLayer(c.IFLA_BROADCAST),
  txqueuelen: number("u32", c.IFLA_TXQLEN, 0, 0x7fff_ffff),
  master,
  netns,
  group,
  alias,
  arp: bit,
  multicast: bit,
  allmulticast: bit,
  promisc: bit,
  dynamic: bit,
  trailers: bit,
  carrier: onOff(c.IFLA_CARRIER),
  protodown: onOff(c.IFLA_PROTO_DOWN),
  mode: word("u8", c.IFLA_LINKMODE, MODES),
  state: word("u8", c.IFLA_OPERSTATE, STATES),
  addrgenmode,
  gso_max_size: number("u32", c.IFLA_GSO_MAX_SIZE),
  gso_max_segs: number("u32", c.IFLA_GSO_MAX_SEGS, 0, 65535),
  gro_max_size: number("u32", c.IFLA_GRO_MAX_SIZE),
  numtxqueues: number("u32", c.IFLA_NUM_TX_QUEUES, 1, 4096),
  numrxqueues: number("u32", c.IFLA_NUM_RX_QUEUES, 1, 4096),
};

/** Settings that are a bit of ifi_flags. */
const FLAGS = {
  up: IFF_UP,
  multicast: IFF_MULTICAST,
  allmulticast: IFF_ALLMULTI,
  promisc: IFF_PROMISC,
  dynamic: IFF_DYNAMIC,
};

/** Settings that are the lack of one. */
const ABSENT_FLAGS = { arp: IFF_NOARP, trailers: IFF_NOTRAILERS };

/** Settings that were read, and what they put into the header. */
export interface ReadSettings {
  readonly values: OptionValues;
  /** ifi_flags. */
  readonly flags: number;
  /** ifi_change. */
  readonly change: number;
}

/** Reads settings; `given` may hold nothing else. */
export function readSettings(given: OptionValues): ReadSettings {
  const values = readOptions("link", SETTINGS, given);
  const present = bitsOf(values, FLAGS);
  const absent = bitsOf(values, ABSENT_FLAGS);
  return {
    values,
    flags: present.value | (absent.mask & ~absent.value),
    change: present.mask | absent.mask,
  };
}

/** Writes the attributes of settings. */
export function writeSettings(
  body: AttributeWriter,
  { values }: ReadSettings,
  names: NameLookup,
): void {
  writeOptions(body, SETTINGS, values, names);
}
