// Requests that add, replace and delete addresses.

import * as ifa from "../../../ffi/uapi/linux_if_addr.ts";
import {
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../ffi/uapi/linux_netlink.ts";
import {
  RT_SCOPE_HOST,
  RT_SCOPE_UNIVERSE,
  RTM_DELADDR,
  RTM_NEWADDR,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import { EINVAL } from "../../../ffi/errno.ts";
import { isMulticast } from "../../net/ip_address.ts";
import { type Cidr, parseCidr } from "../../net/prefix.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import { type Change, checked } from "./change.ts";
import { bitsOf, type OptionsOf, readSpec, toggleBit } from "./option.ts";
import { cidr, ipAddress, linkName, orWord, text } from "../spec/value.ts";
import { scope, u32 } from "./words.ts";

/** An address of a link, by iproute2's words. Source: ip-address(8). */
export interface AddressSpec {
  /** The address with its prefix length; without, all its bits. */
  readonly address: string;
  /** The link it is on. */
  readonly dev: string | number;
  /** The other end of a point-to-point link, with the prefix length of both. */
  readonly peer?: string | undefined;
  /** The broadcast address; "+" and "-" set and clear the host's bits. */
  readonly broadcast?: string;
  /** An anycast address. */
  readonly anycast?: string;
  /** How far it reaches; host for 127.0.0.0/8, else global. */
  readonly scope?: number | string;
  /** The link's name, or one that begins with it; IPv4 only. */
  readonly label?: string;
  /** The metric of the route that comes with it. */
  readonly metric?: number;
  /** Seconds it is there. */
  readonly valid_lft?: number | "forever";
  /** Seconds it is used for new connections; as long as it is there. */
  readonly preferred_lft?: number | "forever";
  /** Whether nobody is asked if they have it already; IPv6 only. */
  readonly nodad?: boolean;
  /** Whether it is used while that is being asked; IPv6 only. */
  readonly optimistic?: boolean;
  /** Whether it is a home address of Mobile IPv6; IPv6 only. */
  readonly home?: boolean;
  /** Whether temporary addresses are made of it; IPv6 only. */
  readonly mngtmpaddr?: boolean;
  /** Whether no route to its network is made. */
  readonly noprefixroute?: boolean;
  /** Whether the group it is is joined; multicast addresses only. */
  readonly autojoin?: boolean;
}

const FOREVER = 0xffff_ffff;

/** How each word is read. */
export const ADDRESS: OptionsOf<AddressSpec> = {
  address: cidr,
  dev: linkName,
  peer: cidr,
  broadcast: {
    expected: `+, - or ${ipAddress.expected}`,
    schema: { type: "string" },
    read: (given) =>
      given === "+" || given === "-" ? given : ipAddress.read(given),
  },
  anycast: ipAddress,
  scope,
  label: text(15),
  metric: u32,
  valid_lft: orWord("forever", u32),
  preferred_lft: orWord("forever", u32),
  nodad: toggleBit,
  optimistic: toggleBit,
  home: toggleBit,
  mngtmpaddr: toggleBit,
  noprefixroute: toggleBit,
  autojoin: toggleBit,
};

const IPV6_FLAGS = {
  nodad: ifa.IFA_F_NODAD,
  optimistic: ifa.IFA_F_OPTIMISTIC,
  home: ifa.IFA_F_HOMEADDRESS,
  mngtmpaddr: ifa.IFA_F_MANAGETEMPADDR,
};
const FLAGS = {
  ...IPV6_FLAGS,
  noprefixroute: ifa.IFA_F_NOPREFIXROUTE,
  autojoin: ifa.IFA_F_MCAUTOJOIN,
};

/** The bytes of an address, which must be of the family of the first. */
function sameFamily(argument: string, text: string, first: Cidr): Cidr {
  const other = parseCidr(text, argument);
  if (other.address.length === first.address.length) return other;
  throw new ArgumentError(
    argument,
    text,
    "of the same IP version as the address",
  );
}

/** "+" and "-": the network's address with the host's bits set, or cleared. */
function directedBroadcast(
  sign: string,
  { address, prefix }: Cidr,
): Uint8Array | undefined {
  if (address.length !== 4) {
    throw new ArgumentError("broadcast", sign, "possible of IPv6");
  }
  // The two addresses of a /31 are both hosts.
  if (prefix > 30) return undefined;
  return address.map((byte, index) => {
    const host = 0xff >> Math.min(8, Math.max(0, prefix - 8 * index));
    return sign === "+" ? byte | host : byte & ~host;
  });
}

function flagsOf(spec: AddressSpec, local: Cidr): number {
  const isIPv6 = local.address.length === 16;
  if (!isIPv6 && bitsOf({ ...spec }, IPV6_FLAGS).value !== 0) {
    throw new ArgumentError(
      "address",
      spec.address,
      `an IPv6 address, which ${Object.keys(IPV6_FLAGS).join(", ")} are for`,
    );
  }
  if (spec.autojoin && !isMulticast(local.address)) {
    throw new ArgumentError(
      "address",
      spec.address,
      "a multicast address, which autojoin is for",
    );
  }
  return bitsOf({ ...spec }, FLAGS).value;
}

function writeLifetime(body: AttributeWriter, spec: AddressSpec): void {
  const { valid_lft, preferred_lft } = spec;
  if (valid_lft === undefined && preferred_lft === undefined) return;
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
      `within valid_lft, ${valid}`,
    );
  }
  body.bytes(
    ifa.IFA_CACHEINFO,
    ifa.ifa_cacheinfo.build({ ifa_prefered: preferred, ifa_valid: valid }),
  );
}

