// Prints and counts the outcomes of the requests of `netplumb send`.

import { type Endpoint, formatEndpoint } from "../../lib/socket/sockaddr.ts";
import type { ErrorEvent } from "../../lib/socket/error_queue.ts";
import type { Datagram } from "../../lib/udp/datagram.ts";
import { log } from "../log.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { textOf } from "./payload.ts";

export class Tally {
  #sent = 0;
  #answered = 0;
  #replies = 0;
  #wrongSource = 0;
  #refused = 0;
  readonly #times: number[] = [];
  readonly #decoder = new TextDecoder();
  readonly #destination: string;

  /**
   * @param to The destination.
   * @param group Whether it is a multicast or broadcast address: each peer
   *   replies from its own address.
   */
  constructor(
    readonly output: Output,
    readonly to: Endpoint,
    readonly group: boolean,
  ) {
    this.#destination = formatEndpoint(to);
  }

  /** Whether each query has a reply from the expected address. */
  get complete(): boolean {
    return this.#answered === this.#sent && this.#wrongSource === 0;
  }

  recordQuery(): void {
    this.#sent++;
  }

  /** Records a reply; `first` if it is the first one to this query. */
  recordReply(
    sequence: number,
    { data, peer }: Datagram,
    milliseconds: number,
    first: boolean,
  ): void {
    const { to } = this;
    if (first) this.#answered++;
    this.#replies++;
    this.#times.push(milliseconds);
    const expected = this.group ||
      peer.address === to.address && peer.port === to.port;
    if (!expected) this.#wrongSource++;
    const text = textOf(data);
    this.output.event(
      {
        event: "reply",
        sequence,
        bytes: data.length,
        peer,
        expected,
        milliseconds: Number(milliseconds.toFixed(3)),
        text: text ?? this.#decoder.decode(data),
        hex: data.toHex(),
      },
      ({ bytes, hex, milliseconds }) =>
        `${bytes} bytes from ${formatEndpoint(peer)} in ${milliseconds} ms: ${
          text === undefined ? hex : printable(text)
        }`,
    );
    if (!expected) {
      log.error(
        `sent to ${this.#destination}, reply from ${
          formatEndpoint(peer)
        }: the ` +
          "service does not reply from the destination address of the request",
      );
    }
  }

  /** Records that the peer, or a router on the path, rejected a query. */
  recordRefusal(sequence: number, { code, text, offender }: ErrorEvent): void {
    this.#refused++;
    this.output.event(
      {
        event: "refused",
        sequence,
        peer: this.to,
        code,
        ...(offender === undefined ? {} : { offender: offender.address }),
      },
      () =>
        `${this.#destination} refused: ${code}, ${text}` +
        (offender === undefined || offender.address === this.to.address
          ? ""
          : ` (from ${offender.address})`),
    );
  }

  /** Records that no reply came. */
  recordTimeout(sequence: number, timeout: number): void {
    this.output.event(
      { event: "timeout", sequence, milliseconds: timeout },
      () => `no reply from ${this.#destination} within ${timeout} ms`,
    );
  }

  summary(): void {
    const { output } = this;
    const sent = this.#sent, answered = this.#answered;
    const replies = this.#replies, refused = this.#refused;
    if (output.json) {
      const wrongSource = this.#wrongSource;
      output.object({
        event: "summary",
        sent,
        answered,
        replies,
        wrongSource,
        refused,
      });
    } else if (sent > 1 || this.group) {
      const sorted = this.#times.toSorted((a, b) => a - b);
      const median = sorted[sorted.length >> 1]?.toFixed(3) ?? "-";
      log.info([
        `${sent} sent`,
        `${answered} answered`,
        ...(this.group ? [`${replies} replies`] : []),
        ...(refused > 0 ? [`${refused} refused`] : []),
        `median round trip ${median} ms`,
      ].join(", "));
    }
  }
}
