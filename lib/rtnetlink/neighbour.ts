// Neighbours: RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH (a miss). Of bridges,
// the same messages are the forwarding table.

import {
  NDA_CACHEINFO,
  nda_cacheinfo,
  NDA_DST,
  NDA_FLAGS_EXT,
  NDA_IFINDEX,
  NDA_LINK_NETNSID,
  NDA_LLADDR,
  NDA_MASTER,
  NDA_NH_ID,
  NDA_PORT,
  NDA_PROBES,
  NDA_PROTOCOL,
  NDA_SRC_VNI,
  NDA_VLAN,
  NDA_VNI,
  ndmsg,
  NTF_EXT_LEARNED,
  NTF_PROXY,
  NUD_NOARP,
} from "../../ffi/uapi/linux_neighbour.ts";
import { NLA_HDRLEN, NLA_TYPE_MASK } from "../../ffi/uapi/linux_netlink.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import { cachedEthernet } from "../net/address_text_cache.ts";
import {
  type AddressFamily,
  familyName,
  rememberedAddressText,
} from "./family.ts";

/** Times of a neighbour, in USER_HZ since they happened. */
export interface NeighbourCache {
  /** Since it was last proven to be there. */
  readonly confirmed: number;
  /** Since it was last used. */
  readonly used: number;
  /** Since it last changed. */
  readonly updated: number;
  /** How many hold it. */
  readonly references: number;
}

/**
 * A neighbour. Numbers are those of linux/neighbour.h; `ipNeighbour()` gives
 * them their names. Source: rtnetlink(7), ip-neighbour(8).
 */
export interface Neighbour {
  /** "inet", "inet6", or "bridge" of a forwarding table. */
  readonly family: AddressFamily;
  /** The interface it is on, 0 for a proxy entry of all. */
  ifindex: number;
  /** NUD_* bits. */
  state: number;
  /** NTF_* bits. */
  flags: number;
  /** RTN_*, the type of its address. */
  type: number;
  /** Its address in the network. */
  destination: string | undefined;
  /** Its link-layer address, bytes with colons between. */
  linkAddress: string | undefined;
  /** When what happened to it. */
  cache: NeighbourCache | undefined;
  /** How often it was asked for since it was last seen. */
  probes: number | undefined;
  /** RTPROT_*, who made it. */
  protocol?: number;
  /** NTF_EXT_* bits. */
  extendedFlags?: number;
  /** The VLAN it is in. */
  vlan?: number;
  /** UDP port, of a VXLAN's. */
  port?: number;
  /** The VXLAN network it is in. */
  vni?: number;
  /** The VXLAN network it is seen from. */
  sourceVni?: number;
  /** Another interface it is reached by, of a VXLAN's. */
  viaIfindex?: number;
  /** The bridge whose forwarding table it is in. */
  master?: number;
  /** The namespace `viaIfindex` is in, where it is another one. */
  linkNetnsid?: number;
  /** The nexthop object it is reached by. */
  nexthopId?: number;
  /** Attributes nobody here knows. */
  unknown?: UnknownAttribute[];
}

// The module's own: what is imported is looked up at each use.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const DST = NDA_DST;
const LLADDR = NDA_LLADDR;
const CACHEINFO = NDA_CACHEINFO;
const PROBES = NDA_PROBES;
const CACHEINFO_SIZE = nda_cacheinfo.size;
const SIZE = ndmsg.size;

/**
 * Reads a message of neighbours; undefined if it is cut off.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, as a reader stands on it.
 */
