// An outgoing datagram as a plain object, written into a send batch.

import { AF_INET } from "../../ffi/layout/sys_socket.ts";
import { isMapped, parseAddress } from "../address.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndexOf } from "../interface_index.ts";
import { wholeNumber } from "../whole_number.ts";
import {
  writeIn6Pktinfo,
  writeInPktinfo,
  writeTrafficClass,
  writeTtl,
} from "./ancillary.ts";
import type { Family } from "./options.ts";
import type { SendBatch } from "./send_batch.ts";
import { type Endpoint, parseEndpoint, writeSockaddr } from "./sockaddr.ts";

/** What a datagram carries beside its payload; every part has a default. */
export interface SendOptions {
  /** The address it leaves from; must be one of this host's. Default: as the routes say. */
  readonly source?: string;
  /**
   * The interface it leaves through, by name or index. For IPv4, and for IPv6
   * without `source`, whatever the routes say; for IPv6 with it the kernel looks
   * only among the best routes there.
   */
  readonly interface?: string | number;
  /** Its TTL or hop limit, 1 to 255. */
  readonly ttl?: number;
  /** Its TOS or traffic class byte, 0 to 255. */
  readonly trafficClass?: number;
  /** Cut `data` into datagrams of this many bytes, by the kernel or the card (UDP_SEGMENT). */
  readonly segmentSize?: number;
}

/** A datagram to be sent. */
export interface Message extends SendOptions {
  /** Its payload; a string is sent as UTF-8. */
  readonly data: Uint8Array | string;
  /** Whom it is for; may be absent on a connected socket. */
  readonly to?: Endpoint;
}

/** What of a socket its messages are written for. */
export interface Sender {
  readonly fd: number;
  readonly domain: number;
  readonly family: Family;
  /** To whom it is connected. */
  readonly peer?: Endpoint;
}

/** A datagram's payload is never longer. */
const LONGEST = 65535;

const encoder = new TextEncoder();

/** A payload as bytes. @throws {ArgumentError} For one that is too long. */
export function payload(data: Uint8Array | string): Uint8Array {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  if (bytes.length <= LONGEST) return bytes;
  throw new ArgumentError(
    "data",
    `${bytes.length} bytes`,
    `at most ${LONGEST} bytes`,
  );
}

/**
 * Appends messages to a batch with room for them. One that goes the way of the
 * one before it, as most do, has what was written for that copied.
 */
export class MessageWriter {
  readonly #batch: SendBatch;
  readonly #sender: Sender;
  /** The slot of the last message, and how it goes: values, which nobody changes. */
  #slot = -1;
  #to: Endpoint | undefined;
  #options: SendOptions = {};
  #nameLength = 0;
  #controlLength = 0;

  constructor(batch: SendBatch, sender: Sender) {
    this.#batch = batch;
    this.#sender = sender;
  }

  /** @throws {ArgumentError} For an address, port or number that is none. */
  append(data: Uint8Array, message: Message): void {
    const batch = this.#batch;
    const slot = batch.count;
    if (slot > 0 && this.#slot === slot - 1 && this.#goesOn(message)) {
      this.#repeat(slot);
    } else {
      this.#write(slot, message);
      const { to, source, ttl, trafficClass } = message;
      this.#to = to && { ...to };
      this.#options = {
        source,
        interface: message.interface,
        ttl,
        trafficClass,
      };
    }
    this.#slot = slot;
    const segmentSize = message.segmentSize === undefined
      ? 0
      : wholeNumber("segmentSize", message.segmentSize, 1, LONGEST);
    batch.push(data, this.#nameLength, this.#controlLength, segmentSize);
  }

  /** Whether a message goes the way of the last one. */
  #goesOn(message: Message): boolean {
    const [to, last, options] = [message.to, this.#to, this.#options];
    return (to === undefined) === (last === undefined) &&
      to?.address === last?.address && to?.port === last?.port &&
      to?.scope === last?.scope && message.source === options.source &&
      message.interface === options.interface && message.ttl === options.ttl &&
      message.trafficClass === options.trafficClass;
  }

  #repeat(slot: number): void {
    const batch = this.#batch;
    const { bytes } = batch.memory;
    const [name, control] = [batch.nameAt(slot - 1), batch.controlAt(slot - 1)];
    bytes.copyWithin(batch.nameAt(slot), name, name + this.#nameLength);
    bytes.copyWithin(
      batch.controlAt(slot),
      control,
      control + this.#controlLength,
    );
  }

  #write(slot: number, message: Message): void {
    const batch = this.#batch;
    const { words, view } = batch.memory;
    const { fd, domain, peer } = this.#sender;
    let ipv4 = domain === AF_INET || peer !== undefined && isIPv4(peer.address);
    let scope = 0;
    this.#nameLength = 0;
    if (message.to !== undefined) {
      const to = parseEndpoint(message.to, this.#sender);
      ipv4 = domain === AF_INET || to.address.length === 4 ||
        isMapped(to.address);
      scope = to.scope;
      const at = batch.nameAt(slot);
      this.#nameLength = writeSockaddr(view, at, domain, to);
    }
    const start = batch.controlAt(slot);
    let at = start;
    if (message.source !== undefined || message.interface !== undefined) {
      const ifindex = message.interface === undefined
        ? scope
        : interfaceIndexOf(fd, message.interface);
      at += writeSource(batch, at, ipv4, message.source, ifindex);
    }
    if (message.ttl !== undefined) {
      at += writeTtl(words, at, ipv4, wholeNumber("ttl", message.ttl, 1, 255));
    }
    if (message.trafficClass !== undefined) {
      const value = wholeNumber("trafficClass", message.trafficClass, 0, 255);
      at += writeTrafficClass(words, at, ipv4, value);
    }
    this.#controlLength = at - start;
  }
}

/** Whether an address as this library prints it is an IPv4 one. */
function isIPv4(address: string): boolean {
  return !address.includes(":");
}

function writeSource(
  { memory: { words } }: SendBatch,
  at: number,
  ipv4: boolean,
  source: string | undefined,
  ifindex: number,
): number {
  const parsed = source === undefined
    ? new Uint8Array(ipv4 ? 4 : 16)
    : parseAddress(source, "source").address;
  const address = isMapped(parsed) ? parsed.slice(12) : parsed;
  if (source !== undefined && (address.length === 4) !== ipv4) {
    throw new ArgumentError(
      "source",
      source,
      `an ${ipv4 ? "IPv4" : "IPv6"} address, as the destination is`,
    );
  }
  // Raw words of the address, in memory order.
  const word = (index: number) =>
    new DataView(address.buffer).getInt32(4 * index, true);
  if (!ipv4) {
    const [a, b, c, d] = [word(0), word(1), word(2), word(3)];
    return writeIn6Pktinfo(words, at, ifindex, a, b, c, d);
  }
  return writeInPktinfo(words, at, ifindex, word(0));
}
