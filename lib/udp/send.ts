// Sends a queue by sendmmsg(), which stops at the first rejected message: the
// others are sent nevertheless. A segmented message that the path rejects is
// sent again as single datagrams.

import {
  EADDRNOTAVAIL,
  EAGAIN,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  ENETUNREACH,
  ENODEV,
  SystemError,
} from "../../ffi/errno.ts";
import { errno, libc } from "../../ffi/libc.ts";
import {
  AF_INET,
  AF_INET6,
  MSG_DONTWAIT,
  SO_BINDTOIFINDEX,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../ffi/uapi/sys_socket.ts";
import type { ArgumentError } from "../errors.ts";
import { parseAddress } from "../net/ip_address.ts";
import { openBeside } from "../socket/open.ts";
import { SEND_CONTROL_SIZE } from "../socket/control_messages.ts";
import { MessageVector } from "../socket/message_vector.ts";
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
  type SendFailure,
  type SendResult,
  SourceUnavailableError,
} from "./errors.ts";
import { SegmentationRefusals, type SendQueue } from "./send_queue.ts";
import type { SocketState } from "./socket_state.ts";

/**
 * Progress of a send over any number of queues. A batch keeps it after a full
 * buffer or a signal, to continue there.
 */
export class Progress {
  sent = 0;
  #failures: SendFailure[] | undefined;
  /** The next message of the current queue. */
  message = 0;
  /** The next slot. */
  slot = 0;
  /** The remaining slots of a rejected message that is sent slot by slot. */
  individual = 0;
  /** The errno of that message. */
  #combinedErrno = 0;
  /** Whether one of its slots was accepted. */
  #anyAccepted = false;
  /**
   * Bytes of the slot that were sent, segment by segment; -1 if it is sent
   * unsegmented.
   */
  offset = -1;
  /**
   * The errno of the slot that was rejected as one message; 0 if it was not
   * tried.
   */
  #slotErrno = 0;
  /** The errno of its first rejected segment; 0 for none. */
  #segmentErrno = 0;
  /** The number of datagrams in previous queues. */
  #before = 0;
  /** The slot that was retried, -1 for none. */
  retried = -1;

  /** Whether nothing of the current queue was sent or rejected yet. */
  get isAtStart(): boolean {
    return this.slot === 0 && this.individual === 0 && this.offset < 0;
  }

  /** The number of messages that were sent or rejected. */
  get handled(): number {
    return this.#before + this.slot;
  }

  /** Records that messages were accepted. */
  recordAccepted(queue: SendQueue, count: number, socket: SocketState): void {
    if (this.individual > 0) {
      this.#acceptSlot(queue, socket);
      return;
    }
    for (const end = this.message + count; this.message < end;) {
      const slots = queue.slotsOf(this.message++);
      this.slot += slots;
      this.sent += slots;
    }
  }

  /** Records that the next message was rejected; a segmented one is split. */
  recordRefused(queue: SendQueue, code: number, socket: SocketState): void {
    const slots = queue.slotsOf(this.message);
    if (this.individual === 0 && slots > 1) {
      this.individual = slots;
      this.#combinedErrno = code;
      this.#anyAccepted = false;
      queue.selectSlot(this.message, 0);
      return;
    }
    if (
      NOT_SEGMENTABLE.has(code) &&
      queue.segmentSize(this.slot) < queue.length(this.slot)
    ) {
      this.startSegments(code);
      return;
    }
    this.#refuseSlot(queue, code, socket);
  }

  /** Sends the next slot segment by segment. */
  startSegments(code: number): void {
    this.offset = 0;
    this.#slotErrno = code;
    this.#segmentErrno = 0;
  }

  /** Records that segments of the slot were accepted. */
  recordSegments(queue: SendQueue, count: number, socket: SocketState): void {
    this.offset += count * queue.segmentSize(this.slot);
    if (this.offset < queue.length(this.slot)) return;
    this.offset = -1;
    if (this.#segmentErrno !== 0) {
      this.#refuseSlot(queue, this.#segmentErrno, socket);
      return;
    }
    if (this.#slotErrno !== 0 && this.individual === 0) {
      remember(queue, this.message, this.#slotErrno, socket);
    }
    this.#acceptSlot(queue, socket);
  }

  /** Records that the next segment of the slot was rejected, and continues. */
  recordRefusedSegment(
    queue: SendQueue,
    code: number,
    socket: SocketState,
  ): void {
    if (this.#segmentErrno === 0) this.#segmentErrno = code;
    this.recordSegments(queue, 1, socket);
  }

  /** Records a message that could not be queued. */
  recordInvalid(error: SystemError | ArgumentError): void {
    (this.#failures ??= []).push({ index: this.#before++, error });
  }

  #acceptSlot(queue: SendQueue, socket: SocketState): void {
    this.sent++;
    this.#anyAccepted = true;
    this.#nextSlot(queue, socket);
  }

  #refuseSlot(queue: SendQueue, code: number, socket: SocketState): void {
    (this.#failures ??= []).push({
      index: this.#before + this.slot,
      error: sendError(queue, this.slot, code, socket),
    });
    this.#nextSlot(queue, socket);
  }

