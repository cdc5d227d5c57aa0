// Encodes datagrams into a send queue.

import { AF_INET } from "../../ffi/uapi/sys_socket.ts";
import { isMapped, parseAddress } from "../net/ip_address.ts";
import { ArgumentError, wholeNumber } from "../errors.ts";
import { interfaceIndexOf } from "../net/interface_index.ts";
import {
  writeFlowLabel,
  writeIn6Pktinfo,
  writeInPktinfo,
  writeTrafficClass,
  writeTransmitTime,
  writeTtl,
} from "../socket/control_messages.ts";
import type { Family } from "../socket/option.ts";
import {
  type Endpoint,
  parseEndpoint,
  writeSockaddr,
} from "../socket/sockaddr.ts";
import type { SendQueue } from "./send_queue.ts";

/** Options of a datagram to send; each has a default. */
export interface SendOptions {
  /** The source address, one of this host's. Default: the routes choose. */
  readonly source?: string | undefined;
  /**
   * The outgoing interface, by name or index. For IPv4, and for IPv6 without
   * `source`, regardless of the routes; for IPv6 with `source` the kernel
   * considers only the best routes there.
   */
  readonly interface?: string | number | undefined;
  /** Its TTL or hop limit, 1 to 255. */
  readonly ttl?: number | undefined;
  /** Its TOS or traffic class byte, 0 to 255. */
  readonly trafficClass?: number | undefined;
  /**
   * Its IPv6 flow label, 1 to 0xfffff, in place of the kernel's (RFC 6437); for
   * IPv6 peers only.
   */
  readonly flowLabel?: number | undefined;
  /**
   * The transmit time, in nanoseconds of the clock of the socket's
   * `transmitTime`, without which the kernel rejects it.
   */
  readonly transmitTime?: bigint | undefined;
  /** Split `data` into datagrams of this many bytes, in the kernel or the device (UDP_SEGMENT). */
  readonly segmentSize?: number | undefined;
}

/** A datagram to send. */
export interface Message extends SendOptions {
  /** Its payload; a string is sent as UTF-8. */
  readonly data: Uint8Array | string;
  /** The peer; optional on a connected socket. */
  readonly to?: Endpoint | undefined;
}

/** The socket that sends the messages. */
export interface Sender {
  readonly fd: number;
  readonly domain: number;
  readonly family: Family;
  /** The peer it is connected to. */
  readonly peer?: Endpoint | undefined;
}

/** The longest payload of a datagram. */
const MAX_PAYLOAD = 65535;

const encoder = new TextEncoder();

/** A payload as bytes. @throws {ArgumentError} If it is too long. */
export function payload(data: Uint8Array | string): Uint8Array {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError("data", data, "a Uint8Array or a string");
  }
  if (bytes.length <= MAX_PAYLOAD) return bytes;
  throw new ArgumentError(
    "data",
    `${bytes.length} bytes`,
    `at most ${MAX_PAYLOAD} bytes`,
  );
}

/**
 * Appends messages to a queue. A message with the same options as the previous
 * one, the usual case, gets a copy of its sockaddr and control messages.
 */
export class MessageWriter {
  readonly #queue: SendQueue;
  readonly #sender: Sender;
  /** The slot of the last message, its peer and options, copied. */
  #slot = -1;
  #to: Endpoint | undefined;
  #options: SendOptions = {};
  #nameLength = 0;
  #controlLength = 0;

  constructor(queue: SendQueue, sender: Sender) {
    this.#queue = queue;
    this.#sender = sender;
  }

