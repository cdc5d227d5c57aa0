// How a socket is to be: checked before the first system call, then set before
// bind(2), because a datagram queued earlier would carry no packet info.

import { EACCES, ENODEV, EPERM, SystemError } from "../../ffi/errno.ts";
import { cString, errno, libc } from "../../ffi/libc.ts";
import {
  IP_FREEBIND,
  IP_MULTICAST_ALL,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_PKTINFO,
  IP_RECVERR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_LOOP,
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SOL_UDP,
  UDP_GRO,
} from "../../ffi/layout/netinet_in.ts";
import {
  AF_INET,
  AF_INET6,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_MARK,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
} from "../../ffi/layout/sys_socket.ts";
import { isMapped, parseAddress } from "../address.ts";
import { ArgumentError } from "../errors.ts";
import { checkInterfaceName } from "../interface_name.ts";
import type { Namespace } from "../namespace.ts";
import { wholeNumber } from "../whole_number.ts";
import { checkPort } from "./sockaddr.ts";

/** Which IP versions a socket speaks. "dual" is an IPv6 socket that takes both. */
export type Family = "dual" | "ipv4" | "ipv6";

/** How a UDP socket is made; every part has a default. */
export interface BindOptions {
  /**
   * A local address, with its interface where it is a link-local one
   * ("fe80::1%eth0"); default: all of them.
   */
  readonly address?: string;
  /** 0 to 65535; default 0: the kernel picks one. */
  readonly port?: number;
  /** Default: that of the address, "dual" for "::" and where no address is given. */
  readonly family?: Family;
  /**
   * Ask at which address and interface each datagram arrived, so that it can be
   * answered from there; default true. The names of one struct ask for that one
   * alone, to see what a socket without the other gets.
   */
  readonly packetInfo?: boolean | "in_pktinfo" | "in6_pktinfo";
  /** SO_REUSEADDR: sockets that all set it may share the port (the last one gets the datagrams). */
  readonly reuseAddress?: boolean;
  /** SO_REUSEPORT: sockets that all set it share the load of the port. */
  readonly reusePort?: boolean;
  /** Bytes of the receive queue; beyond net.core.rmem_max with CAP_NET_ADMIN. */
  readonly receiveBuffer?: number;
  /** Bytes of the send queue; beyond net.core.wmem_max with CAP_NET_ADMIN. */
  readonly sendBuffer?: number;
  /** TTL and hop limit of what is sent, 1 to 255. */
  readonly ttl?: number;
  /** TOS and traffic class byte of what is sent, 0 to 255; ECN is its two low bits. */
  readonly trafficClass?: number;
  /** Allow sending to broadcast addresses. */
  readonly broadcast?: boolean;
  /** Only this interface, by name (SO_BINDTODEVICE). */
  readonly interface?: string;
  /** Bind although the address is not here yet (IP_FREEBIND). */
  readonly freeBind?: boolean;
  /** Firewall mark of what is sent (SO_MARK); needs CAP_NET_ADMIN. */
  readonly mark?: number;
  /** Report the TTL or hop limit of each datagram. */
  readonly receiveTtl?: boolean;
  /** Report the TOS or traffic class, with its ECN bits, of each datagram. */
  readonly receiveTrafficClass?: boolean;
  /** Report when the kernel received each datagram, in nanoseconds. */
  readonly receiveTimestamp?: boolean;
  /** Report how many datagrams the receive queue had no room for. */
  readonly receiveOverflow?: boolean;
  /** Collect ICMP and local errors for `errors()` (IP_RECVERR). */
  readonly receiveErrors?: boolean;
  /** Receive trains of datagrams joined by the kernel (UDP_GRO). */
  readonly gro?: boolean;
  /** TTL and hop limit of multicast that is sent, 0 to 255; the kernel's default is 1. */
  readonly multicastTtl?: number;
  /** Whether this host's own members hear the multicast that is sent; default true. */
  readonly multicastLoop?: boolean;
  /** Take multicast only for groups this socket joined itself; default true here, unlike the kernel's. */
  readonly multicastOnlyJoined?: boolean;
  /** Make the socket in this network namespace. */
  readonly namespace?: Namespace;
}

/** What the address options come to. */
export interface Plan {
  readonly family: Family;
  readonly domain: number;
  readonly address: Uint8Array<ArrayBuffer>;
  readonly port: number;
  /** The interface of a link-local address, in the namespace of the socket. */
  readonly zone: string | undefined;
}

const FAMILIES = ["dual", "ipv4", "ipv6"];
const PACKET_INFO = [undefined, true, false, "in_pktinfo", "in6_pktinfo"];

