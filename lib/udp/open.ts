// Opens, binds and connects UDP sockets, and takes over open ones, for example of a
// service manager.

import { EAFNOSUPPORT, SystemError } from "../../ffi/errno.ts";
import { libc, unwrap } from "../../ffi/libc.ts";
import {
  F_GETFL,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  O_NONBLOCK,
} from "../../ffi/uapi/fcntl.ts";
import {
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_RECVERR,
  IPV6_V6ONLY,
  SOL_UDP,
  UDP_GRO,
} from "../../ffi/uapi/netinet_in.ts";
import {
  AF_INET,
  AF_INET6,
  SO_BINDTOIFINDEX,
  SO_DOMAIN,
  SO_PROTOCOL,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndexOf } from "../net/interface_index.ts";
import { attachFilter, detachFilter, DROP_ALL } from "../socket/filter.ts";
import { bindSocket, openSocket, socketName } from "../socket/open.ts";
import {
  type Family,
  getOption,
  setOption,
  tryGetOption,
} from "../socket/option.ts";
import {
  buildSockaddr,
  type Endpoint,
  formatEndpoint,
  parseEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
} from "../socket/sockaddr.ts";
import { bindContext } from "./errors.ts";
import {
  applyBindOptions,
  applyOptions,
  type BindOptions,
  checkSettings,
  type Plan,
  planBind,
  type UdpSocketSettings,
} from "./options.ts";
import type { OpenSocket } from "./socket_state.ts";
import type { Namespace } from "../netns/namespace.ts";
import { parseAddress } from "../net/ip_address.ts";
import { UdpSocketOptions } from "./socket_options.ts";

function endpointOf(name: Uint8Array<ArrayBuffer>): Endpoint {
  return readSockaddr(new DataView(name.buffer), 0)!;
}

/**
 * Opens and binds a UDP socket: an IPv4 one if the kernel has no IPv6 and
 * neither an address nor a family was given.
 *
 * @throws {ArgumentError | SystemError}
 */
export function bindUdpSocket(options: BindOptions): OpenSocket {
  const plan = planBind(options);
  try {
    return openAndBind(plan, options);
  } catch (error) {
    const lacksIPv6 = error instanceof SystemError &&
      error.errno === EAFNOSUPPORT && plan.domain === AF_INET6;
    if (!lacksIPv6) throw error;
    const { address, family, packetInfo } = options;
    const chosen = address !== undefined || family !== undefined ||
      packetInfo === "in6_pktinfo";
    if (!chosen) {
      return openAndBind(planBind({ ...options, family: "ipv4" }), options);
    }
    throw new SystemError(error.syscall, EAFNOSUPPORT, {
      tried: error.tried,
      advice:
        'This kernel has no IPv6 (ipv6.disable=1, or not built in); family "ipv4" works without it',
    });
  }
}

function openAndBind(plan: Plan, options: BindOptions): OpenSocket {
  const { domain, family, address, port, zone } = plan;
  const { receiveErrors, gro, gso, pinInterface } = options;
  const { timestamping, transmitTime, namespace, peer } = options;
  const tried = "open a UDP socket";
  const type = SOCK_DGRAM;
  return openSocket({ domain, type, namespace, tried }, (fd) => {
    const missing = applyBindOptions(fd, plan, options);
    if (peer !== undefined) attachFilter(fd, DROP_ALL);
    const scope = zone === undefined ? 0 : interfaceIndexOf(fd, zone);
    const name = buildSockaddr(domain, { address, port, scope });
    bindSocket(
      fd,
      name,
      (code) => bindContext(code, formatEndpoint(endpointOf(name)), port),
    );
    const socket = {
      fd,
      domain,
      family,
      options: {
        receiveErrors,
        gro,
        gso,
        pinInterface,
        timestamping,
        transmitTime,
        missing,
      },
    };
    if (peer === undefined) return socket;
    connectTo(socket, peer);
    if (options.filter === undefined) detachFilter(fd);
    else attachFilter(fd, options.filter);
    return socket;
  });
}

/**
 * Takes ownership of an open UDP socket; see UdpSocket.fromDescriptor().
 *
 * @throws {ArgumentError | SystemError} The caller still owns the descriptor
 *   then.
 */