export function decodeNeighbour(
  message: MessageReader,
): Neighbour | undefined {
  if (!message.holds(SIZE)) return undefined;
  const { bytes, words, payload, end } = message;
  const word = payload >> 2;
  const family = familyName(words[word]! & 0xff);
  const tail = words[word + 2]!;
  let destination: string | undefined;
  let linkAddress: string | undefined;
  let cache: NeighbourCache | undefined;
  let probes: number | undefined;
  let rare = false;
  // AttributeReader.next() by hand: a third of the time.
  let at = payload + SIZE;
  while (end - at >= HEADER) {
    const header = words[at >> 2]!;
    const length = (header & 0xffff) - HEADER;
    const value = at + HEADER;
    if (length < 0 || length > end - value) break;
    switch (header >>> 16 & TYPE_MASK) {
      case DST:
        destination = rememberedAddressText(
          // The forwarding table of a VXLAN has addresses of both families.
          family !== "bridge" ? family : length === 16 ? "inet6" : "inet",
          words,
          bytes,
          value,
          length,
        );
        break;
      case LLADDR:
        linkAddress = length === 6
          ? cachedEthernet(words, bytes, value)
          : formatLinkAddress(bytes, value, length);
        break;
      case CACHEINFO:
        if (length >= CACHEINFO_SIZE) cache = cacheAt(words, value >> 2);
        break;
      case PROBES:
        if (length >= 4) probes = words[value >> 2]! >>> 0;
        else rare = true;
        break;
      default:
        rare = true;
    }
    at = value + (length + 3 & ~3);
  }
  if (at < end && !rare) message.counters.malformed++;
  const neighbour: Neighbour = {
    family,
    ifindex: words[word + 1]!,
    state: tail & 0xffff,
    flags: tail >> 16 & 0xff,
    type: tail >>> 24,
    destination,
    linkAddress,
    cache,
    probes,
  };
  if (rare) decodeRare(neighbour, message.attributes(SIZE));
  return neighbour;
}

// Neighbours that were made together have the same times.
const caches: NeighbourCache[] = new Array(64)
  .fill({ confirmed: 0, used: 0, updated: 0, references: 0 });

function cacheAt(words: Int32Array, word: number): NeighbourCache {
  const confirmed = words[word]! >>> 0;
  const used = words[word + 1]! >>> 0;
  const updated = words[word + 2]! >>> 0;
  const references = words[word + 3]! >>> 0;
  const slot = (confirmed ^ updated) & 63;
  const known = caches[slot]!;
  return known.confirmed === confirmed && known.used === used &&
      known.updated === updated && known.references === references
    ? known
    : caches[slot] = { confirmed, used, updated, references };
}

/** What most neighbours do not have. */
function decodeRare(
  neighbour: Neighbour,
  attributes: AttributeReader,
): void {
  while (attributes.next()) {
    switch (attributes.type) {
      case NDA_DST:
      case NDA_LLADDR:
      case NDA_CACHEINFO:
        break;
      case NDA_PROBES:
        neighbour.probes = attributes.u32();
        break;
      case NDA_PROTOCOL:
        neighbour.protocol = attributes.u8();
        break;
      case NDA_FLAGS_EXT:
        neighbour.extendedFlags = attributes.u32();
        break;
      case NDA_VLAN:
        neighbour.vlan = attributes.u16();
        break;
      case NDA_PORT:
        neighbour.port = attributes.be16();
        break;
      case NDA_VNI:
        neighbour.vni = attributes.u32();
        break;
      case NDA_SRC_VNI:
        neighbour.sourceVni = attributes.u32();
        break;
      case NDA_IFINDEX:
        neighbour.viaIfindex = attributes.i32();
        break;
      case NDA_MASTER:
        neighbour.master = attributes.i32();
        break;
      case NDA_LINK_NETNSID:
        neighbour.linkNetnsid = attributes.i32();
        break;
      case NDA_NH_ID:
        neighbour.nexthopId = attributes.u32();
        break;
      default:
        (neighbour.unknown ??= []).push(attributes.unknown());
    }
  }
}

/**
 * Whether `ip neighbour` shows it. By default it leaves out those
 * that need no resolving, such as multicast, and those without a state.
 *
 * @param states The NUD_* bits to show; 0 for those without any.
 */
export function isShownNeighbour(
  { state, flags }: Neighbour,
  states: number = 0xff & ~NUD_NOARP,
): boolean {
  return (state & states) !== 0 || (state === 0 && states === 0) ||
    (flags & (NTF_PROXY | NTF_EXT_LEARNED)) !== 0;
}
