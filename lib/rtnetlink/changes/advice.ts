// Advice for rejected changes, by the kernel's text or errno; a change can give
// more specific advice.

import {
  EACCES,
  EADDRNOTAVAIL,
  EBUSY,
  EEXIST,
  EHOSTUNREACH,
  ENETDOWN,
  ENETUNREACH,
  ENOENT,
  ENOSPC,
  EOPNOTSUPP,
  ESRCH,
} from "../../../ffi/errno.ts";
import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_DELNEXTHOP,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWNSID,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import type { NetlinkError } from "../../netlink/errors.ts";

const DISABLED =
  "sysctl net.ipv6.conf.LINK.disable_ipv6=0 enables it, if the kernel has it";
const DOWN = "Set its link up first; lo for routes without a link";

/** Advice by a part of the kernel's text; the first match applies. */
const BY_TEXT: readonly (readonly [text: string, advice: string])[] = [
  ["Device for nexthop is not up", DOWN],
  [
    "Carrier for nexthop device is down",
    "Its link needs a carrier: set the other end up",
  ],
  ["Nexthop id does not exist", "Add that nexthop object first"],
  ["Invalid nexthop id", "Add the members of the group first"],
  ["Invalid prefsrc address", "Add the source to a link first"],
  [
    "Invalid prefix for given prefix length",
    "Bits after the prefix length must be zero",
  ],
  ["IPv6 is disabled", DISABLED],
];

const UNREACHABLE =
  "A gateway must be in the network of a local address: add that address, or " +
  "name the link and set onlink";
const REPLACE = "It exists: use replace instead of add";
const compare = (objects: string) => `list the ${objects} to compare`;

/** Advice by nlmsg_type and errno, if the kernel gives no text. */
const BY_NUMBER = new Map<number, { readonly [errno: number]: string }>([
  [RTM_NEWLINK, {
    [EEXIST]: `A link has that name or index; ${compare("links")}`,
    [EBUSY]: "It is in use: set it down or remove it from its master first",
    [ESRCH]: "No process has that pid",
    [EADDRNOTAVAIL]: "A link cannot have that address",
  }],
  [RTM_NEWLINKPROP, {
    [EEXIST]: `A link has that name; ${compare("links")}`,
  }],
  [RTM_DELLINK, {
    [EOPNOTSUPP]: "The kernel created this link; it can only be set down",
  }],
  // Kernels before 6.2 give no text when IPv6 is disabled.
  [RTM_NEWADDR, { [EEXIST]: REPLACE, [EACCES]: DISABLED }],
  [RTM_DELADDR, {
    [EADDRNOTAVAIL]: `The link has no such address with that prefix length; ${
      compare("addresses")
    }`,
  }],
  [RTM_NEWROUTE, {
    [EEXIST]: `${REPLACE}, or append to add another`,
    [ENETUNREACH]: UNREACHABLE,
    [EHOSTUNREACH]: UNREACHABLE,
    [ENETDOWN]: DOWN,
  }],
  [RTM_DELROUTE, {
    [ESRCH]: `No route matches; ${compare("routes of all tables")}`,
  }],
  [RTM_NEWNEIGH, { [EEXIST]: REPLACE }],
  [RTM_DELNEIGH, {
    [ENOENT]: `No neighbour matches; ${compare("neighbours")}`,
  }],
  [RTM_NEWRULE, { [EEXIST]: `The same rule exists; ${compare("rules")}` }],
  [RTM_DELRULE, { [ENOENT]: `No rule matches; ${compare("rules")}` }],
  [RTM_NEWNEXTHOP, {
    [EEXIST]: REPLACE,
    [ENETUNREACH]: UNREACHABLE,
    [EHOSTUNREACH]: UNREACHABLE,
    [ENETDOWN]: DOWN,
  }],
  [RTM_NEWNSID, {
    [EEXIST]: "The namespace already has an id here, which cannot change",
    [ENOSPC]: "Another namespace has that id",
  }],
  [RTM_DELNEXTHOP, {
    [ENOENT]: `No nexthop has that id; ${compare("nexthops")}`,
  }],
]);

/** The advice for an error; undefined for none. */
export function advise(
  { errno, ack, request }: NetlinkError,
): string | undefined {
  const found = BY_TEXT.find(([text]) => ack.message?.includes(text));
  if (found !== undefined) return found[1];
  // The kernel's text about a link is more specific than the errno.
  return request.type === RTM_NEWLINK && ack.message !== undefined
    ? undefined
    : BY_NUMBER.get(request.type)?.[errno];
}