export function adoptUdpSocket(
  fd: number,
  options: UdpSocketSettings,
): OpenSocket {
  const explain = () => ({ tried: `take over descriptor ${fd}` });
  const domain = getOption(fd, SOL_SOCKET, { SO_DOMAIN }, explain);
  const protocol = getOption(fd, SOL_SOCKET, { SO_PROTOCOL }, explain);
  if (protocol !== IPPROTO_UDP || domain !== AF_INET && domain !== AF_INET6) {
    throw new ArgumentError("fd", fd, "the descriptor of a UDP socket");
  }
  const family: Family = domain === AF_INET
    ? "ipv4"
    : getOption(fd, IPPROTO_IPV6, { IPV6_V6ONLY }) !== 0
    ? "ipv6"
    : "dual";
  checkSettings(family, options);
  const { fcntl } = libc();
  const tried = `take over descriptor ${fd}`;
  const flags = unwrap(fcntl(fd, F_GETFL, 0), "fcntl", { tried });
  unwrap(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl", { tried });
  unwrap(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl", { tried });
  const missing = applyOptions(fd, family, options);
  const receivesErrors = family === "ipv4"
    ? tryGetOption(fd, IPPROTO_IP, IP_RECVERR)
    : tryGetOption(fd, IPPROTO_IPV6, IPV6_RECVERR);
  const { gso, pinInterface, timestamping, transmitTime } = options;
  return {
    fd,
    domain,
    family,
    options: {
      receiveErrors: receivesErrors === 1,
      gro: tryGetOption(fd, SOL_UDP, UDP_GRO) === 1,
      gso,
      pinInterface,
      timestamping,
      transmitTime,
      missing,
    },
  };
}

/**
 * Connects a socket; see UdpSocket.connect().
 *
 * @throws {ArgumentError | SystemError}
 */
export function connectUdpSocket(socket: Connectable, to: Endpoint): void {
  // connect(2) keeps the source address and the interface of an earlier call.
  parseEndpoint(to, socket);
  if (socket.peer !== undefined) dissolve(socket);
  socket.boundIfindex ??= boundInterface(socket.fd);
  connectTo(socket, to);
}

/** What connect() uses of a socket. */
interface Connectable extends Pick<OpenSocket, "fd" | "domain" | "family"> {
  /** The peer that it is connected to. */
  readonly peer: Endpoint | undefined;
  /** The interface that it was bound to before it was connected; 0 for none. */
  boundIfindex: number | undefined;
}

/** Connects a new socket. @throws {ArgumentError | SystemError} */
export function connectTo(
  { fd, domain, family }: Pick<OpenSocket, "fd" | "domain" | "family">,
  to: Endpoint,
): void {
  const name = buildSockaddr(domain, parseEndpoint(to, { fd, family }));
  unwrap(libc().connect(fd, name, name.length), "connect", {
    tried: `connect a UDP socket to ${formatEndpoint(to)}`,
  });
}

/** Ends the association with the peer. @throws {SystemError} */
export function disconnectUdpSocket(socket: Connectable): void {
  if (socket.peer !== undefined) dissolve(socket);
}

/** A sockaddr of AF_UNSPEC, which dissolves an association (connect(2)). */
const UNSPECIFIED = new Uint8Array(16);

/**
 * Dissolves the association and restores what the kernel drops with it: an
 * automatically chosen port, and the bound interface.
 */
function dissolve(socket: Connectable): void {
  const { fd, domain } = socket;
  const { port } = endpointOf(socketName(fd, SOCKADDR_SIZE));
  // Unknown if another thread connected it, or bind() did.
  const ifindex = socket.boundIfindex ??
    (socket.peer?.scope === undefined ? boundInterface(fd) : 0);
  const tried = "disconnect a UDP socket";
  unwrap(libc().connect(fd, UNSPECIFIED, UNSPECIFIED.length), "connect", {
    tried,
  });
  socket.boundIfindex = undefined;
  if (ifindex !== 0) setBoundInterface(fd, ifindex);
  const name = socketName(fd, SOCKADDR_SIZE);
  const { address, port: kept } = endpointOf(name);
  if (kept !== 0) return;
  const endpoint = parseEndpoint({ address, port }, socket);
  bindSocket(
    fd,
    buildSockaddr(domain, endpoint),
    (code) => ({
      ...bindContext(code, formatEndpoint({ address, port }), port),
      tried: `keep port ${port} of a disconnected UDP socket`,
    }),
  );
}

/** The interface that a socket is bound to, 0 for none; since Linux 5.0. */
function boundInterface(fd: number): number {
  return tryGetOption(fd, SOL_SOCKET, SO_BINDTOIFINDEX) ?? 0;
}

function setBoundInterface(fd: number, ifindex: number): void {
  setOption(fd, SOL_SOCKET, { SO_BINDTOIFINDEX }, ifindex, () => ({
    tried: `bind a disconnected UDP socket to interface ${ifindex} again`,
  }));
}

/** A descriptor that the service manager passed. */
export interface ActivationDescriptor {
  /** Its number. */
  readonly fd: number;
  /** Its name (FileDescriptorName= of systemd.socket(5)), or "unknown". */
  readonly name: string;
}

/** The first descriptor that is passed (SD_LISTEN_FDS_START). */
const FIRST = 3;

/**
 * Returns the descriptors that a service manager passed to this process, for
 * `UdpSocket.fromDescriptor`; an empty list without socket activation. The
 * caller owns them: the environment variables are removed, so that a second
 * call returns none.
 *
 * Needs --allow-env=LISTEN_PID,LISTEN_FDS,LISTEN_FDNAMES.
 *
 * Source: sd_listen_fds(3), systemd.socket(5).
 *
 * @throws {SystemError} EBADF if a descriptor is not open.
 *
 * @example
 * ```ts
 * import { activationDescriptors, UdpSocket } from "@netplumb/netplumb";
 *
 * const passed = activationDescriptors().find(({ name }) => name === "dns");
 * await using socket = passed === undefined
 *   ? UdpSocket.bind({ address: "127.0.0.1" })
 *   : UdpSocket.fromDescriptor(passed.fd);
 * ```
 */
export function activationDescriptors(): ActivationDescriptor[] {
  const pid = Deno.env.get("LISTEN_PID");
  const count = Number(Deno.env.get("LISTEN_FDS") ?? 0);
  const names = Deno.env.get("LISTEN_FDNAMES")?.split(":") ?? [];
  if (pid !== String(Deno.pid) || !Number.isInteger(count) || count < 1) {
    return [];
  }
  const descriptors = Array.from({ length: count }, (_, index) => {
    const fd = FIRST + index;
    unwrap(libc().fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl", {
      tried: `take over descriptor ${fd} of socket activation`,
    });
    return { fd, name: names[index] || "unknown" };
  });
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) {
    Deno.env.delete(name);
  }
  return descriptors;
}

