// <netinet/in.h>, <netinet/udp.h> and <linux/in6.h>: Internet addresses, packet
// info and the options of IP and UDP.

import { be16, be32, bytes, i32, struct, u16, u32 } from "../struct.ts";

export const headers = [
  "netinet/in.h",
  "netinet/udp.h",
  "linux/in6.h",
] as const;

export const IPPROTO_IP = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_MPLS = 137;

export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_PKTINFO = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVERR = 11;
export const IP_RECVTTL = 12;
export const IP_RECVTOS = 13;
export const IP_MTU = 14;
export const IP_FREEBIND = 15;
export const IP_TRANSPARENT = 19;
export const IP_ORIGDSTADDR = 20;
export const IP_RECVORIGDSTADDR = 20;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
export const IP_DROP_MEMBERSHIP = 36;
export const MCAST_BLOCK_SOURCE = 43;
export const MCAST_UNBLOCK_SOURCE = 44;
export const MCAST_JOIN_SOURCE_GROUP = 46;
export const MCAST_LEAVE_SOURCE_GROUP = 47;
export const IP_MULTICAST_ALL = 49;

/** Of Linux 6.3, and what glibc's <netinet/in.h> hides. */
export const newer = {
  IP_LOCAL_PORT_RANGE: 51,
  IPV6_FLOWINFO: 11,
} as const;

export const IP_PMTUDISC_DONT = 0;
export const IP_PMTUDISC_WANT = 1;
export const IP_PMTUDISC_DO = 2;
export const IP_PMTUDISC_PROBE = 3;
export const IP_PMTUDISC_INTERFACE = 4;
export const IP_PMTUDISC_OMIT = 5;

export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MULTICAST_IF = 17;
export const IPV6_MULTICAST_HOPS = 18;
export const IPV6_MULTICAST_LOOP = 19;
export const IPV6_JOIN_GROUP = 20;
export const IPV6_LEAVE_GROUP = 21;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_MTU = 24;
export const IPV6_RECVERR = 25;
export const IPV6_V6ONLY = 26;
export const IPV6_MULTICAST_ALL = 29;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_HOPLIMIT = 52;
export const IPV6_DONTFRAG = 62;
export const IPV6_RECVTCLASS = 66;
export const IPV6_TCLASS = 67;
export const IPV6_AUTOFLOWLABEL = 70;
export const IPV6_ADDR_PREFERENCES = 72;
export const IPV6_ORIGDSTADDR = 74;
export const IPV6_RECVORIGDSTADDR = 74;
export const IPV6_TRANSPARENT = 75;
export const IPV6_FREEBIND = 78;

export const IPV6_FLOWINFO_FLOWLABEL = 0x000fffff;

export const IPV6_PREFER_SRC_TMP = 0x0001;
export const IPV6_PREFER_SRC_PUBLIC = 0x0002;
export const IPV6_PREFER_SRC_COA = 0x0004;
export const IPV6_PREFER_SRC_PUBTMP_DEFAULT = 0x0100;
export const IPV6_PREFER_SRC_HOME = 0x0400;

export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;

export const in_addr = struct("struct in_addr", { s_addr: be32 });
export const in6_addr = struct("struct in6_addr", { s6_addr: bytes(16, 4) });

export const sockaddr_in = struct("struct sockaddr_in", {
  sin_family: u16,
  sin_port: be16,
  sin_addr: bytes(4, 4),
}, 16);

export const sockaddr_in6 = struct("struct sockaddr_in6", {
  sin6_family: u16,
  sin6_port: be16,
  sin6_flowinfo: be32,
  sin6_addr: bytes(16, 4),
  sin6_scope_id: u32,
});

export const in_pktinfo = struct("struct in_pktinfo", {
  ipi_ifindex: i32,
  ipi_spec_dst: bytes(4, 4),
  ipi_addr: bytes(4, 4),
});

export const in6_pktinfo = struct("struct in6_pktinfo", {
  ipi6_addr: bytes(16, 4),
  ipi6_ifindex: u32,
});

export const ip_mreqn = struct("struct ip_mreqn", {
  imr_multiaddr: bytes(4, 4),
  imr_address: bytes(4, 4),
  imr_ifindex: i32,
});

export const ipv6_mreq = struct("struct ipv6_mreq", {
  ipv6mr_multiaddr: bytes(16, 4),
  ipv6mr_interface: u32,
});

export const group_source_req = struct("struct group_source_req", {
  gsr_interface: u32,
  gsr_group: bytes(128, 8),
  gsr_source: bytes(128, 8),
});
