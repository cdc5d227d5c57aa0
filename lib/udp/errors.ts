// What can go wrong with a UDP socket beside a plain refused call.

import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENODEV,
  EPERM,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";

/**
 * The address a reply had to leave from is not there any more, or cannot be a
 * source. The datagram was not sent: another source would be an answer from
 * somebody the peer never asked.
 *
 * Source: ip(7), ipv6(7).
 *
 * @example
 * ```ts
 * import { SourceUnavailableError, UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ address: "0.0.0.0" });
 * const to = { address: "127.0.0.1", port: 9 };
 * try {
 *   await socket.send("hello", to, { source: "192.0.2.1" });
 * } catch (error) {
 *   if (error instanceof SourceUnavailableError) console.log(error.code);
 *   // ENETUNREACH, or EINVAL on older kernels
 * }
 * ```
 */
export class SourceUnavailableError extends SystemError {
  /** "SourceUnavailableError". */
  override readonly name = "SourceUnavailableError";
  /** The address that was to be the source. */
  readonly source: string;

  /**
   * Says which answer could not leave, and why.
   *
   * @param errno What the kernel said: ENETUNREACH, EINVAL or ENODEV.
   * @param source The address that was to be the source.
   * @param peer Whom the datagram was for.
   */
  constructor(errno: number, source: string, peer: string) {
    super("sendmsg", errno, {
      tried: `answer ${peer} from ${source}`,
      advice:
        "The address was removed, cannot be a source or has no route there; the datagram was not sent from another one",
    });
    this.source = source;
  }
}

/** Whether a refused send is about the source that was asked for. */
export function isSourceErrno(errno: number): boolean {
  return errno === EINVAL || errno === ENETUNREACH || errno === ENODEV;
}

/** What to do when bind(2) is refused. */
export function bindContext(
  errno: number,
  where: string,
  port: number,
): SystemErrorContext {
  const tried = `bind a UDP socket to ${where}`;
  switch (errno) {
    case EADDRINUSE:
      return {
        tried,
        advice:
          `Another socket has port ${port} (\`ss -ulpn sport = :${port}\` names it); take another port, or 0 for any`,
      };
    case EADDRNOTAVAIL:
      return {
        tried,
        advice:
          "No interface of this machine has that address (`ip address` lists those there are)",
      };
    case EACCES:
    case EPERM:
      return {
        tried,
        capability: "CAP_NET_BIND_SERVICE",
        advice:
          "Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE; take a higher one or run as root",
      };
    case ENODEV:
      return {
        tried,
        advice:
          "The interface is not there, or a link-local address needs one (fe80::1%eth0)",
      };
    case EINVAL:
      return {
        tried,
        advice: "A link-local address needs its interface (fe80::1%eth0)",
      };
    default:
      return { tried };
  }
}

/** Segments that every kernel takes; newer ones take 128. */
export const MOST_SEGMENTS = 64;

/** What to do when a send is refused. */
export function sendContext(
  errno: number,
  peer: string,
  length: number,
  segments = 1,
): SystemErrorContext {
  const train = segments > 1 ? ` in ${segments} segments` : "";
  const tried = `send ${length} bytes${train} to ${peer}`;
  if (train !== "" && (errno === EINVAL || errno === EMSGSIZE)) {
    return {
      tried,
      advice:
        `A train is at most ${MOST_SEGMENTS} segments, 128 on newer kernels, of 65,507 bytes in all, and none larger than the link takes`,
    };
  }
  switch (errno) {
    case EMSGSIZE:
      return {
        tried,
        advice:
          "A datagram carries at most 65,507 bytes over IPv4 and 65,527 over IPv6",
      };
    case EACCES:
      return {
        tried,
        advice: "Sending to a broadcast address needs the broadcast option",
      };
    case EPERM:
      return { tried, advice: "A firewall rule of this machine refused it" };
    case EINVAL:
      return {
        tried,
        advice:
          "The address or port cannot be sent to; a link-local one needs its interface (fe80::1%eth0)",
      };
    case ENETUNREACH:
      return { tried, advice: "No route leads there (`ip route get` asks)" };
    default:
      return { tried };
  }
}
