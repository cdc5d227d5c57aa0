// Joining and leaving multicast groups, per interface.

import { EADDRNOTAVAIL, ENODEV, SystemError } from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import {
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
} from "../../ffi/layout/netinet_in.ts";
import { AF_INET } from "../../ffi/layout/sys_socket.ts";
import { isMulticast, parseAddress } from "../address.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndexOf, type InterfaceRef } from "../interface_index.ts";
import type { UdpSocketHandle } from "./open.ts";
import { type Family, setInt } from "./options.ts";

/** Joins or leaves a group. @throws {ArgumentError | SystemError} */
export function membership(
  fd: number,
  family: Family,
  change: "join" | "leave",
  group: string,
  on: InterfaceRef | undefined,
): void {
  const { address, zone } = parseAddress(group, "group");
  if (!isMulticast(address)) {
    throw new ArgumentError(
      "group",
      group,
      "a multicast address (224.0.0.0/4 or ff00::/8)",
    );
  }
  const four = address.length === 4;
  if (family === (four ? "ipv6" : "ipv4")) {
    throw new ArgumentError(
      "group",
      group,
      `an ${four ? "IPv6" : "IPv4"} address, as those of the socket are`,
    );
  }
  const ifindex = interfaceIndexOf(fd, on ?? zone ?? 0);
  const request = four
    ? ip_mreqn.build({ imr_multiaddr: address, imr_ifindex: ifindex })
    : ipv6_mreq.build({ ipv6mr_multiaddr: address, ipv6mr_interface: ifindex });
  const option = four
    ? change === "join" ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP
    : change === "join"
    ? IPV6_JOIN_GROUP
    : IPV6_LEAVE_GROUP;
  const result = libc().setsockopt(
    fd,
    four ? IPPROTO_IP : IPPROTO_IPV6,
    option,
    request,
    request.length,
  );
  if (result === 0) return;
  const code = errno();
  throw new SystemError("setsockopt", code, {
    tried: `${change} ${group}${on === undefined ? "" : ` on ${on}`}`,
    ...(code === ENODEV
      ? { advice: "No route leads to the group; name the interface" }
      : code === EADDRNOTAVAIL && change === "leave"
      ? { advice: "This socket is not a member of that group there" }
      : {}),
  });
}

/** Through which interface multicast leaves. @throws {SystemError} */
export function multicastInterface(
  { fd, family, domain }: UdpSocketHandle,
  on: InterfaceRef,
): void {
  const ifindex = interfaceIndexOf(fd, on);
  if (family !== "ipv6") {
    const request = ip_mreqn.build({ imr_ifindex: ifindex });
    if (
      libc().setsockopt(
        fd,
        IPPROTO_IP,
        IP_MULTICAST_IF,
        request,
        request.length,
      ) < 0
    ) {
      throw new SystemError("setsockopt", errno(), {
        tried: `send multicast through ${on}`,
      });
    }
  }
  if (domain !== AF_INET) {
    setInt(
      fd,
      IPPROTO_IPV6,
      IPV6_MULTICAST_IF,
      ifindex,
      `IPV6_MULTICAST_IF to ${on}`,
    );
  }
}