/**
 * The address to bind and the kind of socket for it; makes no system call.
 *
 * @throws {ArgumentError} When an option is no possible value or two contradict.
 */
export function planBind(options: BindOptions): Plan {
  const port = checkPort(options.port ?? 0);
  const { family } = options;
  if (family !== undefined && !FAMILIES.includes(family)) {
    throw new ArgumentError("family", family, `one of ${FAMILIES.join(", ")}`);
  }
  if (!PACKET_INFO.includes(options.packetInfo)) {
    throw new ArgumentError(
      "packetInfo",
      options.packetInfo,
      "true, false, in_pktinfo or in6_pktinfo",
    );
  }
  checkNumbers(options);
  const plan = planAddress(options, port);
  // The socket would get no packet info at all, and answer from anywhere.
  const { packetInfo } = options;
  if (
    plan.family === "ipv4" && packetInfo === "in6_pktinfo" ||
    plan.family === "ipv6" && packetInfo === "in_pktinfo"
  ) {
    throw new ArgumentError(
      "packetInfo",
      packetInfo,
      `what an ${plan.family} socket has`,
    );
  }
  return plan;
}

function planAddress(options: BindOptions, port: number): Plan {
  const { family } = options;
  if (options.address === undefined) {
    const chosen = family ?? "dual";
    return {
      family: chosen,
      domain: chosen === "ipv4" ? AF_INET : AF_INET6,
      address: new Uint8Array(chosen === "ipv4" ? 4 : 16),
      port,
      zone: undefined,
    };
  }
  const { address, zone } = parseAddress(options.address);
  const four = address.length === 4 || isMapped(address);
  const any = address.every((byte) => byte === 0);
  if (family === "ipv6" && four || family === "ipv4" && !four) {
    throw new ArgumentError(
      "address",
      options.address,
      `an ${family === "ipv4" ? "IPv4" : "IPv6"} address, as the family says`,
    );
  }
  const chosen = family ?? (four ? "ipv4" : any ? "dual" : "ipv6");
  return {
    family: chosen,
    domain: chosen === "ipv4" ? AF_INET : AF_INET6,
    // 0.0.0.0 on a dual socket would be mapped, and hear no IPv6.
    address: chosen === "dual" && any ? new Uint8Array(16) : address,
    port,
    zone,
  };
}

function checkNumbers(options: BindOptions): void {
  const check = (
    key:
      | "ttl"
      | "trafficClass"
      | "multicastTtl"
      | "mark"
      | "receiveBuffer"
      | "sendBuffer",
    least: number,
    most: number,
  ) => {
    const value = options[key];
    if (value !== undefined) wholeNumber(key, value, least, most);
  };
  check("ttl", 1, 255);
  check("trafficClass", 0, 255);
  check("multicastTtl", 0, 255);
  check("mark", 0, 0xffffffff);
  check("receiveBuffer", 1, 0x3fffffff);
  check("sendBuffer", 1, 0x3fffffff);
  if (options.interface !== undefined) {
    checkInterfaceName(options.interface, "interface");
  }
}

/** Sets an option of type int. @throws {SystemError} */
export function setInt(
  fd: number,
  level: number,
  option: number,
  value: number,
  what: string,
): void {
  const result = libc().setsockopt(
    fd,
    level,
    option,
    new Int32Array([value]),
    4,
  );
  if (result === 0) return;
  const code = errno();
  throw new SystemError("setsockopt", code, {
    tried: `set ${what}`,
    ...(code === EPERM || code === EACCES
      ? {
        capability: "CAP_NET_ADMIN",
        advice: "Run as root or grant CAP_NET_ADMIN",
      }
      : {}),
  });
}

/**
 * A queue size: beyond the system's limit where permitted, else as far as
 * allowed. The kernel doubles what it is given and so reports twice as much.
 */
export function setBuffer(
  fd: number,
  direction: "receive" | "send",
  size: number,
): void {
  const [force, plain] = direction === "receive"
    ? [SO_RCVBUFFORCE, SO_RCVBUF]
    : [SO_SNDBUFFORCE, SO_SNDBUF];
  const value = new Int32Array([size]);
  if (libc().setsockopt(fd, SOL_SOCKET, force, value, 4) === 0) return;
  setInt(fd, SOL_SOCKET, plain, size, `a ${direction} buffer of ${size} bytes`);
}