  /** Continues after a slot that was sent or rejected separately. */
  #nextSlot(queue: SendQueue, socket: SocketState): void {
    this.slot++;
    if (this.individual > 0) {
      if (--this.individual > 0) {
        const nth = queue.slotsOf(this.message) - this.individual;
        queue.selectSlot(this.message, nth);
        return;
      }
      if (this.#anyAccepted && NOT_SEGMENTABLE.has(this.#combinedErrno)) {
        remember(queue, this.message, this.#combinedErrno, socket);
      }
    }
    this.message++;
  }

  /** Continues with the next queue. */
  nextQueue(queue: SendQueue): void {
    this.#before += queue.slots;
    this.message = this.slot = 0;
    this.retried = -1;
  }

  /** The error of the first rejected datagram. */
  get failure(): SystemError | ArgumentError | undefined {
    return this.#failures?.[0]?.error;
  }

  result(): SendResult {
    return { sent: this.sent, failures: this.#failures ?? [] };
  }

  /** Resets it for another send. */
  clear(): void {
    this.sent =
      this.#before =
      this.message =
      this.slot =
      this.individual =
        0;
    this.retried = this.offset = -1;
    this.#failures = undefined;
  }
}

/** Errors of a segmented message that its device or path does not support. */
const NOT_SEGMENTABLE: ReadonlySet<number> = new Set([EINVAL, EIO, EMSGSIZE]);

/** The size of a segmented message that every kernel accepts. */
const MOST_BYTES = 65000;

/** Records that a path rejected a message that other paths accept. */
function remember(
  queue: SendQueue,
  message: number,
  code: number,
  socket: SocketState,
): void {
  const { bytes, segments } = queue.sizeOf(message);
  if (bytes > MOST_BYTES || segments > MOST_SEGMENTS) return;
  const refusals = socket.refusals ??= new SegmentationRefusals();
  const destination = queue.destination(message);
  refusals.record(destination, queue.segmentSizeOf(message), code);
}

const nothingAllowed = () => false;

/**
 * Sends a queue and clears it; returns false if the send buffer is full: call
 * it again with the same progress.
 */
export function sendQueue(
  socket: SocketState,
  queue: SendQueue,
  progress: Progress,
): boolean {
  const { fd, errors } = socket;
  if (progress.isAtStart) {
    if (socket.options.gso === false) queue.separate(nothingAllowed);
    else socket.refusals?.apply(queue);
  }
  while (progress.message < queue.messages) {
    const { message } = progress;
    let count: number;
    if (progress.offset >= 0) {
      count = sendSegments(fd, queue, progress);
      if (count > 0) {
        progress.recordSegments(queue, count, socket);
        continue;
      }
    } else if (queue.splits > 0 && queue.isSplit(message)) {
      progress.startSegments(0);
      continue;
    } else {
      count = queue.vector.send(
        fd,
        message,
        progress.individual > 0 ? 1 : queue.runLength(message),
        MSG_DONTWAIT,
      );
      if (count > 0) {
        progress.recordAccepted(queue, count, socket);
        continue;
      }
    }
    const code = errno();
    if (code === EAGAIN) return false;
    if (code === EINTR) continue;
    // It may be the pending error of an earlier datagram.
    if (progress.retried !== progress.slot && errors?.queuesErrors) {
      errors.drain(fd);
      progress.retried = progress.slot;
      continue;
    }
    if (progress.offset >= 0) {
      progress.recordRefusedSegment(queue, code, socket);
    } else progress.recordRefused(queue, code, socket);
  }
  progress.nextQueue(queue);
  queue.clear();
  return true;
}

/** The number of segments of one call. */
const SEGMENTS = 64;
/** This thread's headers for segments that are sent separately. */
let segments: MessageVector | undefined;

/** Sends the next segments of a slot; returns their number, -1 for an error. */
function sendSegments(
  fd: number,
  queue: SendQueue,
  { slot, offset }: Progress,
): number {
  const vector = segments ??= MessageVector.forSending({
    size: SEGMENTS,
    nameSize: 0,
    controlSize: SEND_CONTROL_SIZE,
  }, 0);
  const count = queue.writeSegments(slot, offset, vector, SEGMENTS);
  return vector.send(fd, 0, count, MSG_DONTWAIT);
}

/** The error of a queued datagram. */
function sendError(
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
 * Whether the kernel rejected the source: it is not an address of this host, or
 * the peer is reachable without it. The errno is the same without a route.
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
