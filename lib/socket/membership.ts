// Group membership: IP multicast groups, netlink notification groups.

import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  EINVAL,
  ENOBUFS,
  ENODEV,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_DROP_MEMBERSHIP,
  SOL_NETLINK,
} from "../../ffi/uapi/linux_netlink.ts";
import {
  group_source_req,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  ip_mreqn,
  IP_MULTICAST_IF,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  ipv6_mreq,
  IPV6_MULTICAST_IF,
  MCAST_BLOCK_SOURCE,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
  MCAST_UNBLOCK_SOURCE,
} from "../../ffi/uapi/netinet_in.ts";
import { AF_INET, AF_INET6 } from "../../ffi/uapi/sys_socket.ts";
import { isMulticast, parseAddress } from "../net/ip_address.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndexOf, type InterfaceRef } from "../net/interface_index.ts";
import { type Family, setOption, speaksIPv4, speaksIPv6 } from "./option.ts";
import { writeSockaddr } from "./sockaddr.ts";

/** Join or leave. */
export type MembershipChange = "join" | "leave";

const OPTIONS = {
  join: {
    netlink: { NETLINK_ADD_MEMBERSHIP },
    ipv4: { IP_ADD_MEMBERSHIP },
    ipv6: { IPV6_JOIN_GROUP },
  },
  leave: {
    netlink: { NETLINK_DROP_MEMBERSHIP },
    ipv4: { IP_DROP_MEMBERSHIP },
    ipv6: { IPV6_LEAVE_GROUP },
  },
};

/** Joins or leaves a netlink group. @throws {SystemError} */
export function changeNetlinkGroup(
  fd: number,
  change: MembershipChange,
  group: number,
): void {
  const { netlink } = OPTIONS[change];
  setOption(fd, SOL_NETLINK, netlink, group, () => ({
    tried: `${change} netlink group ${group}`,
  }));
}

interface Group {
  readonly address: Uint8Array<ArrayBuffer>;
  /** The interface; 0 for the one that the routes select. */
  readonly ifindex: number;
  /** Whether the caller named the interface. */
  readonly named: boolean;
}

/** @throws {ArgumentError | SystemError} */
function resolveGroup(
  fd: number,
  family: Family,
  group: string,
  on: InterfaceRef | undefined,
): Group {
  const { address, zone } = parseAddress(group, "group");
  if (!isMulticast(address)) {
    throw new ArgumentError(
      "group",
      group,
      "a multicast address (224.0.0.0/4 or ff00::/8)",
    );
  }
  const four = address.length === 4;
  if (!(four ? speaksIPv4 : speaksIPv6)(family)) {
    throw new ArgumentError(
      "group",
      group,
      `an ${four ? "IPv6" : "IPv4"} address, as those of the socket are`,
    );
  }
  const ifindex = interfaceIndexOf(fd, on ?? zone ?? 0);
  return { address, ifindex, named: ifindex !== 0 };
}

/** The operation and the remedy for a failed membership change. */
function groupContext(
  code: number,
  tried: string,
  group: string,
  on: InterfaceRef | undefined,
  named: boolean,
): SystemErrorContext {
  const context = `${tried} ${group}${on === undefined ? "" : ` on ${on}`}`;
  const advice = groupAdvice(code, tried === "join", group, named);
  return { tried: context, ...(advice === undefined ? {} : { advice }) };
}

function groupAdvice(
  code: number,
  joins: boolean,
  group: string,
  named: boolean,
): string | undefined {
  switch (code) {
    case ENODEV:
      return named
        ? "There is no interface with that index, or it has no IP configuration"
        : "No route leads to the group; name the interface";
    case EADDRNOTAVAIL:
      return joins
        ? undefined
        : "This socket is not a member of that group there";
    case EADDRINUSE:
      return joins
        ? "This socket is a member of that group there already"
        : undefined;
    case ENOBUFS:
      return group.includes(":")
        ? "The socket has no memory left for memberships (net.core.optmem_max)"
        : "A socket can join net.ipv4.igmp_max_memberships groups (20 by default), with net.ipv4.igmp_max_msf sources each";
    default:
      return undefined;
  }
}

/**
 * Joins or leaves a multicast group.
 *
 * @param on The interface; default: that of the group's zone, else as the
 * routes say.
 * @throws {ArgumentError | SystemError}
 */
