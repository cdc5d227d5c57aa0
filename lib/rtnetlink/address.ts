// Addresses: RTM_NEWADDR and RTM_DELADDR.

import {
  IFA_ADDRESS,
  IFA_ANYCAST,
  IFA_BROADCAST,
  IFA_CACHEINFO,
  ifa_cacheinfo,
  IFA_FLAGS,
  IFA_LABEL,
  IFA_LOCAL,
  IFA_MULTICAST,
  IFA_PROTO,
  IFA_RT_PRIORITY,
  IFA_TARGET_NETNSID,
  ifaddrmsg,
} from "../../ffi/uapi/linux_if_addr.ts";
import { NLA_HDRLEN, NLA_TYPE_MASK } from "../../ffi/uapi/linux_netlink.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import { attributeText } from "../netlink/attribute_text.ts";
import {
  type AddressFamily,
  addressText,
  familyName,
  rememberedAddressText,
} from "./family.ts";

/** How long an address lasts. */
export interface AddressLifetime {
  /** Seconds it is used for new connections, 4294967295 for ever. */
  readonly preferred: number;
  /** Seconds it is there, 4294967295 for ever. */
  readonly valid: number;
  /** When it was made, in hundredths of a second since the machine started. */
  readonly created: number;
  /** When it was last changed, in the same. */
  readonly updated: number;
}

/**
 * An address of an interface. Numbers are those of linux/if_addr.h;
 * `ipAddress()` gives them their names. Source: rtnetlink(7), ip-address(8).
 */
export interface Address {
  /** "inet" or "inet6". */
  readonly family: AddressFamily;
  /** The interface it is on. */
  ifindex: number;
  /** The address itself (IFA_LOCAL, or IFA_ADDRESS where there is none). */
  address: string;
  /** How many of its bits are the network's. */
  prefixLength: number;
  /** RT_SCOPE_*, 0 for global. */
  scope: number;
  /** IFA_F_* bits, all 32. */
  flags: number;
  /** The other end of a point-to-point link, if it is another address. */
  peer: string | undefined;
  /** The broadcast address that goes with it. */
  broadcast: string | undefined;
  /** The interface's name, or one that begins with it; IPv4 only. */
  label: string | undefined;
  /** How long it lasts. */
  lifetime: AddressLifetime | undefined;
  /** Of an anycast address. */
  anycast?: string;
  /** Of a multicast address. */
  multicast?: string;
  /** The metric of the route that comes with it. */
  metric?: number;
  /** IFAPROT_*, who made it. */
  protocol?: number;
  /** The namespace asked for, in answers about another one. */
  targetNetnsid?: number;
  /** Attributes nobody here knows. */
  unknown?: UnknownAttribute[];
}

// The module's own: what is imported is looked up at each use.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const ADDRESS = IFA_ADDRESS;
const LOCAL = IFA_LOCAL;
const LABEL = IFA_LABEL;
const BROADCAST = IFA_BROADCAST;
const CACHEINFO = IFA_CACHEINFO;
const FLAGS = IFA_FLAGS;
const CACHEINFO_SIZE = ifa_cacheinfo.size;
const SIZE = ifaddrmsg.size;

/**
 * Reads an RTM_NEWADDR or RTM_DELADDR message; undefined if it is cut off.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, as a reader stands on it.
 */
export function decodeAddress(message: MessageReader): Address | undefined {
  if (!message.holds(SIZE)) return undefined;
  const { bytes, words, payload, end } = message;
  const head = words[payload >> 2]!;
  const family = familyName(head & 0xff);
  let local = 0;
  let localLength = -1;
  let other = 0;
  let otherLength = -1;
  let flags = head >> 16 & 0xff;
  let broadcast: string | undefined;
  let label: string | undefined;
  let lifetime: AddressLifetime | undefined;
  let rare = false;
  // AttributeReader.next() by hand, as in decodeRoute().
  let at = payload + SIZE;
  while (end - at >= HEADER) {
    const header = words[at >> 2]!;
    const value = at + HEADER;
    const length = (header & 0xffff) - HEADER;
    if (length < 0 || length > end - value) break;
    switch (header >>> 16 & TYPE_MASK) {
      case ADDRESS:
        other = value;
        otherLength = length;
        break;
      case LOCAL:
        local = value;
        localLength = length;
        break;
      case LABEL:
        label = attributeText(words, bytes, value, length);
        break;
      case BROADCAST:
        broadcast = rememberedAddressText(family, words, bytes, value, length);
        break;
      case CACHEINFO:
        if (length >= CACHEINFO_SIZE) lifetime = lifetimeAt(words, value >> 2);
        break;
      case FLAGS:
        if (length >= 4) flags = words[value >> 2]!;
        else rare = true;
        break;
      default:
        rare = true;
    }
    at = value + (length + 3 & ~3);
  }
  if (at < end && !rare) message.counters.malformed++;
  const hasLocal = localLength >= 0;
  const hasPeer = hasLocal && otherLength >= 0 &&
    !(localLength === otherLength && isSame(bytes, local, other, localLength));
  if (!hasLocal) {
    local = other;
    localLength = otherLength;
  }
  const address: Address = {
    family,
    ifindex: words[(payload >> 2) + 1]!,
    address: localLength >= 0
      ? rememberedAddressText(family, words, bytes, local, localLength)
      : "",
    prefixLength: head >> 8 & 0xff,
    scope: head >>> 24,
    flags: flags >>> 0,
    peer: hasPeer ? addressText(family, bytes, other, otherLength) : undefined,
    broadcast,
    label,
    lifetime,
  };
  if (rare) decodeRare(address, message.attributes(SIZE));
  return address;
}

function isSame(bytes: Uint8Array, a: number, b: number, length: number) {
  for (let i = 0; i < length; i++) {
    if (bytes[a + i] !== bytes[b + i]) return false;
  }
  return true;
}

// Addresses that were made together have the same times.
let last: AddressLifetime = { preferred: 0, valid: 0, created: 0, updated: 0 };
const lastWords = new Int32Array(4);

function lifetimeAt(words: Int32Array, word: number): AddressLifetime {
  if (
    words[word] !== lastWords[0] || words[word + 1] !== lastWords[1] ||
    words[word + 2] !== lastWords[2] || words[word + 3] !== lastWords[3]
  ) {
    for (let i = 0; i < 4; i++) lastWords[i] = words[word + i]!;
    last = {
      preferred: words[word]! >>> 0,
      valid: words[word + 1]! >>> 0,
      created: words[word + 2]! >>> 0,
      updated: words[word + 3]! >>> 0,
    };
  }
  return last;
}

/** What most addresses do not have. */
function decodeRare(address: Address, attributes: AttributeReader): void {
  const { family } = address;
  while (attributes.next()) {
    const { bytes, at, length } = attributes;
    switch (attributes.type) {
      case IFA_ADDRESS:
      case IFA_LOCAL:
      case IFA_LABEL:
      case IFA_BROADCAST:
      case IFA_CACHEINFO:
        break;
      case IFA_FLAGS:
        address.flags = attributes.u32();
        break;
      case IFA_ANYCAST:
        address.anycast = addressText(family, bytes, at, length);
        break;
      case IFA_MULTICAST:
        address.multicast = addressText(family, bytes, at, length);
        break;
      case IFA_RT_PRIORITY:
        address.metric = attributes.u32();
        break;
      case IFA_PROTO:
        address.protocol = attributes.u8();
        break;
      case IFA_TARGET_NETNSID:
        address.targetNetnsid = attributes.i32();
        break;
      default:
        (address.unknown ??= []).push(attributes.unknown());
    }
  }
}
