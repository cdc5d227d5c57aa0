// What the kernel refused to send, as an error that names the cause.

import {
  EADDRNOTAVAIL,
  EINVAL,
  ENETUNREACH,
  ENODEV,
  SystemError,
} from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import {
  AF_INET,
  AF_INET6,
  SO_BINDTOIFINDEX,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import { parseAddress } from "../net/ip_address.ts";
import { openBeside } from "../socket/beside.ts";
import { trySetOption } from "../socket/option.ts";
import {
  buildSockaddr,
  type Endpoint,
  formatEndpoint,
} from "../socket/sockaddr.ts";
import {
  MOST_SEGMENTS,
  NoReplyPortError,
  sendContext,
  SourceUnavailableError,
} from "./errors.ts";
import type { SendQueue } from "./send_queue.ts";
import type { SocketState } from "./socket_state.ts";

/** The error of a queued datagram. */
export function sendError(
  queue: SendQueue,
  slot: number,
  code: number,
  socket: SocketState,
): SystemError {
  const { peer, source, ifindex = 0, bytes, segmentSize = bytes } = queue
    .describe(slot);
  if (peer?.port === 0) return new NoReplyPortError(peer.address);
  const to = peer === undefined ? "the connected peer" : formatEndpoint(peer);
  const segments = Math.ceil(bytes / segmentSize);
  if (
    source !== undefined && segments <= MOST_SEGMENTS &&
    (code === EINVAL || code === ENETUNREACH) &&
    isSourceAtFault(socket.fd, source, ifindex, peer)
  ) {
    return new SourceUnavailableError(code, source, to);
  }
  return new SystemError("sendmmsg", code, {
    ...sendContext(code, to, bytes, segments),
    ...(code === ENODEV
      ? { advice: `There is no interface ${ifindex}, or the peer needs one` }
      : {}),
  });
}

/**
 * Whether the source is what the kernel refused: it is no address of this host,
 * or the peer can be reached without it. The errno is the same without a route.
 */
function isSourceAtFault(
  fd: number,
  source: string,
  ifindex: number,
  peer: Endpoint | undefined,
): boolean {
  const { address } = parseAddress(source);
  const domain = address.length === 4 ? AF_INET : AF_INET6;
  const open = () => {
    const probe = openBeside(fd, domain, SOCK_DGRAM);
    if (probe !== undefined && ifindex !== 0) {
      trySetOption(probe, SOL_SOCKET, SO_BINDTOIFINDEX, ifindex);
    }
    return probe;
  };
  const { bind, close, connect } = libc();
  const bound = open();
  if (bound === undefined) return true;
  const name = buildSockaddr(domain, { address, port: 0, scope: ifindex });
  const refused = bind(bound, name, name.length) < 0 &&
    errno() === EADDRNOTAVAIL;
  close(bound);
  if (refused || peer === undefined) return true;
  const connected = open();
  if (connected === undefined) return true;
  const to = buildSockaddr(domain, {
    address: parseAddress(peer.address).address,
    port: peer.port,
    scope: peer.scope ?? 0,
  });
  const reachable = connect(connected, to, to.length) === 0;
  close(connected);
  return reachable;
}
