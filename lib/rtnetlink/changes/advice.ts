// What to do about a refusal whose number alone, or even whose words, leave that
// open. A change that knows more says it itself.

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
const DOWN = "Set its link up first, lo where packets go nowhere";

/** By words of the kernel's; the first that are in its sentence. */
const BY_WORDS: readonly (readonly [words: string, advice: string])[] = [
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
    "The bits behind the prefix length have to be zero",
  ],
  ["IPv6 is disabled", DISABLED],
];

const UNREACHABLE =
  "A gateway has to be in the network of an address of this machine: add that " +
  "address, or name the link and say onlink";
const replaced = (object: string) =>
  `\`netplumb ${object} replace\` puts this one in its place`;
const shown = (what: string) => `\`netplumb show ${what}\` shows what is there`;

/** By nlmsg_type and error number, where the kernel says no more. */
const BY_NUMBER = new Map<number, { readonly [errno: number]: string }>([
  [RTM_NEWLINK, {
    [EEXIST]: `A link has that name or index: ${shown("link")}`,
    [EBUSY]: "It is in use: set it down, or take it out of its master, first",
    [ESRCH]: "No process has that number",
    [EADDRNOTAVAIL]: "That address is not one that a link can have",
  }],
  [RTM_NEWLINKPROP, {
    [EEXIST]: `A link has that name: ${shown("link")}`,
  }],
  [RTM_DELLINK, {
    [EOPNOTSUPP]: "The kernel made it, not a request: it can only be set down",
  }],
  // Kernels before 6.2 say no more of IPv6 that is disabled.
  [RTM_NEWADDR, { [EEXIST]: replaced("address"), [EACCES]: DISABLED }],
  [RTM_DELADDR, {
    [EADDRNOTAVAIL]: `The link has none with that prefix length: ${
      shown("address")
    }`,
  }],
  [RTM_NEWROUTE, {
    [EEXIST]: `${replaced("route")}, \`append\` behind it`,
    [ENETUNREACH]: UNREACHABLE,
    [EHOSTUNREACH]: UNREACHABLE,
    [ENETDOWN]: DOWN,
  }],
  [RTM_DELROUTE, {
    [ESRCH]: `No route is as told: ${shown("route --table all")}`,
  }],
  [RTM_NEWNEIGH, { [EEXIST]: replaced("neighbour") }],
  [RTM_DELNEIGH, { [ENOENT]: shown("neighbour") }],
  [RTM_NEWRULE, { [EEXIST]: `There is one like it: ${shown("rule")}` }],
  [RTM_DELRULE, { [ENOENT]: `No rule is as told: ${shown("rule")}` }],
  [RTM_NEWNEXTHOP, {
    [EEXIST]: replaced("nexthop"),
    [ENETUNREACH]: UNREACHABLE,
    [EHOSTUNREACH]: UNREACHABLE,
    [ENETDOWN]: DOWN,
  }],
  [RTM_NEWNSID, {
    [EEXIST]: "It has an id here, which it keeps: `netplumb netns list`",
    [ENOSPC]: "Another namespace has that id here",
  }],
  [RTM_DELNEXTHOP, { [ENOENT]: shown("nexthop") }],
]);

/** What to do about a refusal, if anything can be said. */
export function advise(
  { errno, ack, request }: NetlinkError,
): string | undefined {
  const told = BY_WORDS.find(([words]) => ack.message?.includes(words));
  if (told !== undefined) return told[1];
  // Of a link its words are about something rarer than the number means.
  return request.type === RTM_NEWLINK && ack.message !== undefined
    ? undefined
    : BY_NUMBER.get(request.type)?.[errno];
}
