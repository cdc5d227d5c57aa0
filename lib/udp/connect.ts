// connect(2) of a UDP socket: one peer only.

import { libc, unwrap } from "../../ffi/libc.ts";
import type { UdpSocketHandle } from "./open.ts";
import {
  type Endpoint,
  formatEndpoint,
  parseEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
  writeSockaddr,
} from "./sockaddr.ts";

/**
 * Connects it; see UdpSocket.connect().
 *
 * @returns The peer, as the kernel writes it.
 * @throws {ArgumentError | SystemError}
 */
export function connect(socket: UdpSocketHandle, to: Endpoint): Endpoint {
  const name = new Uint8Array(SOCKADDR_SIZE);
  const view = new DataView(name.buffer);
  const parsed = parseEndpoint(to, socket);
  const length = writeSockaddr(view, 0, socket.domain, parsed);
  unwrap(libc().connect(socket.fd, name, length), "connect", {
    tried: `connect a UDP socket to ${formatEndpoint(to)}`,
  });
  return readSockaddr(view, 0)!;
}
