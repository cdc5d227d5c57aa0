// Opens, binds and connects UDP sockets.

import { libc, unwrap } from "../../ffi/libc.ts";
import { SOCK_DGRAM } from "../../ffi/uapi/sys_socket.ts";
import { interfaceIndexOf } from "../net/interface_index.ts";
import { bindSocket, openSocket } from "../socket/open.ts";
import {
  buildSockaddr,
  type Endpoint,
  formatEndpoint,
  parseEndpoint,
  readSockaddr,
} from "../socket/sockaddr.ts";
import { bindContext } from "./errors.ts";
import { applyOptions, type BindOptions, planBind } from "./options.ts";
import type { OpenSocket, SocketState } from "./socket_state.ts";

function endpointOf(name: Uint8Array<ArrayBuffer>): Endpoint {
  return readSockaddr(new DataView(name.buffer), 0)!;
}

/** Opens a UDP socket and binds it. @throws {ArgumentError | SystemError} */
export function bindUdpSocket(options: BindOptions): OpenSocket {
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
    return { fd, domain, family, options: { receiveErrors, gro } };
  });
}

/**
 * Connects a socket; see UdpSocket.connect().
 *
 * @returns The peer, as the kernel writes it.
 * @throws {ArgumentError | SystemError}
 */
export function connectUdpSocket(
  socket: SocketState,
  to: Endpoint,
): Endpoint {
  const name = buildSockaddr(socket.domain, parseEndpoint(to, socket));
  unwrap(libc().connect(socket.fd, name, name.length), "connect", {
    tried: `connect a UDP socket to ${formatEndpoint(to)}`,
  });
  return endpointOf(name);
}
