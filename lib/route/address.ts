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
} from "../../ffi/layout/linux_if_addr.ts";
import type {
  AttributeReader,
  UnknownAttribute,
} from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import {
  type AddressFamily,
  addressText,
  familyName,
  repeatedAddressText,
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

/**
 * Reads an RTM_NEWADDR or RTM_DELADDR message; undefined if it is cut off.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, as a reader stands on it.
 *
 * @example
 * ```ts
 * import { decodeAddress, NetlinkConnection } from "@netplumb/netplumb";
 *
 * await using connection = NetlinkConnection.open({ protocol: 0 });
 * const addresses = await connection.dump(
 *   { type: 22, body: new Uint8Array(8), tried: "show addresses" },
 *   decodeAddress,
 * );
 * console.log(addresses.length);
 * ```
 */
export function decodeAddress(message: MessageReader): Address | undefined {
  if (!message.holds(ifaddrmsg.size)) return undefined;
  const { bytes, words, payload } = message;
  const head = words[payload >> 2];
  const family = familyName(head & 0xff);
  let local = 0;
  let localLength = -1;
  let other = 0;
  let otherLength = -1;
  let flags = head >> 16 & 0xff;
  let broadcast: string | undefined;
  let label: string | undefined;
  let lifetime: AddressLifetime | undefined;
  let rare: Partial<Address> | undefined;
  const attributes = message.attributes(ifaddrmsg.size);
  while (attributes.next()) {
    const { at, length } = attributes;
    switch (attributes.type) {
      case IFA_ADDRESS:
        other = at;
        otherLength = length;
        break;
      case IFA_LOCAL:
        local = at;
        localLength = length;
        break;
      case IFA_LABEL:
        label = attributes.repeatedString();
        break;
      case IFA_BROADCAST:
        broadcast = repeatedAddressText(family, bytes, at, length);
        break;
      case IFA_CACHEINFO:
        if (length >= ifa_cacheinfo.size) lifetime = lifetimeAt(words, at >> 2);
        break;
      case IFA_FLAGS:
        flags = attributes.i32();
        break;
      default:
        decodeRare(rare ??= {}, family, attributes);
    }
  }
  const hasLocal = localLength >= 0;
  const hasPeer = hasLocal && otherLength >= 0 &&
    !(localLength === otherLength && isSame(bytes, local, other, localLength));
  const address: Address = {
    family,
    ifindex: words[(payload >> 2) + 1],
    address: hasLocal
      ? addressText(family, bytes, local, localLength)
      : otherLength >= 0
      ? addressText(family, bytes, other, otherLength)
      : "",
    prefixLength: head >> 8 & 0xff,
    scope: head >>> 24,
    flags: flags >>> 0,
    peer: hasPeer ? addressText(family, bytes, other, otherLength) : undefined,
    broadcast,
    label,
    lifetime,
  };
  return rare === undefined ? address : Object.assign(address, rare);
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
    for (let i = 0; i < 4; i++) lastWords[i] = words[word + i];
    last = {
      preferred: words[word] >>> 0,
      valid: words[word + 1] >>> 0,
      created: words[word + 2] >>> 0,
      updated: words[word + 3] >>> 0,
    };
  }
  return last;
}

/** What most addresses do not have. */
function decodeRare(
  address: Partial<Address>,
  family: AddressFamily,
  attributes: AttributeReader,
): void {
  const { bytes, at, length } = attributes;
  switch (attributes.type) {
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
