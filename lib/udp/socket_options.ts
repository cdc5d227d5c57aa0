// Options of an open UDP socket.

import { ENOTCONN } from "../../ffi/errno.ts";
import {
  IP_FREEBIND,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_DONT,
  IP_PMTUDISC_INTERFACE,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  IP_PMTUDISC_WANT,
  IP_RECVERR,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADDR_PREFERENCES,
  IPV6_AUTOFLOWLABEL,
  IPV6_FREEBIND,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_LOOP,
  IPV6_PREFER_SRC_COA,
  IPV6_PREFER_SRC_HOME,
  IPV6_PREFER_SRC_PUBLIC,
  IPV6_PREFER_SRC_PUBTMP_DEFAULT,
  IPV6_PREFER_SRC_TMP,
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVORIGDSTADDR,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_TRANSPARENT,
  IPV6_UNICAST_HOPS,
  newer,
  SOL_UDP,
} from "../../ffi/uapi/netinet_in.ts";
import {
  SO_BROADCAST,
  SO_BUSY_POLL,
  SO_INCOMING_CPU,
  SO_MARK,
  SO_PRIORITY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import {
  bufferSize,
  type Family,
  getOption,
  getOptionBytes,
  type NamedOption,
  setBufferSize,
  setIpOption,
  setOption,
} from "../socket/option.ts";
import {
  attachFilter,
  attachReusePortProgram,
  checkProgram,
  detachFilter,
  detachReusePortProgram,
  type SocketProgram,
} from "../socket/filter.ts";
import { ArgumentError, wholeNumber } from "../errors.ts";

/** The level of a socket option: SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6 or IPPROTO_UDP. */
export type OptionLevel = "socket" | "ip" | "ipv6" | "udp";

const LEVELS: Readonly<Record<OptionLevel, number>> = {
  socket: SOL_SOCKET,
  ip: IPPROTO_IP,
  ipv6: IPPROTO_IPV6,
  udp: SOL_UDP,
};

/** The maximum size of an option that get() reads. */
const LONGEST = 4096;

/**
 * Options of an open UDP socket. A getter reads the option from the kernel; a
 * setter sets it for every IP version of the socket. For a dual socket with
 * different values, a getter returns the IPv6 value.
 *
 * Getters and setters throw ClosedError if the socket is closed. Setters throw
 * ArgumentError for an invalid value, and SystemError if the kernel rejects it.
 *
 * Source: socket(7), ip(7), ipv6(7).
 *
 * @example
 * ```ts
 * import { UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ address: "127.0.0.1" });
 * socket.options.ttl = 3;
 * socket.options.receiveBuffer = 100_000;
 * console.log(socket.options.ttl, socket.options.receiveBuffer); // 3 200000
 * ```
 */
export class UdpSocketOptions {
  readonly #socket: { readonly fd: number };
  readonly #family: Family;

  /**
   * Use UdpSocket.options.
   *
   * @internal
   */
  constructor(socket: { readonly fd: number }, family: Family) {
    this.#socket = socket;
    this.#family = family;
  }

  #get(key: IntegerKey): number {
    return getIntegerOption(this.#socket.fd, this.#family, key);
  }

  #set(key: IntegerKey, value: number | boolean): void {
    checkIntegerOption(this.#family, key, value);
    setIntegerOption(this.#socket.fd, this.#family, key, value);
  }

  /** TTL and hop limit of sent unicast datagrams, 1 to 255. */
  get ttl(): number {
    return this.#get("ttl");
  }
  set ttl(value: number) {
    this.#set("ttl", value);
  }

  /** TOS and traffic class byte of sent datagrams, 0 to 255; ECN is its two low bits. */
  get trafficClass(): number {
    return this.#get("trafficClass");
  }
  set trafficClass(value: number) {
    this.#set("trafficClass", value);
  }

  /** Whether sending to broadcast addresses is allowed. */
  get broadcast(): boolean {
    return this.#get("broadcast") !== 0;
  }
  set broadcast(value: boolean) {
    this.#set("broadcast", value);
  }

  /** TTL and hop limit of sent multicast, 0 to 255. */
  get multicastTtl(): number {
    return this.#get("multicastTtl");
  }
  set multicastTtl(value: number) {
    this.#set("multicastTtl", value);
  }

  /** Whether members on this host receive the multicast that is sent. */
  get multicastLoop(): boolean {
    return this.#get("multicastLoop") !== 0;
  }
  set multicastLoop(value: boolean) {
    this.#set("multicastLoop", value);
  }

  /**
   * The effective receive buffer in bytes: the kernel doubles what is set, for its
   * own overhead, and without CAP_NET_ADMIN limits it to net.core.rmem_max.
   */
  get receiveBuffer(): number {
    return bufferSize(this.#socket.fd, "receive");
  }
  set receiveBuffer(bytes: number) {
    wholeNumber("receiveBuffer", bytes, 1, 0x3fffffff);
    setBufferSize(this.#socket.fd, "receive", bytes);
  }

  /** The effective send buffer in bytes; as for the receive buffer, with net.core.wmem_max. */
  get sendBuffer(): number {
    return bufferSize(this.#socket.fd, "send");
  }
  set sendBuffer(bytes: number) {
    wholeNumber("sendBuffer", bytes, 1, 0x3fffffff);
    setBufferSize(this.#socket.fd, "send", bytes);
  }

  /** Firewall mark of sent datagrams; setting it needs CAP_NET_ADMIN. */
  get mark(): number {
    return this.#get("mark") >>> 0;
  }
  set mark(value: number) {
    this.#set("mark", value);
  }

  /** Priority of sent datagrams in queueing disciplines; above 6 it needs CAP_NET_ADMIN. */
  get priority(): number {
    return this.#get("priority");
  }
  set priority(value: number) {
    this.#set("priority", value);
  }

  /** Microseconds to busy-poll the device's receive queue. */
  get busyPoll(): number {
    return this.#get("busyPoll");
  }
  set busyPoll(microseconds: number) {
    this.#set("busyPoll", microseconds);
  }

  /**
   * The CPU whose datagrams this socket of a `reusePort` group receives. If it was
   * not set, that of a connected socket is the CPU that processed the last
   * datagram; -1 otherwise.
   */
  get incomingCpu(): number {
    return this.#get("incomingCpu");
  }
  set incomingCpu(cpu: number) {
    this.#set("incomingCpu", cpu);
  }

  /** Path MTU discovery, for both IP versions. */
  get pathMtuDiscovery(): PathMtuDiscovery {
    return getPathMtuDiscovery(this.#socket.fd, this.#family);
  }
  set pathMtuDiscovery(mode: PathMtuDiscovery) {
    setPathMtuDiscovery(this.#socket.fd, this.#family, mode);
  }

  /**
   * The path MTU to the peer of a connected socket, in bytes with the IP
   * header: the one that ICMP reported, else the MTU of the route or interface.
   * Use `pathMtu()` for other peers. Throws SystemError ENOTCONN without a
   * peer.
   *
   * Source: IP_MTU of ip(7), IPV6_MTU of ipv6(7).
   */
  get pathMtu(): number {
    const { fd } = this.#socket;
    const explain = (code: number) => ({
      tried: "read the path MTU",
      ...(code === ENOTCONN
        ? { advice: "Connect the socket, or call pathMtu() with the peer" }
        : {}),
    });
    // The kernel reads both from the connected route, also for a mapped peer.
    return this.#family === "ipv4"
      ? getOption(fd, IPPROTO_IP, { IP_MTU }, explain)
      : getOption(fd, IPPROTO_IPV6, { IPV6_MTU }, explain);
  }

  /**
   * Attaches a BPF program that the kernel runs on each datagram, starting at
   * its UDP header: it returns the bytes to keep, 0 to drop the datagram. It
   * replaces the previous one; undefined removes it.
   *
   * Source: SO_ATTACH_FILTER of socket(7).
   *
   * @throws {ArgumentError} For an invalid program.
   * @throws {SystemError} ENOENT without a program to remove.
   */
  setFilter(program: SocketProgram | undefined): void {
    if (program === undefined) return detachFilter(this.#socket.fd);
    checkProgram("program", program);
    attachFilter(this.#socket.fd, program);
  }

  /**
   * Attaches the BPF program that selects the socket of the `reusePort` group for
   * each datagram; see BindOptions.reusePortProgram. Undefined removes it.
   *
   * @throws {ArgumentError} For an invalid program.
   * @throws {SystemError} EINVAL without `reusePort`; ENOENT without a program
   *   to remove.
   */
  setReusePortProgram(program: SocketProgram | undefined): void {
    if (program === undefined) return detachReusePortProgram(this.#socket.fd);
    checkProgram("program", program);
    attachReusePortProgram(this.#socket.fd, program);
  }

  /**
   * Reads an option without a property here, by its number in C.
   *
   * Source: getsockopt(2).
   *
   * @param level Its level.
   * @param option Its number, for example 101 for UDP_NO_CHECK6_TX.
   * @throws {SystemError} ENOPROTOOPT if the kernel does not have it.
   */
  get(level: OptionLevel, option: number): number;
  /**
   * Reads an option that is a struct.
   *
   * @param level Its level.
   * @param option Its number.
   * @param length The size of the struct, 1 to 4096.
   * @returns The bytes that the kernel wrote.
   * @throws {SystemError} ENOPROTOOPT if the kernel does not have it.
   */
  get(
    level: OptionLevel,
    option: number,
    length: number,
  ): Uint8Array<ArrayBuffer>;
  get(
    level: OptionLevel,
    option: number,
    length?: number,
  ): number | Uint8Array<ArrayBuffer> {
    const { fd } = this.#socket;
    const named = nameOption(level, option);
    if (length === undefined) return getOption(fd, LEVELS[level], named);
    const value = new Uint8Array(wholeNumber("length", length, 1, LONGEST));
    return value.subarray(0, getOptionBytes(fd, LEVELS[level], named, value));
  }

  /**
   * Sets an option without a property here, by its number in C.
   *
   * Source: setsockopt(2).
   *
   * @param level Its level.
   * @param option Its number.
   * @param value An int, or the bytes of a struct.
   * @throws {SystemError} ENOPROTOOPT if the kernel does not have it; EINVAL,
   *   EPERM ... if it rejects the value.
   */
  set(
    level: OptionLevel,
    option: number,
    value: number | Uint8Array<ArrayBuffer>,
  ): void {
    const named = nameOption(level, option);
    if (typeof value === "number") {
      wholeNumber("value", value, -0x80000000, 0xffffffff);
    }
    setOption(this.#socket.fd, LEVELS[level], named, value);
  }
}

/** @throws {ArgumentError} For an unknown level or an invalid number. */
function nameOption(
  level: OptionLevel,
  option: number,
): Readonly<Record<string, number>> {
  if (!Object.hasOwn(LEVELS, level)) {
    const expected = `one of ${Object.keys(LEVELS).join(", ")}`;
    throw new ArgumentError("level", level, expected);
  }
  wholeNumber("option", option, 0, 0x7fffffff);
  return { [`option ${option} of ${level}`]: option };
}

// Integer and enumerated options of a UDP socket: their C names for each IP
// version, and their ranges. bind() and UdpSocketOptions use the same entries.

/** An option of type int. */
interface IntegerOption {
  /** Minimum and maximum; absent for a boolean. */
  readonly range?: readonly [least: number, most: number];
  /** The option of SOL_SOCKET. */
  readonly socket?: NamedOption;
  /** The option of IPPROTO_IP, for IPv4 peers, mapped ones included. */
  readonly ipv4?: NamedOption;
  /** The option of IPPROTO_IPV6. */
  readonly ipv6?: NamedOption;
}

const { IP_LOCAL_PORT_RANGE, IPV6_FLOWINFO } = newer;
const INT_MAX = 0x7fffffff;

const INTEGERS = {
  reuseAddress: { socket: { SO_REUSEADDR } },
  reusePort: { socket: { SO_REUSEPORT } },
  broadcast: { socket: { SO_BROADCAST } },
  mark: { range: [0, 0xffffffff], socket: { SO_MARK } },
  priority: { range: [0, INT_MAX], socket: { SO_PRIORITY } },
  busyPoll: { range: [0, INT_MAX], socket: { SO_BUSY_POLL } },
  incomingCpu: { range: [0, INT_MAX], socket: { SO_INCOMING_CPU } },
  receiveTimestamp: { socket: { SO_TIMESTAMPNS } },
  receiveOverflow: { socket: { SO_RXQ_OVFL } },
  ttl: { range: [1, 255], ipv4: { IP_TTL }, ipv6: { IPV6_UNICAST_HOPS } },
  trafficClass: { range: [0, 255], ipv4: { IP_TOS }, ipv6: { IPV6_TCLASS } },
  multicastTtl: {
    range: [0, 255],
    ipv4: { IP_MULTICAST_TTL },
    ipv6: { IPV6_MULTICAST_HOPS },
  },
  multicastLoop: {
    ipv4: { IP_MULTICAST_LOOP },
    ipv6: { IPV6_MULTICAST_LOOP },
  },
  freeBind: { ipv4: { IP_FREEBIND }, ipv6: { IPV6_FREEBIND } },
  transparent: { ipv4: { IP_TRANSPARENT }, ipv6: { IPV6_TRANSPARENT } },
  receiveTtl: { ipv4: { IP_RECVTTL }, ipv6: { IPV6_RECVHOPLIMIT } },
  receiveTrafficClass: { ipv4: { IP_RECVTOS }, ipv6: { IPV6_RECVTCLASS } },
  receiveErrors: { ipv4: { IP_RECVERR }, ipv6: { IPV6_RECVERR } },
  receiveOriginalDestination: {
    ipv4: { IP_RECVORIGDSTADDR },
    ipv6: { IPV6_RECVORIGDSTADDR },
  },
  receiveFlowLabel: { ipv6: { IPV6_FLOWINFO } },
  autoFlowLabel: { ipv6: { IPV6_AUTOFLOWLABEL } },
} as const satisfies Record<string, IntegerOption>;

/** An option that is an int or a boolean. */
export type IntegerKey = keyof typeof INTEGERS;

/** Whether an option is one of these. */
export function isIntegerKey(key: string): key is IntegerKey {
  return Object.hasOwn(INTEGERS, key);
}

/** @throws {ArgumentError} For a value out of range, or the wrong IP version. */
export function checkIntegerOption(
  family: Family,
  key: IntegerKey,
  value: number | boolean,
): void {
  const { range, ipv4, ipv6 }: IntegerOption = INTEGERS[key];
  if (range !== undefined) {
    wholeNumber(key, Number(value), range[0], range[1]);
  }
  if (family === "ipv4" && ipv6 !== undefined && ipv4 === undefined) {
    throw new ArgumentError(key, value, "an option of an ipv4 socket");
  }
}

/** Sets an option, for each IP version of the socket. @throws {SystemError} */
export function setIntegerOption(
  fd: number,
  family: Family,
  key: IntegerKey,
  value: number | boolean,
): void {
  const { socket, ipv4, ipv6 }: IntegerOption = INTEGERS[key];
  if (socket !== undefined) setOption(fd, SOL_SOCKET, socket, Number(value));
  else setIpOption(fd, family, ipv4, ipv6, Number(value));
}

/** Reads an option; for a dual socket the IPv6 one. @throws {SystemError} */
export function getIntegerOption(
  fd: number,
  family: Family,
  key: IntegerKey,
): number {
  const { socket, ipv4, ipv6 }: IntegerOption = INTEGERS[key];
  if (socket !== undefined) return getOption(fd, SOL_SOCKET, socket);
  return family === "ipv4"
    ? getOption(fd, IPPROTO_IP, ipv4!)
    : getOption(fd, IPPROTO_IPV6, ipv6!);
}

/**
 * Path MTU discovery: whether datagrams may be fragmented, and which MTU bounds
 * them.
 *
 * | mode        | don't fragment (IPv4) | longest datagram             | ICMP "too big" |
 * | ----------- | --------------------- | ---------------------------- | -------------- |
 * | `off`       | no                    | 64 KiB; fragmented           | believed       |
 * | `want`      | up to the path MTU    | 64 KiB; fragmented           | believed       |
 * | `do`        | yes                   | path MTU, else EMSGSIZE      | believed       |
 * | `probe`     | yes                   | interface MTU, else EMSGSIZE | reported only  |
 * | `interface` | no                    | interface MTU, else EMSGSIZE | ignored        |
 * | `omit`      | no                    | 64 KiB; fragmented           | ignored        |
 *
 * `probe` is for protocols that search the path MTU themselves (QUIC, RFC 8899),
 * `do` for those that use the kernel's, `interface` and `omit` for DNS servers,
 * which forged ICMP must not make fragment.
 *
 * Source: IP_MTU_DISCOVER of ip(7), IPV6_MTU_DISCOVER of ipv6(7).
 */
export type PathMtuDiscovery =
  | "off"
  | "want"
  | "do"
  | "probe"
  | "interface"
  | "omit";

const PATH_MTU_DISCOVERY: Readonly<Record<PathMtuDiscovery, number>> = {
  off: IP_PMTUDISC_DONT,
  want: IP_PMTUDISC_WANT,
  do: IP_PMTUDISC_DO,
  probe: IP_PMTUDISC_PROBE,
  interface: IP_PMTUDISC_INTERFACE,
  omit: IP_PMTUDISC_OMIT,
};

/** The number of a mode. @throws {ArgumentError} For any other. */
export function pathMtuDiscoveryMode(mode: PathMtuDiscovery): number {
  if (Object.hasOwn(PATH_MTU_DISCOVERY, mode)) return PATH_MTU_DISCOVERY[mode];
  const modes = Object.keys(PATH_MTU_DISCOVERY).join(", ");
  throw new ArgumentError("pathMtuDiscovery", mode, `one of ${modes}`);
}

/** Sets the mode for each IP version of the socket. @throws {SystemError} */
export function setPathMtuDiscovery(
  fd: number,
  family: Family,
  mode: PathMtuDiscovery,
): void {
  const value = pathMtuDiscoveryMode(mode);
  setIpOption(fd, family, { IP_MTU_DISCOVER }, { IPV6_MTU_DISCOVER }, value);
}

/** Reads the mode; of a dual socket the IPv6 one. @throws {SystemError} */
export function getPathMtuDiscovery(
  fd: number,
  family: Family,
): PathMtuDiscovery {
  const value = family === "ipv4"
    ? getOption(fd, IPPROTO_IP, { IP_MTU_DISCOVER })
    : getOption(fd, IPPROTO_IPV6, { IPV6_MTU_DISCOVER });
  const modes = Object.entries(PATH_MTU_DISCOVERY);
  return modes.find(([, number]) => number === value)![0] as PathMtuDiscovery;
}

/**
 * Which IPv6 source addresses the kernel prefers: temporary ones (RFC 8981),
 * public ones, or as the sysctl use_tempaddr says (`default`); with Mobile IPv6
 * the home or the care-of address.
 *
 * Source: RFC 5014, IPV6_ADDR_PREFERENCES of linux/in6.h.
 */
export type AddressPreference =
  | "temporary"
  | "public"
  | "default"
  | "home"
  | "care-of";

const ADDRESS_PREFERENCES: Readonly<Record<AddressPreference, number>> = {
  temporary: IPV6_PREFER_SRC_TMP,
  public: IPV6_PREFER_SRC_PUBLIC,
  default: IPV6_PREFER_SRC_PUBTMP_DEFAULT,
  home: IPV6_PREFER_SRC_HOME,
  "care-of": IPV6_PREFER_SRC_COA,
};

/** The flags of preferences. @throws {ArgumentError} For an unknown one. */
export function addressPreferenceFlags(
  preferences: readonly AddressPreference[],
): number {
  let flags = 0;
  for (const preference of preferences) {
    if (!Object.hasOwn(ADDRESS_PREFERENCES, preference)) {
      const known = Object.keys(ADDRESS_PREFERENCES).join(", ");
      throw new ArgumentError(
        "addressPreferences",
        preference,
        `one of ${known}`,
      );
    }
    flags |= ADDRESS_PREFERENCES[preference];
  }
  return flags;
}

/** Sets the preferences. @throws {SystemError} EINVAL if they contradict. */
export function setAddressPreferences(
  fd: number,
  preferences: readonly AddressPreference[],
): void {
  const flags = addressPreferenceFlags(preferences);
  setOption(fd, IPPROTO_IPV6, { IPV6_ADDR_PREFERENCES }, flags);
}

/** @throws {ArgumentError} Unless it is two ports, the lower one first. */
export function checkPortRange(range: readonly [number, number]): void {
  const [low, high] = range;
  wholeNumber("localPortRange", low, 1, 65535);
  wholeNumber("localPortRange", high, low, 65535);
}

/** Sets the ports that bind() picks from. @throws {SystemError} */
export function setPortRange(
  fd: number,
  [low, high]: readonly [number, number],
): void {
  // An option of IPPROTO_IP for both IP versions.
  setOption(
    fd,
    IPPROTO_IP,
    { IP_LOCAL_PORT_RANGE },
    low | high << 16,
    () => ({
      tried: `set the local port range ${low} to ${high}`,
      advice: "IP_LOCAL_PORT_RANGE exists since Linux 6.3",
    }),
  );
}
