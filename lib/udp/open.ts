// Opens, binds and connects UDP sockets.

import { libc, unwrap } from "../../ffi/libc.ts";
import { SOCK_DGRAM } from "../../ffi/uapi/sys_socket.ts";
import { interfaceIndexOf } from "../net/interface_index.ts";
import { bindSocket, openSocket, socketName } from "../socket/open.ts";
import type { Family } from "../socket/option.ts";
import {
  buildSockaddr,
  type Endpoint,
  formatEndpoint,
  parseEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
} from "../socket/sockaddr.ts";
import { bindContext } from "./errors.ts";
import { applyOptions, type BindOptions, planBind } from "./options.ts";

/** What another thread of this process needs to use the same socket. */
export interface UdpSocketHandle {
  /** The descriptor's number. */
  readonly fd: number;
  /** AF_INET or AF_INET6. */
  readonly domain: number;
  /** The IP versions that it speaks. */
  readonly family: Family;
  /** The local address. */
  readonly address: Endpoint;
  /** The peer it is connected to. */
  readonly peer?: Endpoint | undefined;
  /** The options of `bind` that its use depends on. */
  readonly options: Pick<BindOptions, "receiveErrors" | "gro">;
}

function endpointOf(name: Uint8Array<ArrayBuffer>): Endpoint {
  return readSockaddr(new DataView(name.buffer), 0)!;
}

/** Opens a UDP socket and binds it. @throws {ArgumentError | SystemError} */
export function bindUdpSocket(options: BindOptions): UdpSocketHandle {
  const plan = planBind(options);
  const { domain, family, address, port, zone } = plan;
  const { receiveErrors, gro, namespace } = options;
  const tried = "open a UDP socket";
  const type = SOCK_DGRAM;
  return openSocket({ domain, type, namespace, tried }, (fd) => {
    applyOptions(fd, plan, options);
    const scope = zone === undefined ? 0 : interfaceIndexOf(fd, zone);
    const name = buildSockaddr(domain, { address, port, scope });
    bindSocket(
      fd,
      name,
      (code) => bindContext(code, formatEndpoint(endpointOf(name)), port),
    );
    return {
      fd,
      domain,
      family,
      address: endpointOf(socketName(fd, SOCKADDR_SIZE)),
      options: { receiveErrors, gro },
    };
  });
}

/**
 * Connects a socket; see UdpSocket.connect().
 *
 * @returns The peer, as the kernel writes it.
 * @throws {ArgumentError | SystemError}
 */
export function connectUdpSocket(
  socket: UdpSocketHandle,
  to: Endpoint,
): Endpoint {
  const name = buildSockaddr(socket.domain, parseEndpoint(to, socket));
  unwrap(libc().connect(socket.fd, name, name.length), "connect", {
    tried: `connect a UDP socket to ${formatEndpoint(to)}`,
  });
  return endpointOf(name);
}
