// Classifies packets for coalescing, without an object for each packet.

import { readU16, readU32 } from "../packet/bytes.ts";
import { ETH_P, IPPROTO, isExtensionHeader } from "../packet/protocol.ts";
import { TCP } from "../packet/tcp.ts";

/** Not part of a flow. */
export const UNRELATED = 0;
/** May be part of any flow: other packets must not be moved past it. */
export const BARRIER = 1;
/** Part of a flow, and cannot be coalesced. */
export const ALONE = 2;
/** Part of a flow, and can be coalesced with its neighbours. */
export const MERGEABLE = 3;

/** The parts of the last packet, as offsets in its array. */
export class FlowPacket {
  start = 0;
  /** Offset of the TCP or UDP header; the packet's end without one. */
  transport = 0;
  /** Offset of the payload; the packet's end if unknown. */
  payload = 0;
  end = 0;
  isUdp = false;
  /** The hash of the flow. */
  hash = 0;

  constructor(readonly ipOffset: number, readonly mergesUdp: boolean) {}

  /** Finds the parts of a packet; returns one of the four classes. */
  look(bytes: Uint8Array, start: number, end: number): number {
    const ip = start + this.ipOffset;
    this.start = start;
    this.transport = this.payload = this.end = end;
    if (this.ipOffset > 0) {
      if (end - start < this.ipOffset) return UNRELATED;
      const type = readU16(bytes, ip - 2);
      if (type === ETH_P.VLAN || type === ETH_P.QINQ) return BARRIER;
      if (type !== ETH_P.IP && type !== ETH_P.IPV6) return UNRELATED;
    }
    const version = bytes[ip]! >> 4;
    if (version === 4 && end - ip >= 20) return this.#lookIPv4(bytes, ip, end);
    if (version === 6 && end - ip >= 40) return this.#lookIPv6(bytes, ip, end);
    return UNRELATED;
  }

  #lookIPv4(bytes: Uint8Array, ip: number, end: number): number {
    // Options, or a fragment.
    if (bytes[ip] !== 0x45 || (readU16(bytes, ip + 6) & 0x3fff) !== 0) {
      return BARRIER;
    }
    const addresses = readU32(bytes, ip + 12) ^ readU32(bytes, ip + 16);
    const isWhole = readU16(bytes, ip + 2) === end - ip;
    return this.#lookBehind(bytes, ip + 20, bytes[ip + 9]!, addresses, isWhole);
  }

  #lookIPv6(bytes: Uint8Array, ip: number, end: number): number {
    const protocol = bytes[ip + 6]!;
    // Any protocol may follow an extension header.
    if (isExtensionHeader(protocol)) return BARRIER;
    let addresses = 0;
    for (let at = ip + 8; at < ip + 40; at += 4) {
      addresses = Math.imul(addresses, 31) ^ readU32(bytes, at);
    }
    const isWhole = readU16(bytes, ip + 4) === end - ip - 40;
    return this.#lookBehind(bytes, ip + 40, protocol, addresses, isWhole);
  }

  #lookBehind(
    bytes: Uint8Array,
    transport: number,
    protocol: number,
    addresses: number,
    isWhole: boolean,
  ): number {
    this.isUdp = protocol === IPPROTO.UDP;
    if (!this.isUdp && protocol !== IPPROTO.TCP) return UNRELATED;
    if (this.end - transport < 8) return UNRELATED;
    this.transport = transport;
    const ports = Math.imul(readU32(bytes, transport), 0x9e3779b1);
    const hash = Math.imul(addresses ^ ports, 0x85ebca6b);
    this.hash = hash ^ hash >>> 15;
    if (!isWhole) return ALONE;
    return this.isUdp ? this.#lookUdp(bytes) : this.#lookTcp(bytes);
  }

  #lookUdp(bytes: Uint8Array): number {
    const { transport, end } = this;
    this.payload = transport + 8;
    return this.mergesUdp && end > transport + 8 &&
        readU16(bytes, transport + 4) === end - transport &&
        // Coalescing would add a checksum to a packet without one.
        readU16(bytes, transport + 6) !== 0
      ? MERGEABLE
      : ALONE;
  }

  #lookTcp(bytes: Uint8Array): number {
    const { transport, end } = this;
    if (end - transport < 20) return ALONE;
    const payload = transport + (bytes[transport + 12]! >> 4) * 4;
    if (payload < transport + 20 || payload >= end) return ALONE;
    this.payload = payload;
    const flags = readU16(bytes, transport + 12) & 0xfff;
    return (flags & ~(TCP.PSH | TCP.FIN)) === TCP.ACK ? MERGEABLE : ALONE;
  }
}
