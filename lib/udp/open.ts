// Opens, binds and connects UDP sockets, and takes over open ones.

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
  SO_DOMAIN,
  SO_PROTOCOL,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndexOf } from "../net/interface_index.ts";
import { attachFilter, detachFilter, DROP_ALL } from "../socket/filter.ts";
import { bindSocket, openSocket, peerName } from "../socket/open.ts";
import { type Family, getOption, tryGetOption } from "../socket/option.ts";
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
  checkOptions,
  planBind,
  type UdpSocketSettings,
} from "./options.ts";
import type { OpenSocket } from "./socket_state.ts";

function endpointOf(name: Uint8Array<ArrayBuffer>): Endpoint {
  return readSockaddr(new DataView(name.buffer), 0)!;
}

/** Opens a UDP socket and binds it. @throws {ArgumentError | SystemError} */
export function bindUdpSocket(options: BindOptions): OpenSocket {
  const plan = planBind(options);
  const { domain, family, address, port, zone } = plan;
  const { receiveErrors, gro, timestamping, transmitTime } = options;
  const { namespace, peer } = options;
  const tried = "open a UDP socket";
  const type = SOCK_DGRAM;
  return openSocket({ domain, type, namespace, tried }, (fd) => {
    applyBindOptions(fd, plan, options);
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
      options: { receiveErrors, gro, timestamping, transmitTime },
    };
    if (peer === undefined) return socket;
    const connected = connectUdpSocket(socket, peer);
    if (options.filter === undefined) detachFilter(fd);
    else attachFilter(fd, options.filter);
    return { ...socket, peer: connected };
  });
}

/**
 * Takes over an open UDP socket; see UdpSocket.fromDescriptor().
 *
 * @throws {ArgumentError | SystemError} The descriptor stays the caller's then.
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
  checkOptions(family, options);
  const { fcntl } = libc();
  const tried = `take over descriptor ${fd}`;
  const flags = unwrap(fcntl(fd, F_GETFL, 0), "fcntl", { tried });
  unwrap(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl", { tried });
  unwrap(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl", { tried });
  applyOptions(fd, family, options);
  const receivesErrors = family === "ipv4"
    ? tryGetOption(fd, IPPROTO_IP, IP_RECVERR)
    : tryGetOption(fd, IPPROTO_IPV6, IPV6_RECVERR);
  const { timestamping, transmitTime } = options;
  const peer = peerName(fd, SOCKADDR_SIZE);
  return {
    fd,
    domain,
    family,
    ...(peer === undefined ? {} : { peer: endpointOf(peer) }),
    options: {
      receiveErrors: receivesErrors === 1,
      gro: tryGetOption(fd, SOL_UDP, UDP_GRO) === 1,
      timestamping,
      transmitTime,
    },
  };
}

/**
 * Connects a socket; see UdpSocket.connect().
 *
 * @returns The peer, as the kernel writes it.
 * @throws {ArgumentError | SystemError}
 */
export function connectUdpSocket(
  socket: Pick<OpenSocket, "fd" | "domain" | "family">,
  to: Endpoint,
): Endpoint {
  const name = buildSockaddr(socket.domain, parseEndpoint(to, socket));
  unwrap(libc().connect(socket.fd, name, name.length), "connect", {
    tried: `connect a UDP socket to ${formatEndpoint(to)}`,
  });
  return endpointOf(name);
}