export function changeMulticastGroup(
  fd: number,
  family: Family,
  change: MembershipChange,
  group: string,
  on: InterfaceRef | undefined,
): void {
  const { address, ifindex, named } = resolveGroup(fd, family, group, on);
  const four = address.length === 4;
  const explain = (code: number) =>
    groupContext(code, change, group, on, named);
  const { ipv4, ipv6 } = OPTIONS[change];
  if (four) {
    const request = ip_mreqn.build({
      imr_multiaddr: address,
      imr_ifindex: ifindex,
    });
    setOption(fd, IPPROTO_IP, ipv4, request, explain);
  } else {
    const request = ipv6_mreq.build({
      ipv6mr_multiaddr: address,
      ipv6mr_interface: ifindex,
    });
    setOption(fd, IPPROTO_IPV6, ipv6, request, explain);
  }
}

/** The operation on a source of a multicast group. */
export type SourceChange =
  | "join"
  | "leave"
  | "block"
  | "unblock";

const SOURCE_OPTIONS = {
  join: { MCAST_JOIN_SOURCE_GROUP },
  leave: { MCAST_LEAVE_SOURCE_GROUP },
  block: { MCAST_BLOCK_SOURCE },
  unblock: { MCAST_UNBLOCK_SOURCE },
};

/**
 * Joins, leaves, blocks or unblocks one source of a multicast group.
 *
 * Source: ip(7), RFC 3678 section 5.
 *
 * @throws {ArgumentError | SystemError}
 */
export function changeMulticastSource(
  fd: number,
  family: Family,
  change: SourceChange,
  group: string,
  source: string,
  on: InterfaceRef | undefined,
): void {
  const { address, ifindex, named } = resolveGroup(fd, family, group, on);
  const { address: from } = parseAddress(source, "source");
  if (from.length !== address.length || isMulticast(from)) {
    throw new ArgumentError(
      "source",
      source,
      `a unicast ${address.length === 4 ? "IPv4" : "IPv6"} address`,
    );
  }
  const sockaddr = (address: Uint8Array<ArrayBuffer>) => {
    const bytes = new Uint8Array(GROUP_SOCKADDR_SIZE);
    const domain = address.length === 4 ? AF_INET : AF_INET6;
    const endpoint = { address, port: 0, scope: 0 };
    writeSockaddr(new DataView(bytes.buffer), 0, domain, endpoint);
    return bytes;
  };
  const request = group_source_req.build({
    gsr_interface: ifindex,
    gsr_group: sockaddr(address),
    gsr_source: sockaddr(from),
  });
  const level = address.length === 4 ? IPPROTO_IP : IPPROTO_IPV6;
  setOption(fd, level, SOURCE_OPTIONS[change], request, (code) => {
    const tried = `${change} source ${source} of`;
    const context = groupContext(code, tried, group, on, named);
    const advice = code === EINVAL
      ? WRONG_MEMBERSHIP[change]
      : code === EADDRNOTAVAIL
      ? NO_SUCH_SOURCE[change]
      : undefined;
    return advice === undefined ? context : { ...context, advice };
  });
}

/** A struct sockaddr_storage, of which the rest is zero. */
const GROUP_SOCKADDR_SIZE = 128;

const NOT_ANY_SOURCE =
  "Only a socket that joined the group for all sources, with join(), can block some";

/** What EINVAL means. */
const WRONG_MEMBERSHIP: Readonly<Record<SourceChange, string>> = {
  join: "This socket joined the group for all sources and blocks some of them",
  leave: "This socket is not a member of that group there",
  block: NOT_ANY_SOURCE,
  unblock: NOT_ANY_SOURCE,
};

/** What EADDRNOTAVAIL means. */
const NO_SUCH_SOURCE: Readonly<Record<SourceChange, string>> = {
  join: "This source was joined already",
  leave: "This source was not joined",
  block: "This source is blocked already",
  unblock: "This source is not blocked",
};

/** Selects the interface that multicast is sent through. @throws {SystemError} */
export function setMulticastInterface(
  fd: number,
  family: Family,
  on: InterfaceRef,
): void {
  const ifindex = interfaceIndexOf(fd, on);
  const explain = () => ({ tried: `send multicast through ${on}` });
  if (speaksIPv4(family)) {
    const request = ip_mreqn.build({ imr_ifindex: ifindex });
    setOption(fd, IPPROTO_IP, { IP_MULTICAST_IF }, request, explain);
  }
  if (speaksIPv6(family)) {
    setOption(fd, IPPROTO_IPV6, { IPV6_MULTICAST_IF }, ifindex, explain);
  }
}
