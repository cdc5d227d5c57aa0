// A batch in, a batch of answers out: the server's work, free of threads.

import { ReceiveBatch } from "../../lib/udp/receive_batch.ts";
import type { SendResult } from "../../lib/udp/send_result.ts";
import { type ReplyOptions, SendBatch } from "../../lib/udp/send_batch.ts";
import {
  Counter,
  type Detail,
  type EchoEvent,
  type Orders,
} from "./messages.ts";
import { LoopGuard, PROBE_LENGTH } from "./loops.ts";
import { type Refusal, refusal } from "./rules.ts";

/** Datagrams a second that are told of where a person reads along. */
const SAMPLES = 20;

/** No datagram is longer, so none is ever cut. */
const LONGEST = 65535;

export class Responder {
  readonly received: ReceiveBatch;
  readonly answers: SendBatch;
  readonly #counters: Float64Array;
  readonly #options: ReplyOptions;
  readonly #port: number;
  readonly #anyPort: boolean;
  readonly #detail: Detail;
  readonly #guard = new LoopGuard();
  readonly #interfaceName: (ifindex: number) => string | undefined;
  /** Datagrams of each answer in the batch: a segmented one is several. */
  readonly #datagrams: Uint16Array;
  /** Those of all answers in the batch, without a probe. */
  #answered = 0;
  /** The place of a probe among the answers, -1 for none. */
  #probe = -1;
  #told = 0;
  #since = 0;
  readonly #refusals = new Set<Refusal>();
  /** The event of each answer in the batch, where it is told of. */
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
    // With room for a probe beside the answers.
    this.answers = new SendBatch(
      Math.min(batch + 1, 1024),
      batch * (data?.length ?? 0) + PROBE_LENGTH,
    );
    this.#datagrams = new Uint16Array(this.answers.size);
    this.#counters = new Float64Array(counters);
    this.#port = orders.socket.address.port;
    this.#anyPort = orders.anyPort;
    this.#detail = detail;
  }

  /** Prepares the answers to what is in the received batch. */
  answer(): void {
    const { received, answers } = this;
    const counters = this.#counters;
    if (this.#events.length > 0) {
      this.#events = [];
      this.#eventOf = [];
    }
    const tell = this.#tells(received.count);
    let first: Refusal | undefined;
    this.#answered = 0;
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
        this.#datagrams[answers.count] = sent;
        this.#answered += sent;
        answers.reply(received, slot, this.#options);
      } else {
        counters[Counter.refused] += datagrams;
        if (refused === "answering-port") {
          counters[Counter.servicePort] += datagrams;
        }
      }
      if (slot < tell || this.#isFirst(refused)) this.#note(slot, refused);
    }
    this.#probe = -1;
    if (first === undefined) this.#look();
  }

  /** Asks a peer that is heard very often whether it only echoes. */
  #look(): void {
    const { received, answers } = this;
    const data = this.#guard.look(received);
    if (data === undefined || !answers.fits(data.length)) return;
    this.#probe = answers.count;
    this.#datagrams[this.#probe] = 0;
    answers.reply(received, 0, { ...this.#options, data });
  }

  /** Takes in what became of the answers; gives the events to be told. */
  settle({ failures }: SendResult): EchoEvent[] {
    let failed = 0;
    for (const { index } of failures) failed += this.#datagrams[index];
    this.#counters[Counter.replies] += this.#answered - failed;
    this.#counters[Counter.failed] += failed;
    for (const { index, error } of failures) {
      if (index === this.#probe) continue;
      const place = this.#eventOf[index];
      if (place === undefined) continue;
      const { reply: _, ...event } = this.#events[place];
      const { code, message } = error;
      this.#events[place] = { ...event, error: { code, message } };
    }
    return this.#events;
  }

  /** How many of the next datagrams are told of. */
  #tells(coming: number): number {
    if (this.#detail !== "sample") return this.#detail === "all" ? coming : 0;
    // The clock is read only where there is more to tell than is told.
    if (this.#told >= SAMPLES) {
      const now = performance.now();
      if (now - this.#since < 1000) return 0;
      this.#since = now;
      this.#told = 0;
    }
    const tell = Math.min(coming, SAMPLES - this.#told);
    this.#told += tell;
    return tell;
  }

  /** A reason not to answer is told once, however little else is. */
  #isFirst(refused: Refusal | undefined): boolean {
    if (refused === undefined || this.#refusals.has(refused)) return false;
    this.#refusals.add(refused);
    return true;
  }

  #note(slot: number, refused: Refusal | undefined): void {
    const { received, answers } = this;
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
        ? { reply: describeReply(answers) }
        : { refused }),
    };
    if (refused === undefined) {
      this.#eventOf[answers.count - 1] = this.#events.length;
    }
    this.#events.push(event);
  }
}

/** Where the answer just prepared will leave from. */
function describeReply(answers: SendBatch): EchoEvent["reply"] {
  const { control, source, bytes } = answers.describe(answers.count - 1);
  return { control, ...(source === undefined ? {} : { source }), bytes };
}