function change(
  verb: string,
  type: number,
  flags: number,
  given: AddressSpec,
): Change {
  const spec = readSpec("address", ADDRESS, given, "address", "dev");
  const what = `${verb} address ${given.address} of ${given.dev}`;
  const local = parseCidr(spec.address);
  const peer = spec.peer === undefined
    ? undefined
    : sameFamily("peer", spec.peer, local);
  const deleting = type === RTM_DELADDR;
  const bits = flagsOf(spec, local);
  const reach = local.address.length === 4 && local.address[0] === 127
    ? RT_SCOPE_HOST
    : RT_SCOPE_UNIVERSE;
  return checked({
    what,
    requests(known) {
      const body = new AttributeWriter().raw(ifa.ifaddrmsg.build({
        ifa_family: local.address.length === 4 ? AF_INET : AF_INET6,
        ifa_prefixlen: (peer ?? local).prefix || local.prefix,
        ifa_flags: bits <= 0xff ? bits : 0,
        ifa_scope: Number(spec.scope ?? (deleting ? 0 : reach)),
        ifa_index: known.index(spec.dev),
      }));
      if (bits > 0xff) body.u32(ifa.IFA_FLAGS, bits);
      body.bytes(ifa.IFA_LOCAL, local.address);
      // Without a prefix length, any of that address goes.
      if (!deleting || peer || local.address.length > 4 || hasPrefix(spec)) {
        body.bytes(ifa.IFA_ADDRESS, (peer ?? local).address);
      }
      writeOthers(body, spec, local, peer ?? local, deleting);
      return [{ type, flags, body: body.finish(), tried: what }];
    },
    advice: ({ errno, ack }) =>
      // The kernel gives links below IPv6's minimum no IPv6, and no reason.
      !deleting && errno === EINVAL && ack.message === undefined &&
        local.address.length === 16
        ? "An IPv6 address needs a link with an MTU of 1280 or more"
        : undefined,
  });
}

function hasPrefix({ address }: AddressSpec): boolean {
  return address.includes("/");
}

function writeOthers(
  body: AttributeWriter,
  spec: AddressSpec,
  local: Cidr,
  peer: Cidr,
  deleting: boolean,
): void {
  const { broadcast, anycast, label, metric } = spec;
  if (broadcast === "+" || broadcast === "-") {
    const address = deleting ? undefined : directedBroadcast(broadcast, peer);
    if (address !== undefined) body.bytes(ifa.IFA_BROADCAST, address);
  } else if (broadcast !== undefined) {
    const { address } = sameFamily("broadcast", broadcast, local);
    body.bytes(ifa.IFA_BROADCAST, address);
  }
  if (anycast !== undefined) {
    const { address } = sameFamily("anycast", anycast, local);
    body.bytes(ifa.IFA_ANYCAST, address);
  }
  if (label !== undefined) body.string(ifa.IFA_LABEL, label);
  if (metric !== undefined) body.u32(ifa.IFA_RT_PRIORITY, metric);
  writeLifetime(body, spec);
}

/**
 * An address to add; it must not be there yet.
 *
 * Source: ip-address(8), rtnetlink(7).
 *
 * @param spec The address.
 * @throws {ArgumentError} If something in it cannot be right.
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
  return change("add", RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/**
 * An address to add, or to change if it is there already.
 *
 * Source: ip-address(8), rtnetlink(7).
 *
 * @param spec The address.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { replaceAddress } from "@netplumb/netplumb";
 *
 * replaceAddress({ address: "192.0.2.1/24", dev: "eth0", valid_lft: 3600 });
 * ```
 */
export function replaceAddress(spec: AddressSpec): Change {
  return change("replace", RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, spec);
}

/**
 * An address to delete. Of an IPv4 address without a prefix length, any that
 * the link has goes.
 *
 * Source: ip-address(8), rtnetlink(7).
 *
 * @param spec The address.
 * @throws {ArgumentError} If something in it cannot be right.
 *
 * @example
 * ```ts
 * import { deleteAddress } from "@netplumb/netplumb";
 *
 * deleteAddress({ address: "192.0.2.1/24", dev: "eth0" });
 * ```
 */
export function deleteAddress(spec: AddressSpec): Change {
  return change("delete", RTM_DELADDR, 0, spec);
}
