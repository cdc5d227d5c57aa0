// Links: RTM_NEWLINK and RTM_DELLINK. Of some sixty attributes, the common ones
// are fields; the others are decoded from the message on access.

import {
  IFLA_ADDRESS,
  IFLA_ALT_IFNAME,
  IFLA_BROADCAST,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_INFO_SLAVE_DATA,
  IFLA_INFO_SLAVE_KIND,
  IFLA_LINK,
  IFLA_LINK_NETNSID,
  IFLA_LINKINFO,
  IFLA_LINKMODE,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_NEW_IFINDEX,
  IFLA_NEW_NETNSID,
  IFLA_OPERSTATE,
  IFLA_PROP_LIST,
  IFLA_PROTINFO,
  IFLA_QDISC,
  IFLA_TXQLEN,
} from "../../../ffi/uapi/linux_if_link.ts";
import {
  NLA_HDRLEN,
  NLA_TYPE_MASK,
  NLMSG_HDRLEN,
} from "../../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeReader } from "../../netlink/attribute.ts";
import { noCounts } from "../../netlink/counters.ts";
import { retainMessage } from "../../netlink/retained_message.ts";
import type { NetlinkBuffer } from "../../netlink/buffer.ts";
import type { MessageReader } from "../../netlink/message.ts";
import { attributeText } from "../../netlink/attribute_text.ts";
import { kindData } from "../kinds/kind.ts";
import { reportedKind } from "../kinds/mod.ts";
import type { KindData } from "../spec/json.ts";
import { AttributeLevel } from "../spec/level.ts";
import { cachedEthernet } from "../../net/address_text_cache.ts";
import { type AddressFamily, familyName } from "../family.ts";
import { linkLayerAddress } from "./link_layer.ts";
import { type LinkStatistics, linkStatistics } from "./statistics.ts";

// Local constants: V8 inlines them; an imported binding costs a load and a
// check.
const SIZE = ifinfomsg.size;
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const ADDRESS = IFLA_ADDRESS;
const IFNAME = IFLA_IFNAME;
const MTU = IFLA_MTU;
const LINK = IFLA_LINK;
const MASTER = IFLA_MASTER;
const TXQLEN = IFLA_TXQLEN;
const OPERSTATE = IFLA_OPERSTATE;
const GROUP = IFLA_GROUP;
const KIND = IFLA_INFO_KIND;
const PORT_KIND = IFLA_INFO_SLAVE_KIND;

// How an attribute is decoded.
const SKIPPED = 0;
const NUMBER = 1;
const BYTE = 2;
const TEXT = 3;
const LAYER = 4;
const INFO = 5;
const RARE = 6;

/** The same, by attribute type. */
const READ = new Uint8Array(IFLA_PROP_LIST + 1);
const KNOWN: readonly (readonly [how: number, ...types: number[]])[] = [
  [NUMBER, MTU, LINK, MASTER, TXQLEN, GROUP, IFLA_LINK_NETNSID],
  [BYTE, OPERSTATE, IFLA_LINKMODE],
  [TEXT, IFNAME, IFLA_QDISC],
  [LAYER, ADDRESS, IFLA_BROADCAST],
  [INFO, IFLA_LINKINFO],
  [RARE, IFLA_IFALIAS, IFLA_NEW_NETNSID, IFLA_NEW_IFINDEX, IFLA_PROP_LIST],
];
for (const [how, ...types] of KNOWN) for (const type of types) READ[type] = how;

const NO_NAMES: readonly string[] = [];
const NO_UNCOMMON = noUncommon();

/**
 * A network interface. Numbers are those of linux/if_link.h; `ipLink()` returns
 * their names. Source: rtnetlink(7), ip-link(8).
 *
 * @example
 * ```ts
 * import { RouteSocket } from "@netplumb/netplumb";
 *
 * await using route = RouteSocket.open();
 * const lo = await route.link("lo");
 * console.log(lo.ifindex, lo.mtu, lo.kind); // 1 65536 undefined
 * ```
 */