/** Options of pathMtu(). */
export interface PathMtuOptions {
  /** The network namespace; default: the calling thread's. */
  readonly namespace?: Namespace | undefined;
}

/**
 * Returns the kernel's path MTU to a peer: the one that ICMP reported to this
 * host, else the MTU of the route or interface. Sends nothing.
 *
 * The payload of a datagram is 28 bytes shorter over IPv4, 48 bytes over IPv6.
 *
 * Source: IP_MTU of ip(7), IPV6_MTU of ipv6(7).
 *
 * @param to The peer; its port is ignored.
 * @param options The network namespace.
 * @throws {ArgumentError} For an invalid address.
 * @throws {SystemError} ENETUNREACH without a route.
 *
 * @example
 * ```ts
 * import { pathMtu } from "@netplumb/netplumb";
 *
 * console.log(pathMtu({ address: "127.0.0.1", port: 443 })); // 65535
 * ```
 */
export function pathMtu(to: Endpoint, options: PathMtuOptions = {}): number {
  const { namespace } = options;
  const ipv4 = parseAddress(to.address).address.length === 4;
  const family = ipv4 ? "ipv4" : "dual";
  const domain = ipv4 ? AF_INET : AF_INET6;
  const tried = "open a UDP socket";
  return openSocket({ domain, type: SOCK_DGRAM, namespace, tried }, (fd) => {
    const port = to.port === 0 ? DISCARD : to.port;
    connectTo({ fd, domain, family }, { ...to, port });
    const mtu = new UdpSocketOptions({ fd }, family).pathMtu;
    libc().close(fd);
    return mtu;
  });
}

/** The port of the discard service: no datagram is sent there. */
const DISCARD = 9;
