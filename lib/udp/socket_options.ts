// Options of an open UDP socket.

import { ENOTCONN } from "../../ffi/errno.ts";
import {
  IP_MTU,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MTU,
  SOL_UDP,
} from "../../ffi/uapi/netinet_in.ts";
import { SOL_SOCKET } from "../../ffi/uapi/sys_socket.ts";
import { bufferSize, setBufferSize } from "../socket/buffers.ts";
import {
  attachFilter,
  attachReusePortProgram,
  checkProgram,
  detachFilter,
  detachReusePortProgram,
  type SocketProgram,
} from "../socket/filter.ts";
import {
  type Family,
  getOption,
  getOptionBytes,
  setOption,
} from "../socket/option.ts";
import { ArgumentError } from "../errors.ts";
import { wholeNumber } from "../whole_number.ts";
import {
  checkIntegerOption,
  getIntegerOption,
  getPathMtuDiscovery,
  type IntegerKey,
  type PathMtuDiscovery,
  setIntegerOption,
  setPathMtuDiscovery,
} from "./option_table.ts";

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
