// An outgoing datagram as a plain object, written into a send batch.

import { AF_INET } from "../../ffi/layout/sys_socket.ts";
import { isMapped, parseAddress } from "../address.ts";
import { ArgumentError } from "../errors.ts";
import { interfaceIndex } from "../interface_index.ts";
import { wholeNumber } from "../whole_number.ts";
import {
  writeIn6Pktinfo,
  writeInPktinfo,
  writeSegmentSize,
  writeTrafficClass,
  writeTtl,
} from "./ancillary.ts";
import type { SendBatch } from "./send_batch.ts";
import { type Endpoint, parseEndpoint, writeSockaddr } from "./sockaddr.ts";

/** What a datagram carries beside its payload; every part has a default. */
export interface SendOptions {
  /** The address it leaves from; must be one of this host's. Default: as the routes say. */
  readonly source?: string;
  /** The interface it leaves through, by name or index, whatever the routes say. */
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

const encoder = new TextEncoder();

/** A payload as bytes. */
export function payload(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

/**
 * Appends a message to a batch with room for it.
 *
 * @throws {ArgumentError} For an address, port or number that is none.
 */
export function append(
  batch: SendBatch,
  domain: number,
  data: Uint8Array,
  message: SendOptions & { readonly to?: Endpoint },
): void {
  const slot = batch.count;
  const { words, view } = batch.memory;
  let ipv4 = domain === AF_INET;
  let scope = 0;
  let nameLength = 0;
  if (message.to !== undefined) {
    const to = parseEndpoint(message.to);
    ipv4 ||= to.address.length === 4 || isMapped(to.address);
    scope = to.scope;
    nameLength = writeSockaddr(view, batch.nameAt(slot), domain, to);
  }
  const start = batch.controlAt(slot);
  let at = start;
  if (message.source !== undefined || message.interface !== undefined) {
    const ifindex = message.interface === undefined
      ? scope
      : typeof message.interface === "number"
      ? message.interface
      : interfaceIndex(message.interface);
    at += writeSource(batch, at, ipv4, message.source, ifindex);
  }
  if (message.ttl !== undefined) {
    at += writeTtl(words, at, ipv4, wholeNumber("ttl", message.ttl, 1, 255));
  }
  if (message.trafficClass !== undefined) {
    const value = wholeNumber("trafficClass", message.trafficClass, 0, 255);
    at += writeTrafficClass(words, at, ipv4, value);
  }
  if (message.segmentSize !== undefined && message.segmentSize < data.length) {
    const size = wholeNumber("segmentSize", message.segmentSize, 1, 65535);
    at += writeSegmentSize(words, at, size);
  }
  batch.push(data, nameLength, at - start);
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
