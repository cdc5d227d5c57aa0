// Requests and their replies: one transaction at a time on a channel, in the
// order of the calls.

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
import type { FamilyNames } from "./attribute_names.ts";

// Local constants: V8 inlines them; an imported binding costs a load and a check.
const INTERRUPTED = NLM_F_DUMP_INTR;
const FIRST_OBJECT = NLMSG_MIN_TYPE;

const NO_OBJECTS: never[] = [];

/** A message to the kernel. */
export interface NetlinkRequest {
  /** nlmsg_type, for example RTM_NEWLINK. */
  readonly type: number;
  /** nlmsg_flags beside NLM_F_REQUEST, NLM_F_ACK and NLM_F_DUMP: NLM_F_CREATE ... */
  readonly flags?: number | undefined;
  /** The family's struct and the attributes: see AttributeWriter. */
  readonly body: Uint8Array;
  /** The operation, for errors: "add link veth0". */
  readonly tried?: string | undefined;
}

/** Decodes a message; undefined to skip it. */
export type Decode<T> = (message: MessageReader) => T | undefined;

/** A request and its outcome. */
export interface Pending<T> {
  readonly request: NetlinkRequest;
  readonly sequence: number;
  /** Replaced by the first object: most requests have none. */
  objects: T[];
  warning?: ExtendedAck;
  error?: NetlinkError;
  done: boolean;
}

/** Outcome of a transaction. */
export interface TransactionResult<T> {
  readonly pending: Pending<T>[];
  /** Whether a message had NLM_F_DUMP_INTR. */
  interrupted: boolean;
  /** Whether a datagram was longer than the buffer. */
  truncated: boolean;
}

export class TransactionQueue {
  readonly #channel: Channel;
  readonly #names: FamilyNames | undefined;
  readonly #port: number;
  #sequence = Date.now() >>> 0;
  #tail: Promise<void> = Promise.resolve();
  /** The sequence of a dump that was aborted before its end. */
  #abandoned: number | undefined;

  constructor(channel: Channel, names: FamilyNames | undefined) {
    this.#channel = channel;
    this.#names = names;
    this.#port = ownPort(channel.descriptor.fd);
  }

  /**
   * Sends requests in one datagram, after the transactions before, and waits
   * until each has completed.
   *
   * @param flags NLM_F_ACK, or NLM_F_DUMP for one request alone.
   * @param retain Whether the memory of the messages must not be reused.
   */
  async run<T>(
    requests: readonly NetlinkRequest[],
    flags: number,
    decode: Decode<T> | undefined,
    deadline: Deadline,
    retain = false,
  ): Promise<TransactionResult<T>> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = before.then(() => promise);
    try {
      await deadline.bound(before);
      if (this.#abandoned !== undefined) await this.#finishAbandoned(deadline);
      return await this.#run(requests, flags, decode, deadline, retain);
    } finally {
      resolve();
    }
  }

  async #run<T>(
    requests: readonly NetlinkRequest[],
    flags: number,
    decode: Decode<T> | undefined,
    deadline: Deadline,
    retain: boolean,
  ): Promise<TransactionResult<T>> {
    const result: TransactionResult<T> = {
      pending: requests.map((request) => ({
        request,
        sequence: this.#sequence = (this.#sequence + 1) >>> 0,
        objects: NO_OBJECTS,
        done: false,
      })),
      interrupted: false,
      truncated: false,
    };
    this.#send(result.pending, flags);
    let left = requests.length;
    try {
      await this.#channel.read(deadline, (messages, truncated) => {
        result.truncated ||= truncated;
        left -= this.#visit(messages, result, decode);
        return left === 0;
      }, { retain });
    } catch (error) {
      if (flags === NLM_F_DUMP) {
        this.#abandoned = result.pending[0]!.sequence;
      }
      throw error;
    }
    return result;
  }

  /** Reads the messages of a datagram; returns how many requests they completed. */
  #visit<T>(
    message: MessageReader,
    result: TransactionResult<T>,
    decode: Decode<T> | undefined,
  ): number {
    const { pending } = result;
    // Signed words: V8 would box larger numbers.
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
      if (message.flags & INTERRUPTED) result.interrupted = true;
      if (message.type >= FIRST_OBJECT) {
        const object = decode?.(message);
        if (object === undefined) continue;
        if (one.objects === NO_OBJECTS) one.objects = [object];
        else one.objects.push(object);
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
    const ack = extendedAck(message, request, this.#names);
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
   * Reads an aborted dump to its end; until then another gets EBUSY. The kernel
   * fills the next datagram when one is read, so if none is queued, none will
   * come: the end was lost for lack of memory.
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

  /** A request, for errors. */
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

  /** The operation of a request, in words. */
  describe(request: NetlinkRequest): string {
    return request.tried ?? `netlink request ${this.#name(request.type)}`;
  }

  #name(type: number): string {
    return this.#names?.message(type) ?? `message type ${type}`;
  }
}
