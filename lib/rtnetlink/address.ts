// Addresses: RTM_NEWADDR and RTM_DELADDR. Source: rtnetlink(7), ip-address(8).

import { EINVAL } from "../../ffi/errno.ts";
import * as ifa from "../../ffi/uapi/linux_if_addr.ts";
import { NLA_HDRLEN, NLA_TYPE_MASK } from "../../ffi/uapi/linux_netlink.ts";
import {
  RT_SCOPE_HOST,
  RT_SCOPE_UNIVERSE,
  RTM_NEWADDR,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { formatIPv4, isMulticast } from "../net/ip_address.ts";
import { type Cidr, sharedCidr } from "../net/prefix.ts";
import type { UnknownAttribute } from "../netlink/attribute.ts";
import type { MessageReader } from "../netlink/message.ts";
import { attributeText } from "../netlink/attribute_text.ts";
import type { Change, Verb } from "./changes/change.ts";
import {
  type AddressFamily,
  addressText,
  cachedAddressText,
  familyName,
} from "./family.ts";
import { i32, u32 as u32Codec, u8 } from "./spec/codec.ts";
import { origin, scope, u32 } from "./spec/named_number.ts";
import {
  device,
  fieldsOf,
  ip,
  type ObjectAttribute,
  ObjectTable,
  string,
} from "./spec/object.ts";
import { type OptionValues, toggleWord } from "./spec/attribute.ts";
import { cidr, ipAddress, orWord, text } from "./spec/value.ts";

/** The lifetime of an address. */
export interface AddressLifetime {
  /** Preferred lifetime in seconds; 4294967295 means forever. */
  readonly preferred: number;
  /** Valid lifetime in seconds; 4294967295 means forever. */
  readonly valid: number;
  /** When it was created, in hundredths of a second since boot. */
  readonly created: number;
  /** When it was last changed, in hundredths of a second since boot. */
  readonly updated: number;
}

/**
 * An address of an interface. Numbers are those of linux/if_addr.h;
 * `ipAddress()` returns their names. Source: rtnetlink(7), ip-address(8).
 */
export interface Address {
  /** "inet" or "inet6". */
  readonly family: AddressFamily;
  /** The ifindex of its interface. */
  ifindex: number;
  /** The address itself (IFA_LOCAL, or IFA_ADDRESS where there is none). */
  address: string;
  /** The length of the network prefix, in bits. */
  prefixLength: number;
  /** RT_SCOPE_*, 0 for global. */
  scope: number;
  /** IFA_F_* bits, all 32. */
  flags: number;
  /** The peer's address on a point-to-point link, if it differs. */
  peer: string | undefined;
  /** The broadcast address. */
  broadcast: string | undefined;
  /** The interface's name, optionally with a suffix; IPv4 only. */
  label: string | undefined;
  /** Its lifetime. */
  lifetime: AddressLifetime | undefined;
  /** The address, if it is an anycast address. */
  anycast?: string;
  /** The address, if it is a multicast address. */
  multicast?: string;
  /** The metric of its prefix route. */
  metric?: number;
  /** The origin, IFAPROT_*. */
  protocol?: number;
  /**
   * The namespace that the request named, in replies about another namespace.
   */
  targetNetnsid?: number;
  /** Unknown attributes. */
  unknown?: UnknownAttribute[];
}

/** Options of an address, with the keys of iproute2. Source: ip-address(8). */
export interface AddressSpec {
  /** The address with its prefix length; default: all bits. */
  readonly address: string;
  /** The interface, by name or ifindex. */
  readonly dev: string | number;
  /**
   * The peer's address on a point-to-point link, with the prefix length of
   * both.
   */
  readonly peer?: string | undefined;
  /** The broadcast address; "+" and "-" set and clear the host bits. */
  readonly broadcast?: string;
  /** An anycast address. */
  readonly anycast?: string;
  /** The scope; default: host for 127.0.0.0/8, else global. */
  readonly scope?: number | string;
  /** The interface's name, optionally with a suffix; IPv4 only. */
  readonly label?: string;
  /** The metric of its prefix route. */
  readonly metric?: number;
  /** Valid lifetime, in seconds. */
  readonly valid_lft?: number | "forever";
  /** Preferred lifetime, in seconds; default: the valid lifetime. */
  readonly preferred_lft?: number | "forever";
  /** Skip duplicate address detection; IPv6 only. */
  readonly nodad?: boolean;
  /** Use the address during duplicate address detection; IPv6 only. */
  readonly optimistic?: boolean;
  /** Mark it as a home address of Mobile IPv6; IPv6 only. */
  readonly home?: boolean;
  /** Generate temporary addresses from its prefix; IPv6 only. */
  readonly mngtmpaddr?: boolean;
  /** Do not add a prefix route. */
  readonly noprefixroute?: boolean;
  /** Join the multicast group that the address is. */
  readonly autojoin?: boolean;
  /** The origin: a number, or a name of /etc/iproute2/rt_addrprotos. */
  readonly protocol?: number | string;
}

const FOREVER = 0xffff_ffff;
/** The kernel changes it only by deleting and adding the address. */
const FIXED = { change: "at creation" } as const;
const field = fieldsOf<Address>();

/** A flag that a request can set. */
const flag = (bit: number, key: string) =>
  field.bit("flags", bit, { ...toggleWord, key });
/** A flag that only the kernel sets. */
const state = (bit: number, key: string) => field.bit("flags", bit, { key });

/** A lifetime, which counts down: only whether it is limited is compared. */
const lifetime = (
  of: "valid" | "preferred",
): ObjectAttribute<Address, number | "forever"> => ({
  ...orWord("forever", u32),
  of: ({ lifetime }) => lifetime?.[of] ?? FOREVER,
  same: (is, wanted) => (is === FOREVER) === (wanted === FOREVER),
  text: (seconds) => seconds === FOREVER ? "forever" : `${seconds} s`,
});

/** The attributes of addresses, in iproute2's order. */
export const ADDRESS: ObjectTable<Address, AddressSpec> = new ObjectTable({
  name: "address",
  message: RTM_NEWADDR,
  struct: ifa.ifaddrmsg,
  constants: { of: ifa, prefix: "IFA_", but: ["IFA_F_"] },
  required: ["address", "dev"],
  title: ({ address, dev }) => `${address} of ${dev}`,
  familyOf: ({ address }) =>
    sharedCidr(address).address.length === 4 ? AF_INET : AF_INET6,
  prepare,
  advice: ({ errno, ack }, { address }, verb) =>
    // The kernel disables IPv6 on links below its minimum MTU, and gives no
    // reason.
    verb !== "delete" && errno === EINVAL && ack.message === undefined &&
      sharedCidr(address).address.length === 16
      ? "An IPv6 address needs a link with an MTU of 1280 or more"
      : undefined,
  finish(address) {
    // Without a peer, IFA_ADDRESS is equal to IFA_LOCAL, or the only one.
    if (address.address === undefined) address.address = address.peer ?? "";
    if (address.peer === address.address) address.peer = undefined;
  },
}, {
  dev: field.header("ifindex", "ifa_index", { ...device }),
  family: {
    print(json, { family }) {
      if (family.startsWith("af-")) json.family_index = Number(family.slice(3));
      else json.family = family;
    },
  },
  address: field.attribute("address", ifa.IFA_LOCAL, ip, {
    ...cidr,
    ...FIXED,
    common: true,
    // With a peer, the prefix length is the peer's.
    compare: ({ peer }) => peer === undefined,
    of: ({ address, prefixLength }) => `${address}/${prefixLength}`,
    print(json, { address, peer, prefixLength, metric }) {
      if (address === "") return;
      json.local = address;
      if (peer !== undefined) json.address = peer;
      json.prefixlen = prefixLength;
      if (metric !== undefined) json.metric = metric;
    },
  }),
  peer: field.attribute("peer", ifa.IFA_ADDRESS, ip, {
    ...cidr,
    ...FIXED,
    common: true,
    of: ({ peer, prefixLength }) => peer && `${peer}/${prefixLength}`,
  }),
  prefixLength: field.header("prefixLength", "ifa_prefixlen"),
  metric: field.attribute("metric", ifa.IFA_RT_PRIORITY, u32Codec, {
    ...u32,
    kernelDefault: 0,
  }),
  broadcast: field.attribute("broadcast", ifa.IFA_BROADCAST, ip, {
    ...FIXED,
    expected: `+, - or ${ipAddress.expected}`,
    schema: { type: "string" },
    read: (given) =>
      given === "+" || given === "-" ? given : ipAddress.read(given),
    common: true,
    key: "broadcast",
  }),
  anycast: field.attribute("anycast", ifa.IFA_ANYCAST, ip, {
    ...ipAddress,
    // The kernel does not report it for addresses that were added.
    compare: false,
    key: "anycast",
  }),
  scope: field.header("scope", "ifa_scope", {
    ...scope,
    ...FIXED,
    key: "scope",
  }),
  flags: field("flags", {
    number: ifa.IFA_FLAGS,
    codec: u32Codec,
    header: "ifa_flags",
  }),
  secondary: field("flags", {
    print(json, { flags, family }) {
      if ((flags & ifa.IFA_F_SECONDARY) === 0) return;
      // The bit has another meaning in each family.
      json[family === "inet6" ? "temporary" : "secondary"] = true;
    },
  }),
  nodad: flag(ifa.IFA_F_NODAD, "nodad"),
  optimistic: {
    ...flag(ifa.IFA_F_OPTIMISTIC, "optimistic"),
    // The kernel clears it after duplicate address detection.
    compare: false,
  },
  dadfailed: state(ifa.IFA_F_DADFAILED, "dadfailed"),
  home: flag(ifa.IFA_F_HOMEADDRESS, "home"),
  deprecated: state(ifa.IFA_F_DEPRECATED, "deprecated"),
  tentative: state(ifa.IFA_F_TENTATIVE, "tentative"),
  permanent: field("flags", {
    print(json, { flags }) {
      if ((flags & ifa.IFA_F_PERMANENT) === 0) json.dynamic = true;
    },
  }),
  mngtmpaddr: flag(ifa.IFA_F_MANAGETEMPADDR, "mngtmpaddr"),
  noprefixroute: {
    ...flag(ifa.IFA_F_NOPREFIXROUTE, "noprefixroute"),
    change: ({ family }) => family === "inet" ? "at creation" : "any time",
  },
  autojoin: { ...flag(ifa.IFA_F_MCAUTOJOIN, "autojoin"), ...FIXED },
  "stable-privacy": state(ifa.IFA_F_STABLE_PRIVACY, "stable-privacy"),
  otherFlags: field("flags", {
    print(json, { flags }) {
      const rest = flags & ~KNOWN_FLAGS;
      if (rest !== 0) {
        json.ifa_flags = (rest >>> 0).toString(16).padStart(2, "0");
      }
    },
  }),
  protocol: field.attribute("protocol", ifa.IFA_PROTO, u8, {
    ...origin,
    kernelDefault: 0,
    key: "protocol",
  }),
  label: field.attribute("label", ifa.IFA_LABEL, string, {
    ...text(15),
    ...FIXED,
    common: true,
    key: "label",
  }),
  lifetime: field("lifetime", {
    common: true,
    number: ifa.IFA_CACHEINFO,
    decode(address, { words, at, length }) {
      if (length >= CACHEINFO_SIZE) {
        address.lifetime = lifetimeAt(words, at >> 2);
      }
    },
    encode(body, { valid, preferred }) {
      body.bytes(
        ifa.IFA_CACHEINFO,
        ifa.ifa_cacheinfo.build({ ifa_prefered: preferred, ifa_valid: valid }),
      );
    },
    print(json, { lifetime, flags }) {
      if (lifetime === undefined) return;
      const { valid, preferred } = lifetime;
      json.valid_life_time = valid;
      // The preferred lifetime ended this number of seconds ago.
      json.preferred_life_time =
        preferred !== FOREVER && (flags & ifa.IFA_F_DEPRECATED) !== 0
          ? preferred | 0
          : preferred;
    },
  }),
  valid_lft: lifetime("valid"),
  preferred_lft: lifetime("preferred"),
  multicast: field.attribute("multicast", ifa.IFA_MULTICAST, ip),
  targetNetnsid: field.attribute("targetNetnsid", ifa.IFA_TARGET_NETNSID, i32),
});

/** The flags that have a name. */
const KNOWN_FLAGS = 0xfff;

const IPV6_FLAGS = ["nodad", "optimistic", "home", "mngtmpaddr"] as const;

/** Checks the options and returns the values of the request. */
function prepare(spec: AddressSpec, verb: Verb): OptionValues {
  const local = sharedCidr(spec.address);
  const isIPv4 = local.address.length === 4;
  const deleting = verb === "delete";
  if (isIPv4 && IPV6_FLAGS.some((word) => spec[word])) {
    throw new ArgumentError(
      "address",
      spec.address,
      `an IPv6 address, which ${IPV6_FLAGS.join(", ")} are for`,
    );
  }
  if (spec.autojoin && !isMulticast(local.address)) {
    throw new ArgumentError(
      "address",
      spec.address,
      "a multicast address, which autojoin is for",
    );
  }
  const peer = spec.peer === undefined ? local : sharedCidr(spec.peer, "peer");
  const { broadcast } = spec;
  const reach = isIPv4 && local.address[0] === 127
    ? RT_SCOPE_HOST
    : RT_SCOPE_UNIVERSE;
  return {
    ...spec,
    prefixLength: peer.prefix || local.prefix,
    scope: spec.scope ?? (deleting ? RT_SCOPE_UNIVERSE : reach),
    // Without a prefix length, the request matches any with that address.
    peer: spec.peer ??
      (deleting && isIPv4 && !spec.address.includes("/")
        ? undefined
        : spec.address),
    broadcast: broadcast === "+" || broadcast === "-"
      ? deleting ? undefined : directedBroadcast(broadcast, peer)
      : broadcast,
    lifetime: lifetimeOf(spec),
  };
}

function lifetimeOf({ valid_lft, preferred_lft }: AddressSpec) {
  if (valid_lft === undefined && preferred_lft === undefined) return undefined;
  const seconds = (given: number | "forever" = "forever") =>
    given === "forever" ? FOREVER : given;
  const valid = seconds(valid_lft);
  const preferred = seconds(preferred_lft ?? valid_lft);
  if (valid === 0) {
    throw new ArgumentError("valid_lft", valid, "1 or more, or forever");
  }
  if (preferred > valid) {
    throw new ArgumentError(
      "preferred_lft",
      preferred_lft,
      `at most valid_lft, ${valid}`,
    );
  }
  return { valid, preferred };
}

/** "+" and "-": the network address with the host bits set or cleared. */
function directedBroadcast(
  sign: string,
  { address, prefix }: Cidr,
): string | undefined {
  if (address.length !== 4) {
    throw new ArgumentError("broadcast", sign, "possible of IPv6");
  }
  // Both addresses of a /31 are hosts.
  if (prefix > 30) return undefined;
  return formatIPv4(address.map((byte, index) => {
    const host = 0xff >> Math.min(8, Math.max(0, prefix - 8 * index));
    return sign === "+" ? byte | host : byte & ~host;
  }));
}

// Local constants: V8 inlines them; an imported binding costs a load and a
// check.
const HEADER = NLA_HDRLEN;
const TYPE_MASK = NLA_TYPE_MASK;
const PEER = ifa.IFA_ADDRESS;
const LOCAL = ifa.IFA_LOCAL;
const LABEL = ifa.IFA_LABEL;
const BROADCAST = ifa.IFA_BROADCAST;
const CACHEINFO = ifa.IFA_CACHEINFO;
const FLAGS = ifa.IFA_FLAGS;
const CACHEINFO_SIZE = ifa.ifa_cacheinfo.size;
const SIZE = ifa.ifaddrmsg.size;

/**
 * Decodes an RTM_NEWADDR or RTM_DELADDR message; undefined if it is truncated.
 *
 * Source: rtnetlink(7).
 *
 * @param message The message, at the position of the reader.
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
  let uncommon = false;
  // AttributeReader.next() inlined, as in decodeRoute().
  let at = payload + SIZE;
  while (end - at >= HEADER) {
    const header = words[at >> 2]!;
    const value = at + HEADER;
    const length = (header & 0xffff) - HEADER;
    if (length < 0 || length > end - value) break;
    switch (header >>> 16 & TYPE_MASK) {
      case PEER:
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
        broadcast = cachedAddressText(family, words, bytes, value, length);
        break;
      case CACHEINFO:
        if (length >= CACHEINFO_SIZE) lifetime = lifetimeAt(words, value >> 2);
        break;
      case FLAGS:
        if (length >= 4) flags = words[value >> 2]!;
        else uncommon = true;
        break;
      default:
        uncommon = true;
    }
    at = value + (length + 3 & ~3);
  }
  if (at < end && !uncommon) message.counters.malformed++;
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
      ? cachedAddressText(family, words, bytes, local, localLength)
      : "",
    prefixLength: head >> 8 & 0xff,
    scope: head >>> 24,
    flags: flags >>> 0,
    peer: hasPeer ? addressText(family, bytes, other, otherLength) : undefined,
    broadcast,
    label,
    lifetime,
  };
  if (uncommon) {
    ADDRESS.decodeAttributes(address, message.attributes(SIZE), family, true);
  }
  return address;
}

function isSame(bytes: Uint8Array, a: number, b: number, length: number) {
  for (let i = 0; i < length; i++) {
    if (bytes[a + i] !== bytes[b + i]) return false;
  }
  return true;
}

// Addresses that are added together have the same times.
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

/** The keys that identify an address to the kernel. */
export function addressSpecOf(
  { address, peer, prefixLength, ifindex: dev }: Address,
): AddressSpec {
  return peer === undefined
    ? { dev, address: `${address}/${prefixLength}` }
    : { dev, address, peer: `${peer}/${prefixLength}` };
}

/**
 * Builds a change that adds an address; fails with EEXIST if it exists.
 *
 * Source: ip-address(8), rtnetlink(7).
 *
 * @param spec The options of the address.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addAddress } from "@netplumb/netplumb";
 *
 * addAddress({ address: "192.0.2.1/24", dev: "eth0", broadcast: "+" });
 * addAddress({ address: "2001:db8::1/64", dev: "eth0", nodad: true });
 * ```
 */
export function addAddress(spec: AddressSpec): Change {
  return ADDRESS.change("add", spec);
}

/**
 * Builds a change that adds an address or changes an existing one.
 *
 * Source: ip-address(8), rtnetlink(7).
 *
 * @param spec The options of the address.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { replaceAddress } from "@netplumb/netplumb";
 *
 * replaceAddress({ address: "192.0.2.1/24", dev: "eth0", valid_lft: 3600 });
 * ```
 */
export function replaceAddress(spec: AddressSpec): Change {
  return ADDRESS.change("replace", spec);
}

/**
 * Builds a change that deletes an address. Without a prefix length, an IPv4
 * address matches with any.
 *
 * Source: ip-address(8), rtnetlink(7).
 *
 * @param spec The address.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { deleteAddress } from "@netplumb/netplumb";
 *
 * deleteAddress({ address: "192.0.2.1/24", dev: "eth0" });
 * ```
 */
export function deleteAddress(spec: AddressSpec): Change {
  return ADDRESS.change("delete", spec);
}