export class Link {
  /** "unspec", or "bridge" when a bridge reports one of its ports. */
  declare readonly family: AddressFamily;
  /** Its ifindex, which is constant until it is deleted or moved. */
  declare readonly ifindex: number;
  /** ARPHRD_*, 1 for Ethernet. */
  declare readonly type: number;
  /** IFF_* bits, including IFF_LOWER_UP and IFF_DORMANT. */
  declare readonly flags: number;
  /** The bits that changed, in an event. */
  declare readonly change: number;
  /** Its name, up to 15 bytes. */
  declare readonly name: string;
  /** Alternative names, which may be longer. */
  declare readonly altNames: readonly string[];
  /** A description. */
  declare readonly alias: string | undefined;
  /** Its MTU, in bytes. */
  declare readonly mtu: number;
  /** Its link-layer address; an IP address for a tunnel. */
  declare readonly address: string | undefined;
  /** Its broadcast address; the peer's address on a point-to-point link. */
  declare readonly broadcast: string | undefined;
  /** The ifindex of its master (a bridge, a bond, a VRF), 0 for none. */
  declare readonly master: number;
  /** The ifindex of its lower link or veth peer; undefined for none. */
  declare readonly link: number | undefined;
  /** The namespace of `link`, if it is another one. */
  declare readonly linkNetnsid: number | undefined;
  /** IF_OPER_*, 6 for up. Source: RFC 2863. */
  declare readonly operstate: number;
  /** IF_LINK_MODE_*. */
  declare readonly linkMode: number;
  /** Its group, 0 by default. */
  declare readonly group: number;
  /** The length of its transmit queue, in packets. */
  declare readonly txqlen: number;
  /** Its root queueing discipline. */
  declare readonly qdisc: string | undefined;
  /** Its kind: "veth", "bridge" ...; undefined for a device. */
  declare readonly kind: string | undefined;
  /** The kind of its master: "bridge", "bond" ... */
  declare readonly masterKind: string | undefined;
  /** The namespace it moved to, in the event about the move. */
  declare readonly newNetnsid: number | undefined;
  /** Its ifindex there. */
  declare readonly newIfindex: number | undefined;
  readonly #buffer: NetlinkBuffer;
  readonly #start: number;
  readonly #end: number;

  /** Decodes the current message; see decodeLink(). */
  constructor(message: MessageReader) {
    const { words, bytes, payload, end } = message;
    const word = payload >> 2;
    const layer = words[word]! >>> 16;
    let name = "";
    let mtu = 0;
    let address: string | undefined;
    let broadcast: string | undefined;
    let master = 0;
    let link: number | undefined;
    let linkNetnsid: number | undefined;
    let operstate = 0;
    let linkMode = 0;
    let group = 0;
    let txqlen = 0;
    let qdisc: string | undefined;
    let kind: string | undefined;
    let masterKind: string | undefined;
    let uncommon: UncommonAttributes = NO_UNCOMMON;
    // AttributeReader.next() inlined, and each field written once: see
    // decodeRoute(). Most attributes do not have a field.
    let at = payload + SIZE;
    while (end - at >= HEADER) {
      const header = words[at >> 2]!;
      const type = header >>> 16 & TYPE_MASK;
      const value = at + HEADER;
      const length = (header & 0xffff) - HEADER;
      if (length < 0 || length > end - value) break;
      at = value + (length + 3 & ~3);
      switch (type < READ.length ? READ[type] : SKIPPED) {
        case SKIPPED:
          break;
        case NUMBER: {
          if (length < 4) {
            message.counters.malformed++;
            break;
          }
          const number = words[value >> 2]!;
          if (type === MTU) mtu = number >>> 0;
          else if (type === TXQLEN) txqlen = number >>> 0;
          else if (type === GROUP) group = number >>> 0;
          else if (type === LINK) link = number;
          else if (type === MASTER) master = number;
          else linkNetnsid = number;
          break;
        }
        case BYTE: {
          if (length < 1) message.counters.malformed++;
          else if (type === OPERSTATE) operstate = bytes[value]!;
          else linkMode = bytes[value]!;
          break;
        }
        case TEXT: {
          const text = attributeText(words, bytes, value, length);
          if (type === IFNAME) name = text;
          else qdisc = text;
          break;
        }
        case LAYER: {
          const text = length === 6
            ? cachedEthernet(words, bytes, value)
            : linkLayerAddress(layer, bytes, value, length);
          if (type === ADDRESS) address = text;
          else broadcast = text;
          break;
        }
        case INFO: {
          const limit = value + length;
          let inner = value;
          while (limit - inner >= HEADER) {
            const header = words[inner >> 2]!;
            const type = header >>> 16 & TYPE_MASK;
            const text = inner + HEADER;
            const length = (header & 0xffff) - HEADER;
            if (length < 0 || length > limit - text) break;
            if (type === KIND) {
              kind = attributeText(words, bytes, text, length);
            } else if (type === PORT_KIND) {
              masterKind = attributeText(words, bytes, text, length);
            }
            inner = text + (length + 3 & ~3);
          }
          if (inner < limit) message.counters.malformed++;
          break;
        }
        case RARE:
          if (uncommon === NO_UNCOMMON) uncommon = decodeUncommon(message);
      }
    }
    if (at < end && uncommon === NO_UNCOMMON) message.counters.malformed++;
    this.family = familyName(words[word]! & 0xff);
    this.ifindex = words[word + 1]!;
    this.type = layer;
    this.flags = words[word + 2]!;
    this.change = words[word + 3]! >>> 0;
    this.name = name;
    this.altNames = uncommon.altNames;
    this.alias = uncommon.alias;
    this.mtu = mtu;
    this.address = address;
    this.broadcast = broadcast;
    this.master = master;
    this.link = link;
    this.linkNetnsid = linkNetnsid;
    this.operstate = operstate;
    this.linkMode = linkMode;
    this.group = group;
    this.txqlen = txqlen;
    this.qdisc = qdisc;
    this.kind = kind;
    this.masterKind = masterKind;
    this.newNetnsid = uncommon.newNetnsid;
    this.newIfindex = uncommon.newIfindex;
    const kept = retainMessage(message);
    this.#buffer = kept.buffer;
    this.#start = kept.start;
    this.#end = kept.end;
  }

