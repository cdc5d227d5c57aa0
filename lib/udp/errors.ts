// Errors of UDP sockets, with advice, and the result of sending several messages.

import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENODEV,
  EPERM,
  errorFields,
  SystemError,
  type SystemErrorContext,
} from "../../ffi/errno.ts";
import type { ArgumentError } from "../errors.ts";

/**
 * The source address is not an address of this host any more, or not a valid
 * source. The datagram was not sent: the peer does not expect a reply from
 * another address.
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
  /** The requested source address. */
  readonly source: string;

  /**
   * Names source and peer.
   *
   * @param errno The kernel's error: ENETUNREACH or EINVAL.
   * @param source The requested source address.
   * @param peer The destination.
   */
  constructor(errno: number, source: string, peer: string) {
    super("sendmmsg", errno, {
      tried: `send to ${peer} from ${source}`,
      advice:
        "The address is not one of this host, or cannot be a source; an address of an AnyIP route (type local) needs the freeBind option. The datagram was not sent from another address",
    });
    this.source = source;
  }
}

/**
 * A reply to a datagram from port 0: its sender expects none (RFC 768), and the
 * kernel does not send to port 0.
 *
 * Source: udp(7).
 *
 * @example
 * ```ts
 * import { NoReplyPortError, UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ address: "127.0.0.1" });
 * await socket.send("query", socket.address);
 * const query = await socket.receive();
 * const forged = { ...query, peer: { address: "192.0.2.1", port: 0 } };
 * try {
 *   await socket.reply(forged, "reply");
 * } catch (error) {
 *   console.log(error instanceof NoReplyPortError); // true
 * }
 * ```
 */
export class NoReplyPortError extends SystemError {
  /** "NoReplyPortError". */
  override readonly name = "NoReplyPortError";
  /** The address of the sender. */
  readonly peer: string;

  /**
   * Names the sender.
   *
   * @param peer Its address.
   */
  constructor(peer: string) {
    super("sendmmsg", EINVAL, {
      tried: `send to ${peer}, port 0`,
      advice: "The datagram was sent from port 0, which cannot be replied to",
    });
    this.peer = peer;
  }
}

/** The advice for a failed bind(2). */
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

/** Segments that every kernel accepts; newer ones accept 128. */
export const MOST_SEGMENTS = 64;

/** The advice for a failed send. */
export function sendContext(
  errno: number,
  peer: string,
  length: number,
  segments = 1,
): SystemErrorContext {
  const split = segments > 1 ? ` in ${segments} segments` : "";
  const tried = `send ${length} bytes${split} to ${peer}`;
  if (split !== "" && (errno === EINVAL || errno === EMSGSIZE)) {
    return {
      tried,
      advice:
        `A message has at most ${MOST_SEGMENTS} segments, 128 on newer kernels, and 65,507 bytes in total; no segment may exceed the MTU`,
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
      return {
        tried,
        advice: "No route to the destination: check with `ip route get`",
      };
    default:
      return { tried };
  }
}

/** A message that was not sent. */
export interface SendFailure {
  /** Its index in the call. */
  readonly index: number;
  /** The error: the kernel rejected it, or it is invalid. */
  readonly error: SystemError | ArgumentError;
}

/** Outcome of a `sendMany` call. */
export interface SendResult {
  /** Messages that the kernel accepted; one with `segmentSize` counts once. */
  readonly sent: number;
  /** Messages that were not sent, in order. */
  readonly failures: ReadonlyArray<SendFailure>;
}

/**
 * A `sendMany` call ended before it had handled all messages: after a signal or
 * timeout, because the socket was closed, or because the iterable threw.
 * `cause` is that error. If nothing was sent or rejected yet, the cause itself
 * is thrown.
 *
 * Source: sendmmsg(2).
 *
 * @example
 * ```ts
 * import { SendInterruptedError, UdpSocket } from "@netplumb/netplumb";
 *
 * await using socket = UdpSocket.bind({ address: "127.0.0.1" });
 * function* messages() {
 *   for (let n = 0; n < 100; n++) yield { data: `${n}`, to: socket.address };
 *   throw new Error("no more");
 * }
 * try {
 *   await socket.sendMany(messages());
 * } catch (error) {
 *   if (!(error instanceof SendInterruptedError)) throw error;
 *   // Messages 0 to 63 were sent; the rest begins here.
 *   console.log(error.next, error.result.sent); // 64 64
 * }
 * ```
 */
export class SendInterruptedError extends Error {
  /** Always "SendInterruptedError". */
  override readonly name = "SendInterruptedError";
  /** A stable name for programs. */
  readonly code = "EINTERRUPTED";
  /** The result of the messages before `next`. */
  readonly result: SendResult;
  /** Index of the first message that was neither sent nor rejected. */
  readonly next: number;

  /**
   * Stores the partial result.
   *
   * @param cause The error that ended the call.
   * @param result The result of the messages before.
   * @param next Index of the first remaining message.
   */
  constructor(cause: unknown, result: SendResult, next: number) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`message ${next} and those after it were not sent: ${why}`, {
      cause,
    });
    this.result = result;
    this.next = next;
  }

  /** Its fields, for JSON and postMessage, which lose the class of an error. */
  toJSON(): Record<string, unknown> {
    return errorFields(this);
  }
}