  /** @throws {ArgumentError} For an invalid address, port or number. */
  append(data: Uint8Array, message: Message): void {
    const { to } = message;
    const slot = this.#queue.slots;
    if (slot > 0 && this.#slot === slot - 1 && this.#repeatsLast(message)) {
      this.#copyLast(slot);
    } else {
      this.#write(slot, to, message);
      const { source, ttl, trafficClass, flowLabel, transmitTime } = message;
      this.#to = to && { ...to };
      this.#options = {
        source,
        interface: message.interface,
        ttl,
        trafficClass,
        flowLabel,
        transmitTime,
      };
    }
    this.#slot = slot;
    this.#append(slot, data, message);
  }

  /**
   * The same for a single message.
   *
   * @throws {ArgumentError} For an invalid address, port or number.
   */
  appendOnly(
    data: Uint8Array,
    to: Endpoint | undefined,
    options: SendOptions,
  ): void {
    const slot = this.#queue.slots;
    this.#write(slot, to, options);
    this.#append(slot, data, options);
  }

  #append(slot: number, data: Uint8Array, options: SendOptions): void {
    const { vector } = this.#queue;
    const segmentSize = options.segmentSize === undefined
      ? 0
      : wholeNumber("segmentSize", options.segmentSize, 1, MAX_PAYLOAD);
    this.#queue.append(
      vector,
      vector.nameAt(slot),
      this.#nameLength,
      this.#controlLength,
      this.#queue.copy(data),
      data.length,
      segmentSize,
    );
  }

  /** Whether a message has the peer and options of the last one. */
  #repeatsLast(message: Message): boolean {
    const [to, last, options] = [message.to, this.#to, this.#options];
    return (to === undefined) === (last === undefined) &&
      to?.address === last?.address && to?.port === last?.port &&
      to?.scope === last?.scope && message.source === options.source &&
      message.interface === options.interface && message.ttl === options.ttl &&
      message.trafficClass === options.trafficClass &&
      message.flowLabel === options.flowLabel &&
      message.transmitTime === options.transmitTime;
  }

  #copyLast(slot: number): void {
    const { vector } = this.#queue;
    const name = vector.nameAt(slot - 1);
    const control = vector.controlAt(slot - 1);
    vector.bytes.copyWithin(
      vector.nameAt(slot),
      name,
      name + this.#nameLength,
    );
    vector.bytes.copyWithin(
      vector.controlAt(slot),
      control,
      control + this.#controlLength,
    );
  }

  #write(
    slot: number,
    destination: Endpoint | undefined,
    options: SendOptions,
  ): void {
    const { vector } = this.#queue;
    const { words } = vector;
    const { fd, domain } = this.#sender;
    let ipv4 = domain === AF_INET;
    let scope = 0;
    this.#nameLength = 0;
    if (destination === undefined) {
      if (!ipv4 && hasControl(options)) {
        const { peer } = this.#sender;
        ipv4 = peer !== undefined && isIPv4(peer.address);
      }
    } else {
      const to = parseEndpoint(destination, this.#sender);
      ipv4 = domain === AF_INET || to.address.length === 4 ||
        isMapped(to.address);
      scope = to.scope;
      const at = vector.nameAt(slot);
      this.#nameLength = writeSockaddr(vector.view, at, domain, to);
    }
    const start = vector.controlAt(slot);
    let at = start;
    if (options.source !== undefined || options.interface !== undefined) {
      const ifindex = options.interface === undefined
        ? scope
        : interfaceIndexOf(fd, options.interface);
      at += writeSource(words, at, ipv4, options.source, ifindex);
    }
    if (options.ttl !== undefined) {
      at += writeTtl(words, at, ipv4, wholeNumber("ttl", options.ttl, 1, 255));
    }
    if (options.trafficClass !== undefined) {
      const value = wholeNumber("trafficClass", options.trafficClass, 0, 255);
      at += writeTrafficClass(words, at, ipv4, value);
    }
    const { flowLabel, transmitTime } = options;
    if (flowLabel !== undefined) {
      if (ipv4) throw new ArgumentError("flowLabel", flowLabel, "part of IPv4");
      wholeNumber("flowLabel", flowLabel, 1, 0xfffff);
      at += writeFlowLabel(words, at, flowLabel);
    }
    if (transmitTime !== undefined) {
      at += writeTransmitTime(words, at, transmitTime);
    }
    this.#controlLength = at - start;
  }
}

/** Whether options need a control message, which differs between IP versions. */
function hasControl(options: SendOptions): boolean {
  return options.source !== undefined || options.interface !== undefined ||
    options.ttl !== undefined || options.trafficClass !== undefined;
}

/** Whether an address in this library's text format is an IPv4 address. */
function isIPv4(address: string): boolean {
  return !address.includes(":");
}

function writeSource(
  words: Int32Array,
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
  if (ipv4) return writeInPktinfo(words, at, ifindex, wordOf(address, 0));
  return writeIn6Pktinfo(
    words,
    at,
    ifindex,
    wordOf(address, 0),
    wordOf(address, 4),
    wordOf(address, 8),
    wordOf(address, 12),
  );
}

/** Four bytes as a word in memory order, without allocating a DataView. */
function wordOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 |
    bytes[at + 3]! << 24;
}
