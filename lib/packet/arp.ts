import { formatIPv4 } from "../net/ip_address.ts";
import { formatLinkAddress } from "../net/link_address.ts";
import {
  hexNumber,
  type Malformed,
  readU16,
  tooShort,
  writeU16,
} from "./bytes.ts";
import { checkLength, checkNumber, checkRoom } from "./field_check.ts";
import { ETH_P } from "./protocol.ts";

/**
 * What an ARP message wants, by the names of linux/if_arp.h.
 *
 * @example
 * ```ts
 * import { ARPOP, headers } from "@netplumb/netplumb";
 *
 * const request = Uint8Array.fromHex(
 *   "00010800060400010200000000010a0000010000000000000a000002",
 * );
 * const arp = headers.decodeArp(request);
 * console.log("operation" in arp && arp.operation === ARPOP.REQUEST); // true
 * ```
 */
export const ARPOP = {
  REQUEST: 1,
  REPLY: 2,
  RREQUEST: 3,
  RREPLY: 4,
  InREQUEST: 8,
  InREPLY: 9,
  NAK: 10,
} as const;

/** Fields that {@link writeArp} writes; a decoded header has them. */
export interface ArpFields {
  /** A number of {@link ARPOP}. */
  readonly operation: number;
  /** 6 bytes on Ethernet. */
  readonly senderLinkAddress: Uint8Array;
  /** 4 bytes for IPv4. */
  readonly senderAddress: Uint8Array;
  /** As long as the sender's. */
  readonly targetLinkAddress: Uint8Array;
  /** As long as the sender's. */
  readonly targetAddress: Uint8Array;
  /** Type of link, ARPHRD_*; default 1, Ethernet. */
  readonly hardwareType?: number;
  /** Type of address, ETH_P_*; default 0x0800, IPv4. */
  readonly protocolType?: number;
}

/**
 * An ARP message as a view of a frame: getters read the bytes. Source: RFC 826.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeArp(Uint8Array.fromHex(
 *   "0001080006040002" + "020000000001" + "0a000001" + "020000000002" +
 *     "0a000002",
 * ));
 * if (message instanceof headers.ArpMessage) {
 *   console.log(message.sender, "is at", message.senderLink);
 *   // 10.0.0.1 is at 02:00:00:00:00:01
 * }
 * ```
 */
export class ArpMessage implements ArpFields {
  /** Always undefined; distinguishes a message from {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Called by `decodeArp`, which checks the length first.
   *
   * @param bytes The frame.
   * @param offset Offset of the message.
   * @param end Where the frame ends, padding included.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly end: number,
  ) {}

  /** Type of link, ARPHRD_*: 1 for Ethernet. */
  get hardwareType(): number {
    return readU16(this.bytes, this.offset);
  }

  /** Type of address, ETH_P_*: 0x0800 for IPv4. */
  get protocolType(): number {
    return readU16(this.bytes, this.offset + 2);
  }

  /** Bytes of a link-layer address: 6 on Ethernet. */
  get hardwareLength(): number {
    return this.bytes[this.offset + 4]!;
  }

  /** Bytes of an address: 4 for IPv4. */
  get protocolLength(): number {
    return this.bytes[this.offset + 5]!;
  }

  /** A number of {@link ARPOP}. */
  get operation(): number {
    return readU16(this.bytes, this.offset + 6);
  }

  /** Whether the addresses are IPv4 ones, so that they can be shown as text. */
  get isIPv4(): boolean {
    return this.protocolType === ETH_P.IP && this.protocolLength === 4;
  }

  /** The bytes of the sender's link-layer address. */
  get senderLinkAddress(): Uint8Array {
    return this.#part(0, 0, 1, 0);
  }

  /** The bytes of the sender's address. */
  get senderAddress(): Uint8Array {
    return this.#part(1, 0, 1, 1);
  }

  /** The bytes of the target's link-layer address. */
  get targetLinkAddress(): Uint8Array {
    return this.#part(1, 1, 2, 1);
  }

  /** The bytes of the target's address. */
  get targetAddress(): Uint8Array {
    return this.#part(2, 1, 2, 2);
  }

  #part(h1: number, p1: number, h2: number, p2: number): Uint8Array {
    const { hardwareLength: h, protocolLength: p } = this;
    const start = this.offset + 8;
    return this.bytes.subarray(
      start + h1 * h + p1 * p,
      start + h2 * h + p2 * p,
    );
  }

  /** The sender's link-layer address as text. */
  get senderLink(): string {
    return formatLinkAddress(this.senderLinkAddress);
  }

  /** The sender's address as text, in hexadecimal if it is not IPv4. */
  get sender(): string {
    return this.#text(this.senderAddress);
  }

  /** The target's link-layer address as text. */
  get targetLink(): string {
    return formatLinkAddress(this.targetLinkAddress);
  }

  /** The target's address as text, in hexadecimal if it is not IPv4. */
  get target(): string {
    return this.#text(this.targetAddress);
  }

  #text(address: Uint8Array): string {
    return this.isIPv4 ? formatIPv4(address) : formatLinkAddress(address);
  }
}