  /** The message it was decoded from, including the header. */
  get message(): Uint8Array<ArrayBuffer> {
    return this.#buffer.bytes.subarray(this.#start, this.#end);
  }

  /**
   * The options of its kind with iproute2's keys, see `ip -d link`; undefined
   * for an unknown kind.
   */
  get data(): KindData | undefined {
    const kind = this.kind === undefined ? undefined : reportedKind(this.kind);
    return kind?.table.isPrinted ? kindData(kind, kindLevel(this)) : undefined;
  }

  /** Its options as a port of its master, with iproute2's keys. */
  get portData(): KindData | undefined {
    const master = this.family === "bridge" ? "bridge" : this.masterKind;
    const settings = master === undefined
      ? undefined
      : reportedKind(master)?.port;
    return settings && kindData(settings, portLevel(this));
  }

  /** Its counters; the kernel reports them in dumps. */
  get statistics(): LinkStatistics | undefined {
    return linkStatistics(this)?.counters;
  }

  /** A reader of all attributes, for those without a field. */
  attributes(): AttributeReader {
    const reader = new AttributeReader(this.#buffer, noCounts());
    reader.reset(this.#start + NLMSG_HDRLEN + ifinfomsg.size, this.#end);
    return reader;
  }

  /** The attribute of this type; undefined for none. */
  attribute(type: number): AttributeReader | undefined {
    const reader = this.attributes();
    while (reader.next()) if (reader.type === type) return reader;
    return undefined;
  }
}

/** The options of a link's kind, undecoded. */
export function kindLevel(link: Link): AttributeLevel | undefined {
  return infoLevel(link, IFLA_INFO_DATA);
}

/** The options of a link as a port, undecoded. */
export function portLevel(link: Link): AttributeLevel | undefined {
  if (link.family !== "bridge") return infoLevel(link, IFLA_INFO_SLAVE_DATA);
  // A message of AF_BRIDGE has them in IFLA_PROTINFO.
  const info = link.attribute(IFLA_PROTINFO);
  return info && new AttributeLevel(info.enter());
}

function infoLevel(link: Link, type: number): AttributeLevel | undefined {
  const info = link.attribute(IFLA_LINKINFO)?.enter();
  while (info?.next()) {
    if (info.type === type) return new AttributeLevel(info.enter());
  }
  return undefined;
}

/** Uncommon attributes. */
interface UncommonAttributes {
  altNames: readonly string[];
  alias: string | undefined;
  newNetnsid: number | undefined;
  newIfindex: number | undefined;
}

function noUncommon(): UncommonAttributes {
  return {
    altNames: NO_NAMES,
    alias: undefined,
    newNetnsid: undefined,
    newIfindex: undefined,
  };
}

function decodeUncommon(message: MessageReader): UncommonAttributes {
  const uncommon = noUncommon();
  const attributes = message.attributes(ifinfomsg.size);
  while (attributes.next()) {
    switch (attributes.type) {
      case IFLA_IFALIAS:
        uncommon.alias = attributes.string();
        break;
      case IFLA_NEW_NETNSID:
        uncommon.newNetnsid = attributes.i32();
        break;
      case IFLA_NEW_IFINDEX:
        uncommon.newIfindex = attributes.i32();
        break;
      case IFLA_PROP_LIST:
        uncommon.altNames = readAltNames(attributes.enter());
        break;
    }
  }
  return uncommon;
}

function readAltNames(list: AttributeReader): string[] {
  const names: string[] = [];
  while (list.next()) {
    if (list.type === IFLA_ALT_IFNAME) names.push(list.string());
  }
  return names;
}

/**
 * Decodes an RTM_NEWLINK or RTM_DELLINK message; undefined if it is truncated.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, at the position of the reader.
 */
export function decodeLink(message: MessageReader): Link | undefined {
  return message.holds(ifinfomsg.size) ? new Link(message) : undefined;
}
