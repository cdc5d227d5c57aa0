// Requests and what the kernel answers to each: one exchange at a time on a
// channel, in the order they were asked for.

import {
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_ALIGN,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
} from "../../ffi/uapi/linux_netlink.ts";
import type { Deadline } from "../io/deadline.ts";
import { errorNumber, extendedAck } from "./acknowledgement.ts";
import type { Channel } from "./channel.ts";
import {
  type ExtendedAck,
  NetlinkError,
  type RequestDescription,
} from "./errors.ts";
import { type MessageReader, writeHeader } from "./message.ts";
import { ownPort } from "./socket.ts";
import type { Vocabulary } from "./vocabulary.ts";

// The module's own, for #visit(): what is imported is looked up at each use.
const INTERRUPTED = NLM_F_DUMP_INTR;
const FIRST_OBJECT = NLMSG_MIN_TYPE;

/** A message to the kernel. */
export interface NetlinkRequest {
  /** nlmsg_type, for example RTM_NEWLINK. */
  readonly type: number;
  /** nlmsg_flags beside those that say what is asked for (NLM_F_CREATE ...). */
  readonly flags?: number | undefined;
  /** The family's struct and its attributes: see AttributeWriter. */
  readonly body: Uint8Array;
  /** What it is for, for errors: "add link veth0". */
  readonly tried?: string | undefined;
}

/** What makes an object of a message, or undefined of one to leave out. */
export type Decode<T> = (message: MessageReader) => T | undefined;

/** One request, and what came of it. */
export interface Pending<T> {
  readonly request: NetlinkRequest;
  readonly sequence: number;
  readonly objects: T[];
  warning?: ExtendedAck;
  error?: NetlinkError;
  done: boolean;
}

/** What an exchange found out. */
export interface Exchanged<T> {
  readonly pending: Pending<T>[];
  /** Whether a message said that changes interrupted the dump. */
  interrupted: boolean;
  /** Whether a datagram was longer than there was room for. */
  truncated: boolean;
}

export class Exchanger {
  readonly #channel: Channel;
  readonly #vocabulary: Vocabulary | undefined;
  readonly #port: number;
  #sequence = Date.now() >>> 0;
  #tail: Promise<void> = Promise.resolve();
  /** The sequence of a dump that was given up before its end. */
  #abandoned: number | undefined;

  constructor(channel: Channel, vocabulary: Vocabulary | undefined) {
    this.#channel = channel;
    this.#vocabulary = vocabulary;
    this.#port = ownPort(channel.descriptor.fd);
  }

  /**
   * Sends requests in one datagram, when it is their turn, and waits until each
   * is answered.
   *
   * @param flags NLM_F_ACK, or NLM_F_DUMP for one request alone.
   * @param keeps Whether the memory of the messages stays as it is.
   */
  async exchange<T>(
    requests: readonly NetlinkRequest[],
    flags: number,
    decode: Decode<T> | undefined,
    deadline: Deadline,
    keeps = false,
  ): Promise<Exchanged<T>> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = before.then(() => promise);
    try {
      await deadline.bound(before);
      if (this.#abandoned !== undefined) await this.#finishAbandoned(deadline);
      return await this.#carryOut(requests, flags, decode, deadline, keeps);
    } finally {
      resolve();
    }
  }

  async #carryOut<T>(
    requests: readonly NetlinkRequest[],
    flags: number,
    decode: Decode<T> | undefined,
    deadline: Deadline,
    keeps: boolean,
  ): Promise<Exchanged<T>> {
    const exchanged: Exchanged<T> = {
      pending: requests.map((request) => ({
        request,
        sequence: this.#sequence = (this.#sequence + 1) >>> 0,
        objects: [],
        done: false,
      })),
      interrupted: false,
      truncated: false,
    };
    this.#send(exchanged.pending, flags);
    let left = requests.length;
    try {
      await this.#channel.read(deadline, (messages, truncated) => {
        exchanged.truncated ||= truncated;
        left -= this.#visit(messages, exchanged, decode);
        return left === 0;
      }, { keeps });
    } catch (error) {
      if (flags === NLM_F_DUMP) {
        this.#abandoned = exchanged.pending[0]!.sequence;
      }
      throw error;
    }
    return exchanged;
  }

  /** Reads one datagram's messages; how many requests they completed. */
  #visit<T>(
    message: MessageReader,
    exchanged: Exchanged<T>,
    decode: Decode<T> | undefined,
  ): number {
    const { pending } = exchanged;
    // As signed words, so that nothing is boxed.
    const first = pending[0]!.sequence | 0;
    const port = this.#port | 0;
    const { words } = message;
    let completed = 0;
    while (message.next()) {
      const word = message.start >> 2;
      const index = (words[word + 2]! - first) >>> 0;
      const one = index < pending.length ? pending[index] : undefined;
      if (one === undefined || one.done || words[word + 3] !== port) {
        this.#channel.counters.foreignSequence++;
        continue;
      }
      if (message.flags & INTERRUPTED) exchanged.interrupted = true;
      if (message.type >= FIRST_OBJECT) {
        const object = decode?.(message);
        if (object !== undefined) one.objects.push(object);
      } else if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
        this.#complete(one, message);
        completed++;
      }
    }
    return completed;
  }

  #complete<T>(one: Pending<T>, message: MessageReader): void {
    const { request } = one;
    const code = errorNumber(message);
    const ack = extendedAck(message, request, this.#vocabulary);
    one.done = true;
    if (code !== 0) {
      one.error = new NetlinkError(
        this.description(request, one.sequence),
        code,
        ack,
        request.tried === undefined ? {} : { tried: request.tried },
      );
    } else if (ack !== undefined) {
      one.warning = ack;
    }
  }

  /**
   * A dump goes on until it is read to its end; another would get EBUSY. The
   * kernel makes the next part when one is taken, so where nothing is queued
   * there is none to come: its end may have been lost for want of memory.
   */
  async #finishAbandoned(deadline: Deadline): Promise<void> {
    await this.#channel.read(deadline, (message) => {
      while (message.next()) {
        if (
          message.sequence === this.#abandoned &&
          (message.type === NLMSG_DONE || message.type === NLMSG_ERROR)
        ) this.#abandoned = undefined;
      }
      return this.#abandoned === undefined;
    }, { waiting: false });
    this.#abandoned = undefined;
  }

  #send(pending: readonly Pending<unknown>[], flags: number): void {
    const sizes = pending.map(({ request }) =>
      NLMSG_ALIGN(NLMSG_HDRLEN + request.body.length)
    );
    const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    const view = new DataView(bytes.buffer);
    let at = 0;
    pending.forEach(({ request, sequence }, index) => {
      writeHeader(view, at, {
        length: NLMSG_HDRLEN + request.body.length,
        type: request.type,
        flags: NLM_F_REQUEST | flags | (request.flags ?? 0),
        sequence,
      });
      bytes.set(request.body, at + NLMSG_HDRLEN);
      at += sizes[index]!;
    });
    this.#channel.send(bytes, this.describe(pending[0]!.request));
  }

  /** A request as an error tells of it. */
  description(
    request: NetlinkRequest,
    sequence = this.#sequence,
  ): RequestDescription {
    return {
      type: request.type,
      name: this.#name(request.type),
      flags: request.flags ?? 0,
      sequence,
    };
  }

  /** What a request is for, in words. */
  describe(request: NetlinkRequest): string {
    return request.tried ?? `netlink request ${this.#name(request.type)}`;
  }

  #name(type: number): string {
    return this.#vocabulary?.message(type) ?? `message type ${type}`;
  }
}