/** Applies everything that must be set before bind(2). @throws {SystemError} */
export function applyOptions(
  fd: number,
  plan: Plan,
  options: BindOptions,
): void {
  const six = plan.domain === AF_INET6;
  const four = plan.family !== "ipv6";
  const ip = (option: number, value: number, what: string) => {
    if (four) setInt(fd, IPPROTO_IP, option, value, what);
  };
  const ipv6 = (option: number, value: number, what: string) => {
    if (six) setInt(fd, IPPROTO_IPV6, option, value, what);
  };
  const socket = (option: number, value: number, what: string) =>
    setInt(fd, SOL_SOCKET, option, value, what);

  ipv6(IPV6_V6ONLY, plan.family === "ipv6" ? 1 : 0, "IPV6_V6ONLY");
  const { packetInfo = true } = options;
  if (packetInfo === true || packetInfo === "in_pktinfo") {
    ip(IP_PKTINFO, 1, "IP_PKTINFO");
  }
  if (packetInfo === true || packetInfo === "in6_pktinfo") {
    ipv6(IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
  }
  if (options.reuseAddress) socket(SO_REUSEADDR, 1, "SO_REUSEADDR");
  if (options.reusePort) socket(SO_REUSEPORT, 1, "SO_REUSEPORT");
  if (options.broadcast) socket(SO_BROADCAST, 1, "SO_BROADCAST");
  if (options.mark !== undefined) socket(SO_MARK, options.mark | 0, "SO_MARK");
  if (options.receiveBuffer !== undefined) {
    setBuffer(fd, "receive", options.receiveBuffer);
  }
  if (options.sendBuffer !== undefined) {
    setBuffer(fd, "send", options.sendBuffer);
  }
  if (options.receiveTimestamp) socket(SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
  if (options.receiveOverflow) socket(SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
  if (options.interface !== undefined) bindToDevice(fd, options.interface);

  if (options.ttl !== undefined) {
    ip(IP_TTL, options.ttl, "IP_TTL");
    ipv6(IPV6_UNICAST_HOPS, options.ttl, "IPV6_UNICAST_HOPS");
  }
  if (options.trafficClass !== undefined) {
    ip(IP_TOS, options.trafficClass, "IP_TOS");
    ipv6(IPV6_TCLASS, options.trafficClass, "IPV6_TCLASS");
  }
  if (options.multicastTtl !== undefined) {
    ip(IP_MULTICAST_TTL, options.multicastTtl, "IP_MULTICAST_TTL");
    ipv6(IPV6_MULTICAST_HOPS, options.multicastTtl, "IPV6_MULTICAST_HOPS");
  }
  if (options.multicastLoop !== undefined) {
    const loop = options.multicastLoop ? 1 : 0;
    ip(IP_MULTICAST_LOOP, loop, "IP_MULTICAST_LOOP");
    ipv6(IPV6_MULTICAST_LOOP, loop, "IPV6_MULTICAST_LOOP");
  }
  // Said either way: for IPv4 the kernel's own default depends on the socket.
  const all = options.multicastOnlyJoined ?? true ? 0 : 1;
  ip(IP_MULTICAST_ALL, all, "IP_MULTICAST_ALL");
  ipv6(IPV6_MULTICAST_ALL, all, "IPV6_MULTICAST_ALL");
  if (options.freeBind) ip(IP_FREEBIND, 1, "IP_FREEBIND");
  // A mapped peer's TTL and TOS come only when the IPv4 options are set too.
  if (options.receiveTtl) {
    ip(IP_RECVTTL, 1, "IP_RECVTTL");
    ipv6(IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT");
  }
  if (options.receiveTrafficClass) {
    ip(IP_RECVTOS, 1, "IP_RECVTOS");
    ipv6(IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS");
  }
  if (options.receiveErrors) {
    ip(IP_RECVERR, 1, "IP_RECVERR");
    ipv6(IPV6_RECVERR, 1, "IPV6_RECVERR");
  }
  if (options.gro) setInt(fd, SOL_UDP, UDP_GRO, 1, "UDP_GRO");
}

function bindToDevice(fd: number, name: string): void {
  const value = cString(name);
  const result = libc().setsockopt(
    fd,
    SOL_SOCKET,
    SO_BINDTODEVICE,
    value,
    value.length,
  );
  if (result === 0) return;
  const code = errno();
  throw new SystemError("setsockopt", code, {
    tried: `bind a UDP socket to interface ${name}`,
    ...(code === EPERM
      ? {
        capability: "CAP_NET_RAW",
        advice: "Run as root or grant CAP_NET_RAW",
      }
      : code === ENODEV
      ? { advice: "`netplumb show link` lists the interfaces there are" }
      : {}),
  });
}
