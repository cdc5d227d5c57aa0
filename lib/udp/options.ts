// Options of a UDP socket: checked before the first system call, then set before
// bind(2), because a datagram queued earlier would carry no packet info.

import { ENODEV, EPERM } from "../../ffi/errno.ts";
import { cString } from "../../ffi/libc.ts";
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
} from "../../ffi/uapi/netinet_in.ts";
import {
  AF_INET,
  AF_INET6,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_MARK,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { isMapped, parseAddress } from "../net/ip_address.ts";
import { ArgumentError } from "../errors.ts";
import { checkInterfaceName } from "../net/interface_name.ts";
import type { Namespace } from "../netns/namespace.ts";
import { setBufferSize } from "../socket/buffers.ts";
import {
  type Family,
  type NamedOption,
  setIpOption,
  setOption,
} from "../socket/option.ts";
import { checkPort } from "../socket/sockaddr.ts";
import { wholeNumber } from "../whole_number.ts";

/** Options of a UDP socket; each has a default. */
export interface BindOptions {
  /**
   * The local address; a link-local one with its interface ("fe80::1%eth0").
   * Default: all addresses.
   */
  readonly address?: string | undefined;
  /** 0 to 65535; default 0: the kernel picks one. */
  readonly port?: number | undefined;
  /** Default: that of the address; "dual" for "::" and without an address. */
  readonly family?: Family | undefined;
  /**
   * Receive packet info: the local address and interface of each datagram, so
   * that the reply leaves from there; default true. The name of one struct enables
   * that one alone, to see what a socket without the other receives.
   */
  readonly packetInfo?: boolean | "in_pktinfo" | "in6_pktinfo" | undefined;
  /** SO_REUSEADDR: sockets that all set it may share the port (the last one gets the datagrams). */
  readonly reuseAddress?: boolean | undefined;
  /** SO_REUSEPORT: sockets that all set it share the load of the port. */
  readonly reusePort?: boolean | undefined;
  /** Receive buffer in bytes; beyond net.core.rmem_max with CAP_NET_ADMIN. */
  readonly receiveBuffer?: number | undefined;
  /** Send buffer in bytes; beyond net.core.wmem_max with CAP_NET_ADMIN. */
  readonly sendBuffer?: number | undefined;
  /** TTL and hop limit of sent datagrams, 1 to 255. */
  readonly ttl?: number | undefined;
  /** TOS and traffic class byte of sent datagrams, 0 to 255; ECN is its two low bits. */
  readonly trafficClass?: number | undefined;
  /** Allow sending to broadcast addresses. */
  readonly broadcast?: boolean | undefined;
  /** Bind to this interface, by name (SO_BINDTODEVICE). */
  readonly interface?: string | undefined;
  /** Bind to an address that this host does not have yet (IP_FREEBIND). */
  readonly freeBind?: boolean | undefined;
  /** Firewall mark of sent datagrams (SO_MARK); needs CAP_NET_ADMIN. */
  readonly mark?: number | undefined;
  /** Report the TTL or hop limit of each datagram. */
  readonly receiveTtl?: boolean | undefined;
  /** Report the TOS or traffic class, with its ECN bits, of each datagram. */
  readonly receiveTrafficClass?: boolean | undefined;
  /** Report when the kernel received each datagram, in nanoseconds. */
  readonly receiveTimestamp?: boolean | undefined;
  /** Report how many datagrams were dropped because the receive buffer was full. */
  readonly receiveOverflow?: boolean | undefined;
  /** Queue ICMP and local errors for `errors()` (IP_RECVERR). */
  readonly receiveErrors?: boolean | undefined;
  /** Receive segmented datagrams, combined by the kernel (UDP_GRO). */
  readonly gro?: boolean | undefined;
  /** TTL and hop limit of sent multicast, 0 to 255; default 1. */
  readonly multicastTtl?: number | undefined;
  /** Whether members on this host receive the multicast that is sent; default true. */
  readonly multicastLoop?: boolean | undefined;
  /** Receive multicast only of groups that this socket joined; default true, unlike the kernel's. */
  readonly multicastOnlyJoined?: boolean | undefined;
  /** Open the socket in this network namespace. */
  readonly namespace?: Namespace | undefined;
}

/** The domain and address to bind, from the options. */
export interface Plan {
  readonly family: Family;
  readonly domain: number;
  readonly address: Uint8Array<ArrayBuffer>;
  readonly port: number;
  /** The interface of a link-local address, in the socket's namespace. */
  readonly zone: string | undefined;
}

const FAMILIES = ["dual", "ipv4", "ipv6"];
const PACKET_INFO = [undefined, true, false, "in_pktinfo", "in6_pktinfo"];

/**
 * Checks the options and chooses domain and address; makes no system call.
 *
 * @throws {ArgumentError} For an invalid value or options that contradict.
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
  // The socket would get no packet info, and reply from any address.
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
    // 0.0.0.0 on a dual socket would be mapped, and receive no IPv6.
    address: chosen === "dual" && any ? new Uint8Array(16) : address,
    port,
    zone,
  };
}

/** Least and greatest value of each option that is a number. */
const RANGES = [
  ["ttl", 1, 255],
  ["trafficClass", 0, 255],
  ["multicastTtl", 0, 255],
  ["mark", 0, 0xffffffff],
  ["receiveBuffer", 1, 0x3fffffff],
  ["sendBuffer", 1, 0x3fffffff],
] as const;

function checkNumbers(options: BindOptions): void {
  for (const [key, least, most] of RANGES) {
    const value = options[key];
    if (value !== undefined) wholeNumber(key, value, least, most);
  }
  if (options.interface !== undefined) {
    checkInterfaceName(options.interface, "interface");
  }
}

type OptionKey = keyof BindOptions;

/** Options of SOL_SOCKET that are an int. */
const SOCKET_OPTIONS: readonly (readonly [OptionKey, NamedOption])[] = [
  ["reuseAddress", { SO_REUSEADDR }],
  ["reusePort", { SO_REUSEPORT }],
  ["broadcast", { SO_BROADCAST }],
  ["mark", { SO_MARK }],
  ["receiveTimestamp", { SO_TIMESTAMPNS }],
  ["receiveOverflow", { SO_RXQ_OVFL }],
];

/** Options that each IP version has its own of. */
const IP_OPTIONS: readonly (readonly [OptionKey, NamedOption, NamedOption?])[] =
  [
    ["ttl", { IP_TTL }, { IPV6_UNICAST_HOPS }],
    ["trafficClass", { IP_TOS }, { IPV6_TCLASS }],
    ["multicastTtl", { IP_MULTICAST_TTL }, { IPV6_MULTICAST_HOPS }],
    ["multicastLoop", { IP_MULTICAST_LOOP }, { IPV6_MULTICAST_LOOP }],
    ["freeBind", { IP_FREEBIND }],
    ["receiveTtl", { IP_RECVTTL }, { IPV6_RECVHOPLIMIT }],
    ["receiveTrafficClass", { IP_RECVTOS }, { IPV6_RECVTCLASS }],
    ["receiveErrors", { IP_RECVERR }, { IPV6_RECVERR }],
  ];

/** Sets everything that must be set before bind(2). @throws {SystemError} */
export function applyOptions(
  fd: number,
  { family }: Plan,
  options: BindOptions,
): void {
  const only = family === "ipv6" ? 1 : 0;
  setIpOption(fd, family, undefined, { IPV6_V6ONLY }, only);
  const { packetInfo = true } = options;
  if (packetInfo !== false) {
    setIpOption(
      fd,
      family,
      packetInfo === "in6_pktinfo" ? undefined : { IP_PKTINFO },
      packetInfo === "in_pktinfo" ? undefined : { IPV6_RECVPKTINFO },
      1,
    );
  }
  for (const [key, option] of SOCKET_OPTIONS) {
    const value = options[key];
    if (value !== undefined) setOption(fd, SOL_SOCKET, option, Number(value));
  }
  if (options.receiveBuffer !== undefined) {
    setBufferSize(fd, "receive", options.receiveBuffer);
  }
  if (options.sendBuffer !== undefined) {
    setBufferSize(fd, "send", options.sendBuffer);
  }
  if (options.interface !== undefined) bindToDevice(fd, options.interface);
  for (const [key, ipv4, ipv6] of IP_OPTIONS) {
    const value = options[key];
    if (value !== undefined) setIpOption(fd, family, ipv4, ipv6, Number(value));
  }
  // Set in any case: the kernel's default for IPv4 is the opposite.
  const all = options.multicastOnlyJoined ?? true ? 0 : 1;
  setIpOption(fd, family, { IP_MULTICAST_ALL }, { IPV6_MULTICAST_ALL }, all);
  if (options.gro) setOption(fd, SOL_UDP, { UDP_GRO }, 1);
}

function bindToDevice(fd: number, name: string): void {
  setOption(fd, SOL_SOCKET, { SO_BINDTODEVICE }, cString(name), (code) => ({
    tried: `bind a UDP socket to interface ${name}`,
    ...(code === EPERM
      ? {
        capability: "CAP_NET_RAW",
        advice: "Run as root or grant CAP_NET_RAW",
      }
      : code === ENODEV
      ? {
        advice:
          "Check its name; an interface in another namespace is not visible here",
      }
      : {}),
  }));
}
