// Group membership: multicast groups of IP, notification groups of netlink.

import { EADDRNOTAVAIL, ENODEV } from "../../ffi/errno.ts";
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_DROP_MEMBERSHIP,
  SOL_NETLINK,
} from "../../ffi/uapi/linux_netlink.ts";
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
} from "../../ffi/uapi/netinet_in.ts";
import { isMulticast, parseAddress } from "../net/ip_address.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndexOf, type InterfaceRef } from "../net/interface_index.ts";
import { type Family, setOption, speaksIPv4, speaksIPv6 } from "./option.ts";

/** What happens to a membership. */
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
  const explain = (code: number) => ({
    tried: `${change} ${group}${on === undefined ? "" : ` on ${on}`}`,
    ...(code === ENODEV
      ? { advice: "No route leads to the group; name the interface" }
      : code === EADDRNOTAVAIL && change === "leave"
      ? { advice: "This socket is not a member of that group there" }
      : {}),
  });
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
