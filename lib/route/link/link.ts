// Links: RTM_NEWLINK and RTM_DELLINK. A link has some sixty attributes, most of
// them rarely asked for: the common ones are fields, the rest is read from the
// message when it is.

import {
  IFLA_ADDRESS,
  IFLA_ALT_IFNAME,
  IFLA_BROADCAST,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
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
  IFLA_QDISC,
  IFLA_TXQLEN,
} from "../../../ffi/layout/linux_if_link.ts";
import { NLMSG_HDRLEN } from "../../../ffi/layout/linux_netlink.ts";
import { ifinfomsg } from "../../../ffi/layout/linux_rtnetlink.ts";
import { AttributeReader } from "../../netlink/attribute.ts";
import { noCounts } from "../../netlink/counters.ts";
import { keepMessage, type KeptMessage } from "../../netlink/keep.ts";
import type { MessageReader } from "../../netlink/message.ts";
import { type AddressFamily, familyName } from "../family.ts";
import type { KindData } from "./field.ts";
import { linkData, portData } from "./kinds.ts";
import { linkLayerAddress } from "./link_layer.ts";
import { type LinkStatistics, linkStatistics } from "./statistics.ts";

/**
 * A network interface. Numbers are those of linux/if_link.h; `ipLink()` gives
 * them their names. Source: rtnetlink(7), ip-link(8).
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
  /** "unspec", or "bridge" where a bridge tells of one of its ports. */
  readonly family: AddressFamily;
  /** Its number, which it keeps until it is gone or moves. */
  readonly ifindex: number;
  /** ARPHRD_*, 1 for Ethernet. */
  readonly type: number;
  /** IFF_* bits, IFF_LOWER_UP and IFF_DORMANT included. */
  readonly flags: number;
  /** The bits that changed, in an event. */
  readonly change: number;
  /** Its name, up to 15 bytes. */
  readonly name: string = "";
  /** Other names, and those too long for the first. */
  readonly altNames: readonly string[] = NO_NAMES;
  /** A text for people. */
  readonly alias: string | undefined = undefined;
  /** Bytes. */
  readonly mtu: number = 0;
  /** Its link-layer address; an IP address of a tunnel. */
  readonly address: string | undefined = undefined;
  /** The broadcast address, or the peer's on a point-to-point link. */
  readonly broadcast: string | undefined = undefined;
  /** The link it belongs to (a bridge, a bond, a VRF), 0 for none. */
  readonly master: number = 0;
  /** The link it stands on, or a veth's peer; undefined where it has no such thing. */
  readonly link: number | undefined = undefined;
  /** The namespace `link` is in, where it is another one. */
  readonly linkNetnsid: number | undefined = undefined;
  /** IF_OPER_*, 6 for up. Source: RFC 2863. */
  readonly operstate: number = 0;
  /** IF_LINK_MODE_*. */
  readonly linkMode: number = 0;
  /** The group it is in, 0 by default. */
  readonly group: number = 0;
  /** The length of its queue, in packets. */
  readonly txqlen: number = 0;
  /** The queueing discipline at its root. */
  readonly qdisc: string | undefined = undefined;
  /** What made it: "veth", "bridge" ...; undefined for a device. */
  readonly kind: string | undefined = undefined;
  /** What its master is: "bridge", "bond" ... */
  readonly masterKind: string | undefined = undefined;
  /** The namespace it moved to, in the event that tells of it. */
  readonly newNetnsid: number | undefined = undefined;
  /** Its index there. */
  readonly newIfindex: number | undefined = undefined;
  readonly #message: KeptMessage;

  /** Reads the current message; see decodeLink(). */
  constructor(message: MessageReader) {
    const { words, bytes } = message;
    const word = message.payload >> 2;
    this.family = familyName(words[word] & 0xff);
    this.type = words[word] >>> 16;
    this.ifindex = words[word + 1];
    this.flags = words[word + 2];
    this.change = words[word + 3];
    this.#message = keepMessage(message);
    const attributes = message.attributes(ifinfomsg.size);
    while (attributes.next()) {
      const { at, length } = attributes;
      switch (attributes.type) {
        case IFLA_ADDRESS:
          this.address = linkLayerAddress(this.type, bytes, at, length);
          break;
        case IFLA_BROADCAST:
          this.broadcast = linkLayerAddress(this.type, bytes, at, length);
          break;
        case IFLA_IFNAME:
          this.name = attributes.string();
          break;
        case IFLA_MTU:
          this.mtu = attributes.u32();
          break;
        case IFLA_LINK:
          this.link = attributes.i32();
          break;
        case IFLA_QDISC:
          this.qdisc = attributes.string();
          break;
        case IFLA_MASTER:
          this.master = attributes.i32();
          break;
        case IFLA_TXQLEN:
          this.txqlen = attributes.u32();
          break;
        case IFLA_OPERSTATE:
          this.operstate = attributes.u8();
          break;
        case IFLA_LINKMODE:
          this.linkMode = attributes.u8();
          break;
        case IFLA_LINKINFO: {
          const info = attributes.enter();
          while (info.next()) {
            if (info.type === IFLA_INFO_KIND) this.kind = info.string();
            else if (info.type === IFLA_INFO_SLAVE_KIND) {
              this.masterKind = info.string();
            }
          }
          break;
        }
        case IFLA_IFALIAS:
          this.alias = attributes.string();
          break;
        case IFLA_GROUP:
          this.group = attributes.u32();
          break;
        case IFLA_LINK_NETNSID:
          this.linkNetnsid = attributes.i32();
          break;
        case IFLA_NEW_NETNSID:
          this.newNetnsid = attributes.i32();
          break;
        case IFLA_NEW_IFINDEX:
          this.newIfindex = attributes.i32();
          break;
        case IFLA_PROP_LIST:
          this.altNames = readAltNames(attributes.enter());
          break;
      }
    }
  }

  /** The message it was read from, header included. */
  get message(): Uint8Array<ArrayBuffer> {
    const { buffer, start, end } = this.#message;
    return buffer.bytes.subarray(start, end);
  }

  /**
   * The options of its kind under iproute2's keys, see `ip -d link`; undefined
   * where the kind is not known here.
   */
  get data(): KindData | undefined {
    return linkData(this);
  }

  /** The options it has as a port of its master, in the same way. */
  get portData(): KindData | undefined {
    return portData(this);
  }

  /** Its counters, where the kernel told them; it does of links of a dump. */
  get statistics(): LinkStatistics | undefined {
    return linkStatistics(this)?.counters;
  }

  /** A walk over all its attributes, for what no field tells. */
  attributes(): AttributeReader {
    const { buffer, start, end } = this.#message;
    const reader = new AttributeReader(buffer, noCounts());
    reader.reset(start + NLMSG_HDRLEN + ifinfomsg.size, end);
    return reader;
  }

  /** The attribute of a type, or undefined if it has none. */
  attribute(type: number): AttributeReader | undefined {
    const reader = this.attributes();
    while (reader.next()) if (reader.type === type) return reader;
    return undefined;
  }
}

const NO_NAMES: readonly string[] = [];

function readAltNames(list: AttributeReader): string[] {
  const names: string[] = [];
  while (list.next()) {
    if (list.type === IFLA_ALT_IFNAME) names.push(list.string());
  }
  return names;
}

/**
 * Reads an RTM_NEWLINK or RTM_DELLINK message; undefined if it is cut off.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, as a reader stands on it.
 *
 * @example
 * ```ts
 * import { decodeLink, NetlinkConnection } from "@netplumb/netplumb";
 *
 * await using connection = NetlinkConnection.open({ protocol: 0 });
 * const links = await connection.dump(
 *   { type: 18, body: new Uint8Array(16), tried: "show links" },
 *   decodeLink,
 * );
 * console.log(links[0].name);
 * ```
 */
export function decodeLink(message: MessageReader): Link | undefined {
  return message.holds(ifinfomsg.size) ? new Link(message) : undefined;
}