/**
 * Decodes an ARP message.
 *
 * @param bytes The frame.
 * @param offset Offset of the message, after the Ethernet header.
 * @param end Offset where decoding stops.
 * @returns The message, or why the bytes are not one. Source: RFC 826.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const message = headers.decodeArp(Uint8Array.fromHex(
 *   "0001080006040001" + "020000000001" + "0a000001" + "000000000000" +
 *     "0a000002",
 * ));
 * if (message.malformed === undefined) {
 *   console.log(message.sender, message.target); // 10.0.0.1 10.0.0.2
 * }
 * ```
 */
export function decodeArp(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): ArpMessage | Malformed {
  if (end > bytes.length) end = bytes.length;
  const available = end - offset;
  if (available < 8) return tooShort("ARP message", 8, available);
  const needed = 8 + 2 * (bytes[offset + 4]! + bytes[offset + 5]!);
  if (needed > available) return tooShort("ARP message", needed, available);
  return new ArpMessage(bytes, offset, end);
}

/**
 * Writes an ARP message.
 *
 * @param bytes The buffer to write into.
 * @param offset Offset of the message.
 * @param fields The fields to write.
 * @returns Offset of the end of the message. Source: RFC 826.
 *
 * @example
 * ```ts
 * import { ARPOP, headers, parseAddress, parseLinkAddress } from "@netplumb/netplumb";
 *
 * const bytes = new Uint8Array(28);
 * const end = headers.writeArp(bytes, 0, {
 *   operation: ARPOP.REQUEST,
 *   senderLinkAddress: parseLinkAddress("02:00:00:00:00:01"),
 *   senderAddress: parseAddress("10.0.0.1").address,
 *   targetLinkAddress: new Uint8Array(6),
 *   targetAddress: parseAddress("10.0.0.2").address,
 * });
 * console.log(end); // 28
 * ```
 */
export function writeArp(
  bytes: Uint8Array,
  offset: number,
  fields: ArpFields,
): number {
  const hardware = fields.senderLinkAddress.length;
  const protocol = fields.senderAddress.length;
  checkNumber("operation", fields.operation, 0xffff);
  checkNumber("hardwareType", fields.hardwareType, 0xffff);
  checkNumber("protocolType", fields.protocolType, 0xffff);
  checkNumber("senderLinkAddress.length", hardware, 0xff);
  checkNumber("senderAddress.length", protocol, 0xff);
  checkLength("targetLinkAddress", fields.targetLinkAddress, hardware);
  checkLength("targetAddress", fields.targetAddress, protocol);
  checkRoom(bytes, offset, 8 + 2 * (hardware + protocol));
  writeU16(bytes, offset, fields.hardwareType ?? 1);
  writeU16(bytes, offset + 2, fields.protocolType ?? ETH_P.IP);
  bytes[offset + 4] = hardware;
  bytes[offset + 5] = protocol;
  writeU16(bytes, offset + 6, fields.operation);
  let at = offset + 8;
  for (
    const part of [
      fields.senderLinkAddress,
      fields.senderAddress,
      fields.targetLinkAddress,
      fields.targetAddress,
    ]
  ) {
    bytes.set(part, at);
    at += part.length;
  }
  return at;
}

/** An ARP message in tcpdump's format. */
export function describeArp(arp: ArpMessage): string {
  const length = `, length ${arp.end - arp.offset}`;
  if (!arp.isIPv4) {
    const { hardwareType, hardwareLength, protocolType, protocolLength } = arp;
    const hardware = hardwareType === 1
      ? "Ethernet"
      : `Unknown Hardware (${hardwareType})`;
    const protocol = PROTOCOLS.get(protocolType) ??
      `Unknown Protocol (${hexNumber(protocolType, 4)})`;
    return `ARP, ${hardware} (len ${hardwareLength}), ${protocol} (len ${protocolLength})${length}`;
  }
  switch (arp.operation) {
    case ARPOP.REQUEST: {
      const known = arp.targetLinkAddress.some((byte) => byte !== 0);
      const link = known ? ` (${arp.targetLink})` : "";
      return `ARP, Request who-has ${arp.target}${link} tell ${arp.sender}${length}`;
    }
    case ARPOP.REPLY:
      return `ARP, Reply ${arp.sender} is-at ${arp.senderLink}${length}`;
    case ARPOP.RREQUEST:
    case ARPOP.InREQUEST: {
      const kind = arp.operation === ARPOP.RREQUEST ? "Reverse" : "Inverse";
      return `ARP, ${kind} Request who-is ${arp.targetLink} tell ${arp.senderLink}${length}`;
    }
    case ARPOP.RREPLY:
      return `ARP, Reverse Reply ${arp.targetLink} at ${arp.target}${length}`;
    case ARPOP.InREPLY:
      return `ARP, Inverse Reply ${arp.senderLink} at ${arp.sender}${length}`;
    case ARPOP.NAK:
      return "ARP, NACK Reply";
    default:
      return `ARP, Unknown (${arp.operation})`;
  }
}

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [ETH_P.IP, "IPv4"],
  [ETH_P.ARP, "ARP"],
  [ETH_P.IPV6, "IPv6"],
]);
