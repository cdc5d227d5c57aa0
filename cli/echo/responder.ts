// Turns a batch of received datagrams into a batch of replies.

import { ReceiveBatch } from "../../lib/udp/receive_batch.ts";
import type { SendResult } from "../../lib/udp/errors.ts";
import { type ReplyOptions, SendBatch } from "../../lib/udp/send_batch.ts";
import {
  Counter,
  type Detail,
  type EchoEvent,
  type Orders,
} from "./messages.ts";
import { LoopGuard, PROBE_LENGTH } from "./loops.ts";
import { type Refusal, refusal } from "./rules.ts";

/** Datagrams a second that are reported as text. */
const SAMPLES = 20;

/** The longest datagram, so that none is truncated. */
const LONGEST = 65535;

export class Responder {
  readonly received: ReceiveBatch;
  readonly replies: SendBatch;
  readonly #counters: Float64Array;
  readonly #options: ReplyOptions;
  readonly #port: number;
  readonly #anyPort: boolean;
  readonly #detail: Detail;
  readonly #guard = new LoopGuard();
  readonly #interfaceName: (ifindex: number) => string | undefined;
  /** Datagrams of each reply: a segmented one is several. */
  readonly #datagrams: Uint16Array;
  /** Datagrams of all replies in the batch, without a probe. */
  #replied = 0;
  /** The index of a probe among the replies, -1 for none. */
  #probe = -1;
  #reported = 0;
  #since = 0;
  readonly #refusals = new Set<Refusal>();
  /** The reported events, and the index of the event of each reply. */
  #events: EchoEvent[] = [];
  #eventOf: number[] = [];

  constructor(
    orders: Orders,
    interfaceName: (ifindex: number) => string | undefined,
  ) {
    this.#interfaceName = interfaceName;
    const { batch, counters, detail, pinInterface } = orders;
    this.received = new ReceiveBatch({ size: batch, bufferSize: LONGEST });
    const data = orders.reply === undefined
      ? undefined
      : new TextEncoder().encode(orders.reply);
    this.#options = { data, pinInterface };
    // With space for a probe.
    this.replies = new SendBatch(
      Math.min(batch + 1, 1024),
      batch * (data?.length ?? 0) + PROBE_LENGTH,
    );
    this.#datagrams = new Uint16Array(this.replies.size);
    this.#counters = new Float64Array(counters);
    this.#port = orders.socket.address.port;
    this.#anyPort = orders.anyPort;
    this.#detail = detail;
  }

  /** Prepares the replies to the received batch. */
  reply(): void {
    const { received, replies } = this;
    const counters = this.#counters;
    if (this.#events.length > 0) {
      this.#events = [];
      this.#eventOf = [];
    }
    const report = this.#reportable(received.count);
    let first: Refusal | undefined;
    this.#replied = 0;
    for (let slot = 0; slot < received.count; slot++) {
      const bytes = received.length(slot);
      const segment = received.segmentSize(slot);
      const datagrams = segment > 0 && bytes > segment
        ? Math.ceil(bytes / segment)
        : 1;
      counters[Counter.datagrams] += datagrams;
      counters[Counter.bytes] += bytes;
      const refused = refusal(received, slot, this.#port, this.#anyPort) ??
        (this.#guard.refuses(received, slot) ? "echoing-peer" : undefined);
      if (slot === 0) first = refused;
      if (refused === undefined) {
        const sent = this.#options.data === undefined ? datagrams : 1;
        this.#datagrams[replies.count] = sent;
        this.#replied += sent;
        replies.reply(received, slot, this.#options);
      } else {
        counters[Counter.refused] += datagrams;
        if (refused === "answering-port") {
          counters[Counter.servicePort] += datagrams;
        }
      }
      if (slot < report || this.#isFirst(refused)) this.#note(slot, refused);
    }
    this.#probe = -1;
    if (first === undefined) this.#sendProbe();
  }

  /** Adds a probe to a peer that sends very often. */
  #sendProbe(): void {
    const { received, replies } = this;
    const data = this.#guard.sample(received);
    if (data === undefined || !replies.fits(data.length)) return;
    this.#probe = replies.count;
    this.#datagrams[this.#probe] = 0;
    replies.reply(received, 0, { ...this.#options, data });
  }

  /** Records the outcome of the replies; returns the events to report. */
  settle({ failures }: SendResult): EchoEvent[] {
    let failed = 0;
    for (const { index } of failures) failed += this.#datagrams[index];
    this.#counters[Counter.replies] += this.#replied - failed;
    this.#counters[Counter.failed] += failed;
    for (const { index, error } of failures) {
      if (index === this.#probe) continue;
      const at = this.#eventOf[index];
      if (at === undefined) continue;
      const { reply: _, ...event } = this.#events[at];
      const { code, message } = error;
      this.#events[at] = { ...event, error: { code, message } };
    }
    return this.#events;
  }

  /** How many of the next datagrams are reported. */
  #reportable(coming: number): number {
    if (this.#detail !== "sample") return this.#detail === "all" ? coming : 0;
    // The clock is read only when the limit is reached.
    if (this.#reported >= SAMPLES) {
      const now = performance.now();
      if (now - this.#since < 1000) return 0;
      this.#since = now;
      this.#reported = 0;
    }
    const report = Math.min(coming, SAMPLES - this.#reported);
    this.#reported += report;
    return report;
  }

  /** Each reason for not replying is reported at least once. */
  #isFirst(refused: Refusal | undefined): boolean {
    if (refused === undefined || this.#refusals.has(refused)) return false;
    this.#refusals.add(refused);
    return true;
  }

  #note(slot: number, refused: Refusal | undefined): void {
    const { received, replies } = this;
    const { peer, local, control, segmentSize } = received
      .describe(slot);
    const bytes = received.length(slot);
    const event: EchoEvent = {
      event: "datagram",
      bytes,
      ...(segmentSize === undefined || bytes <= segmentSize
        ? {}
        : { segments: Math.ceil(bytes / segmentSize) }),
      peer,
      ...(local === undefined ? {} : {
        local: {
          address: local.address,
          ifindex: local.ifindex,
          ifname: this.#interfaceName(local.ifindex),
        },
      }),
      control,
      ...(refused === undefined
        ? { reply: describeReply(replies) }
        : { refused }),
    };
    if (refused === undefined) {
      this.#eventOf[replies.count - 1] = this.#events.length;
    }
    this.#events.push(event);
  }
}

/** The control message and source of the last reply. */
function describeReply(replies: SendBatch): EchoEvent["reply"] {
  const { control, source, bytes } = replies.describe(replies.count - 1);
  return { control, ...(source === undefined ? {} : { source }), bytes };
}
