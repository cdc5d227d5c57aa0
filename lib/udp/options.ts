// Options of a UDP socket: checked before the first system call, then set before
// bind(2), because a datagram queued earlier would carry no packet info.

import { ENODEV, ENOPROTOOPT, EPERM, SystemError } from "../../ffi/errno.ts";
import { cString } from "../../ffi/libc.ts";
import {
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_PKTINFO,
  IP_PMTUDISC_DO,
  IPV6_DONTFRAG,
  IPV6_MULTICAST_ALL,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  SOL_UDP,
  UDP_GRO,
} from "../../ffi/uapi/netinet_in.ts";
import {
  AF_INET,
  AF_INET6,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { isMapped, parseAddress } from "../net/ip_address.ts";
import { ArgumentError, wholeNumber } from "../errors.ts";
import { checkInterfaceName } from "../net/interface_name.ts";
import type { Namespace } from "../netns/namespace.ts";
import {
  type Family,
  nameOf,
  setBufferSize,
  setIpOption,
  setOption,
  speaksIPv4,
  speaksIPv6,
} from "../socket/option.ts";
import {
  attachFilter,
  attachReusePortProgram,
  checkProgram,
  type SocketProgram,
} from "../socket/filter.ts";
import { checkPort, type Endpoint } from "../socket/sockaddr.ts";
import {
  checkTransmitTime,
  setTimestamping,
  setTransmitTime,
  type Timestamping,
  timestampingFlags,
  type TransmitTimeOptions,
} from "../socket/timestamping.ts";
import {
  type AddressPreference,
  addressPreferenceFlags,
  checkIntegerOption,
  checkPortRange,
  isIntegerKey,
  type PathMtuDiscovery,
  pathMtuDiscoveryMode,
  setAddressPreferences,
  setIntegerOption,
  setPathMtuDiscovery,
  setPortRange,
} from "./socket_options.ts";

/** Options of a UDP socket that can also be set once it is bound. */
export interface UdpSocketSettings {
  /**
   * Receive packet info: the local address and interface of each datagram, from
   * which replies are sent; default true. The name of a struct enables only
   * that one, to test a socket without the other.
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
  /** Bind to this interface, by name (SO_BINDTODEVICE) or index (SO_BINDTOIFINDEX). */
  readonly interface?: string | number | undefined;
  /** Firewall mark of sent datagrams (SO_MARK); needs CAP_NET_ADMIN. */
  readonly mark?: number | undefined;
  /**
   * Priority of sent datagrams in queueing disciplines (SO_PRIORITY, socket(7));
   * default: from the traffic class. Above 6 it needs CAP_NET_ADMIN.
   */
  readonly priority?: number | undefined;
  /**
   * Microseconds to busy-poll the device's receive queue when there is nothing to
   * read (SO_BUSY_POLL, socket(7)); more than net.core.busy_read needs
   * CAP_NET_ADMIN.
   */
  readonly busyPoll?: number | undefined;
  /**
   * The CPU whose datagrams this socket of a `reusePort` group receives
   * (SO_INCOMING_CPU, socket(7)).
   */
  readonly incomingCpu?: number | undefined;
  /**
   * Path MTU discovery, for both IP versions; default: `want`, or what the sysctl
   * net.ipv4.ip_no_pmtu_disc says.
   */
  readonly pathMtuDiscovery?: PathMtuDiscovery | undefined;
  /**
   * Never fragment: a datagram longer than the path MTU fails with EMSGSIZE. IPv4
   * as with path MTU discovery `do`; IPv6 with IPV6_DONTFRAG (RFC 3542, section
   * 11.2), regardless of path MTU discovery.
   */
  readonly dontFragment?: boolean | undefined;
  /**
   * Bind to, and send from, addresses that are not this host's, and receive what
   * the TPROXY target redirects (IP_TRANSPARENT, IPV6_TRANSPARENT); needs
   * CAP_NET_ADMIN. Source: ip(7), Documentation/networking/tproxy.rst.
   */
  readonly transparent?: boolean | undefined;
  /**
   * Report the address and port that each datagram was sent to, which differ from
   * the socket's with TPROXY (IP_RECVORIGDSTADDR, ip(7)).
   */
  readonly receiveOriginalDestination?: boolean | undefined;
  /** Report the flow label of each IPv6 datagram (IPV6_FLOWINFO, ipv6(7)). */
  readonly receiveFlowLabel?: boolean | undefined;
  /**
   * Whether the kernel gives sent IPv6 datagrams a flow label (IPV6_AUTOFLOWLABEL,
   * RFC 6438); default: as the sysctl net.ipv6.auto_flowlabels says.
   */
  readonly autoFlowLabel?: boolean | undefined;
  /** Which IPv6 source addresses are preferred (RFC 5014). */
  readonly addressPreferences?: readonly AddressPreference[] | undefined;
  /**
   * A BPF program that the kernel runs on each datagram, starting at its UDP
   * header (SO_ATTACH_FILTER, socket(7)). It is attached before bind(2), so
   * that it applies to all datagrams.
   */
  readonly filter?: SocketProgram | undefined;
  /**
   * A BPF program that selects the socket of the `reusePort` group for each
   * datagram (SO_ATTACH_REUSEPORT_CBPF and _EBPF, socket(7)). It returns an index
   * in the order of bind(), and sees the datagram from the UDP payload on.
   */
  readonly reusePortProgram?: SocketProgram | undefined;
  /** Time stamps of received and sent datagrams (SO_TIMESTAMPING). */
  readonly timestamping?: Timestamping | undefined;
  /** Enable `transmitTime` of sent datagrams (SO_TXTIME). */
  readonly transmitTime?: TransmitTimeOptions | undefined;
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
  /**
   * Combine datagrams that differ only in their payloads into one message that
   * the kernel splits (UDP_SEGMENT); default true. With false each datagram is
   * sent separately.
   */
  readonly gso?: boolean | undefined;
  /**
   * Reply through the interface that the datagram arrived on, regardless of the
   * routes; default false. `pinInterface` of a reply overrides it.
   */
  readonly pinInterface?: boolean | undefined;
  /** TTL and hop limit of sent multicast, 0 to 255; default 1. */
  readonly multicastTtl?: number | undefined;
  /** Whether members on this host receive the multicast that is sent; default true. */
  readonly multicastLoop?: boolean | undefined;
  /** Receive multicast only of groups that this socket joined; default true, unlike the kernel's. */
  readonly multicastOnlyJoined?: boolean | undefined;
}

/** Options of a new UDP socket; each has a default. */
export interface BindOptions extends UdpSocketSettings {
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
   * Connect to this peer: only its datagrams are received. Between bind(2) and
   * connect(2) a filter drops all datagrams, so none of another peer is received.
   */
  readonly peer?: Endpoint | undefined;
  /** With `port` 0: the ports to pick from, first and last (IP_LOCAL_PORT_RANGE, ip(7)); since Linux 6.3. */
  readonly localPortRange?: readonly [first: number, last: number] | undefined;
  /**
   * Bind to an address that this host does not have yet, and reply from the
   * addresses of an AnyIP route (IP_FREEBIND, IPV6_FREEBIND).
   */
  readonly freeBind?: boolean | undefined;
  /** Open the socket in this network namespace. */
  readonly namespace?: Namespace | undefined;
}

/** All options: a misspelt one must not bind to all addresses. */
const KEYS: Readonly<Record<keyof BindOptions, true>> = {
  address: true,
  port: true,
  family: true,
  packetInfo: true,
  reuseAddress: true,
  reusePort: true,
  receiveBuffer: true,
  sendBuffer: true,
  ttl: true,
  trafficClass: true,
  broadcast: true,
  interface: true,
  freeBind: true,
  mark: true,
  receiveTtl: true,
  receiveTrafficClass: true,
  receiveTimestamp: true,
  receiveOverflow: true,
  receiveErrors: true,
  gro: true,
  gso: true,
  pinInterface: true,
  multicastTtl: true,
  multicastLoop: true,
  multicastOnlyJoined: true,
  priority: true,
  busyPoll: true,
  incomingCpu: true,
  pathMtuDiscovery: true,
  dontFragment: true,
  transparent: true,
  receiveOriginalDestination: true,
  receiveFlowLabel: true,
  autoFlowLabel: true,
  addressPreferences: true,
  filter: true,
  reusePortProgram: true,
  timestamping: true,
  transmitTime: true,
  localPortRange: true,
  peer: true,
  namespace: true,
};

/** Options that an open socket does not have. */
const BIND_ONLY: ReadonlySet<string> = new Set<
  Exclude<keyof BindOptions, keyof UdpSocketSettings>
>([
  "address",
  "port",
  "family",
  "peer",
  "localPortRange",
  "freeBind",
  "namespace",
]);

function unknownOption(key: string, known: readonly string[]): ArgumentError {
  return new ArgumentError("options", key, `one of ${known.join(", ")}`);
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
 * @throws {ArgumentError} For an unknown option, an invalid value or options that
 * contradict.
 */
export function planBind(options: BindOptions): Plan {
  for (const key in options) {
    if (!Object.hasOwn(KEYS, key)) throw unknownOption(key, Object.keys(KEYS));
  }
  const port = checkPort(options.port ?? 0);
  const { family } = options;
  if (family !== undefined && !FAMILIES.includes(family)) {
    throw new ArgumentError("family", family, `one of ${FAMILIES.join(", ")}`);
  }
  const plan = planAddress(options, port);
  checkPacketInfo(plan.family, options.packetInfo);
  checkOptions(plan.family, options);
  if (options.peer !== undefined) {
    parseAddress(options.peer.address, "peer.address");
    checkPort(options.peer.port, "peer.port");
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

/**
 * Checks options for an open socket; makes no system call.
 *
 * @throws {ArgumentError} For an unknown option or an invalid value.
 */
export function checkSettings(
  family: Family,
  options: UdpSocketSettings,
): void {
  for (const key in options) {
    if (Object.hasOwn(KEYS, key) && !BIND_ONLY.has(key)) continue;
    const known = Object.keys(KEYS).filter((known) => !BIND_ONLY.has(known));
    throw unknownOption(key, known);
  }
  checkPacketInfo(family, options.packetInfo);
  checkOptions(family, options);
}

/** @throws {ArgumentError} For packet info that the socket would not get. */
function checkPacketInfo(
  family: Family,
  packetInfo: BindOptions["packetInfo"],
): void {
  if (!PACKET_INFO.includes(packetInfo)) {
    throw new ArgumentError(
      "packetInfo",
      packetInfo,
      "true, false, in_pktinfo or in6_pktinfo",
    );
  }
  // The socket would get no packet info, and replies would use any address.
  if (
    family === "ipv4" && packetInfo === "in6_pktinfo" ||
    family === "ipv6" && packetInfo === "in_pktinfo"
  ) {
    throw new ArgumentError(
      "packetInfo",
      packetInfo,
      `an option of an ${family} socket`,
    );
  }
}

/**
 * Checks the values of options; makes no system call.
 *
 * @throws {ArgumentError} For an invalid one.
 */
function checkOptions(
  family: Family,
  options: BindOptions,
): void {
  // Only the given ones: a program may open a socket for each query.
  for (const key in options) {
    if (!isIntegerKey(key)) continue;
    const value = options[key];
    if (value !== undefined) checkIntegerOption(family, key, value);
  }
  checkBufferSize("receiveBuffer", options.receiveBuffer);
  checkBufferSize("sendBuffer", options.sendBuffer);
  if (typeof options.interface === "number") {
    wholeNumber("interface", options.interface, 1, 0x7fffffff);
  } else if (options.interface !== undefined) {
    checkInterfaceName(options.interface, "interface");
  }
  const { pathMtuDiscovery, addressPreferences, localPortRange } = options;
  if (pathMtuDiscovery !== undefined) pathMtuDiscoveryMode(pathMtuDiscovery);
  if (
    options.dontFragment && pathMtuDiscovery !== undefined &&
    family !== "ipv6" && !["do", "probe"].includes(pathMtuDiscovery)
  ) {
    throw new ArgumentError(
      "pathMtuDiscovery",
      pathMtuDiscovery,
      "do or probe, as dontFragment requires for IPv4",
    );
  }
  if (addressPreferences !== undefined) {
    addressPreferenceFlags(addressPreferences);
    if (family === "ipv4") {
      throw new ArgumentError(
        "addressPreferences",
        addressPreferences,
        "an option of an ipv4 socket",
      );
    }
  }
  if (localPortRange !== undefined) checkPortRange(localPortRange);
  if (options.filter !== undefined) checkProgram("filter", options.filter);
  if (options.reusePortProgram !== undefined) {
    checkProgram("reusePortProgram", options.reusePortProgram);
  }
  if (options.timestamping !== undefined) {
    timestampingFlags(options.timestamping);
  }
  if (options.transmitTime !== undefined) {
    checkTransmitTime(options.transmitTime);
  }
}

function checkBufferSize(key: string, bytes: number | undefined): void {
  if (bytes !== undefined) wholeNumber(key, bytes, 1, 0x3fffffff);
}

/**
 * Sets options that cannot be set after bind(2).
 *
 * @returns The names of default options that the kernel does not have;
 *   undefined for none.
 * @throws {SystemError}
 */
export function applyBindOptions(
  fd: number,
  { family }: Plan,
  options: BindOptions,
): readonly string[] | undefined {
  missing = undefined;
  const only = family === "ipv6" ? 1 : 0;
  const setOnly = options.family === undefined ? setDefault : setIpOption;
  missing = undefined;
  setOnly(fd, family, undefined, { IPV6_V6ONLY }, only);
  if (options.localPortRange !== undefined) {
    setPortRange(fd, options.localPortRange);
  }
  return applyOptions(fd, family, options, true);
}

/**
 * Sets options, with packet info unless it is false. Before bind(2) if
 * possible: a datagram that is queued earlier carries no packet info.
 *
 * @param opens Whether the socket was just opened: the kernel's default of
 * IP_MULTICAST_ALL is the opposite of this library's.
 * @returns The names of default options that the kernel does not have;
 *   undefined for none.
 * @throws {SystemError}
 */
export function applyOptions(
  fd: number,
  family: Family,
  options: BindOptions,
  opens = false,
): readonly string[] | undefined {
  if (!opens) missing = undefined;
  const { packetInfo = true } = options;
  if (packetInfo !== false) {
    const set = options.packetInfo === undefined ? setDefault : setIpOption;
    set(
      fd,
      family,
      packetInfo === "in6_pktinfo" ? undefined : { IP_PKTINFO },
      packetInfo === "in_pktinfo" ? undefined : { IPV6_RECVPKTINFO },
      1,
    );
  }
  for (const key in options) {
    if (!isIntegerKey(key) || key === "priority") continue;
    const value = options[key];
    if (value !== undefined) setIntegerOption(fd, family, key, value);
  }
  // Last, because the kernel derives the priority from the traffic class.
  if (options.priority !== undefined) {
    setIntegerOption(fd, family, "priority", options.priority);
  }
  if (options.receiveBuffer !== undefined) {
    setBufferSize(fd, "receive", options.receiveBuffer);
  }
  if (options.sendBuffer !== undefined) {
    setBufferSize(fd, "send", options.sendBuffer);
  }
  if (options.interface !== undefined) bindToDevice(fd, options.interface);
  const { multicastOnlyJoined } = options;
  if (opens || multicastOnlyJoined !== undefined) {
    const all = multicastOnlyJoined ?? true ? 0 : 1;
    const set = multicastOnlyJoined === undefined ? setDefault : setIpOption;
    set(fd, family, { IP_MULTICAST_ALL }, { IPV6_MULTICAST_ALL }, all);
  }
  if (options.gro) setOption(fd, SOL_UDP, { UDP_GRO }, 1);
  if (options.pathMtuDiscovery !== undefined) {
    setPathMtuDiscovery(fd, family, options.pathMtuDiscovery);
  }
  if (options.dontFragment !== undefined) {
    const never = options.dontFragment ? 1 : 0;
    setIpOption(fd, family, undefined, { IPV6_DONTFRAG }, never);
    if (never === 1 && options.pathMtuDiscovery === undefined) {
      const mode = IP_PMTUDISC_DO;
      setIpOption(fd, family, { IP_MTU_DISCOVER }, undefined, mode);
    }
  }
  if (options.addressPreferences !== undefined) {
    setAddressPreferences(fd, options.addressPreferences);
  }
  if (options.filter !== undefined) attachFilter(fd, options.filter);
  if (options.reusePortProgram !== undefined) {
    attachReusePortProgram(fd, options.reusePortProgram);
  }
  if (options.timestamping !== undefined) {
    setTimestamping(fd, options.timestamping);
  }
  if (options.transmitTime !== undefined) {
    setTransmitTime(fd, options.transmitTime);
  }
  return missing;
}

/** Options that this kernel rejected with ENOPROTOOPT, by their C names. */
const absent = new Set<string>();
/** The default options that the socket being bound does not have. */
let missing: string[] | undefined;

/**
 * Sets a default option: if the kernel does not have it, as in system call
 * emulators, the socket is bound without it.
 */
const setDefault: typeof setIpOption = (fd, family, ipv4, ipv6, value) => {
  if (ipv4 !== undefined && speaksIPv4(family)) {
    setDefaultOf(fd, family, ipv4, undefined, value);
  }
  if (ipv6 !== undefined && speaksIPv6(family)) {
    setDefaultOf(fd, family, undefined, ipv6, value);
  }
};

const setDefaultOf: typeof setIpOption = (fd, family, ipv4, ipv6, value) => {
  const name = nameOf((ipv4 ?? ipv6)!);
  if (!absent.has(name)) {
    try {
      return setIpOption(fd, family, ipv4, ipv6, value);
    } catch (error) {
      const lacks = error instanceof SystemError && error.errno === ENOPROTOOPT;
      if (!lacks) throw error;
      absent.add(name);
    }
  }
  (missing ??= []).push(name);
};

function bindToDevice(fd: number, device: string | number): void {
  const [option, value] = typeof device === "number"
    ? [{ SO_BINDTOIFINDEX }, device]
    : [{ SO_BINDTODEVICE }, cString(device)];
  setOption(fd, SOL_SOCKET, option, value, (code) => ({
    tried: `bind a UDP socket to interface ${device}`,
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
