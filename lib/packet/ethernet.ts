import { formatLinkAddress } from "../net/link_address.ts";
import { type Malformed, readU16, tooShort, writeU16 } from "./bytes.ts";
import { checkLength, checkNumber, checkRoom } from "./field_check.ts";
import { isVlanTag } from "./protocol.ts";

/** A VLAN tag. Source: IEEE 802.1Q clause 9. */
export interface VlanTag {
  /** 0x8100; 0x88a8, 0x9100 or 0x9200 for a service tag. */
  readonly protocol: number;
  /** 0 to 4095. */
  readonly id: number;
  /** 0 to 7. */
  readonly priority: number;
  /** Whether the frame may be dropped first. */
  readonly dropEligible: boolean;
}

/** Fields that {@link writeEthernet} writes; a decoded header has them. */
export interface EthernetFields {
  /** 6 bytes. */
  readonly destinationAddress: Uint8Array;
  /** 6 bytes. */
  readonly sourceAddress: Uint8Array;
  /** The tags before the type, outermost first. */
  readonly vlans?: readonly VlanTag[];
  /** The payload's protocol, or its length if below 1536. */
  readonly type: number;
}

/**
 * An Ethernet header as a view of a frame: getters read the bytes. Source: IEEE 802.3 clause 3.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeEthernet(
 *   Uint8Array.fromHex("0200000000020200000000010800"),
 * );
 * if (header instanceof headers.EthernetHeader) {
 *   console.log(header.destination, header.type); // 02:00:00:00:00:02 2048
 * }
 * ```
 */
export class EthernetHeader implements EthernetFields {
  /** Always undefined; distinguishes a header from {@link Malformed}. */
  declare readonly malformed?: undefined;

  /**
   * Called by `decodeEthernet`, which checks the length first.
   *
   * @param bytes The frame.
   * @param offset Offset of the header.
   * @param payloadOffset Offset of the payload, after all tags.
   * @param payloadEnd Offset of the end of the payload, padding included.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly payloadOffset: number,
    readonly payloadEnd: number,
  ) {}

  /** The payload's protocol, or its length if below 1536. */
  get type(): number {
    return readU16(this.bytes, this.payloadOffset - 2);
  }

  /** The destination address as text. */
  get destination(): string {
    return formatLinkAddress(this.bytes, this.offset, 6);
  }

  /** The source address as text. */
  get source(): string {
    return formatLinkAddress(this.bytes, this.offset + 6, 6);
  }

  /** The 6 bytes of the destination address. */
  get destinationAddress(): Uint8Array {
    return this.bytes.subarray(this.offset, this.offset + 6);
  }

  /** The 6 bytes of the source address. */
  get sourceAddress(): Uint8Array {
    return this.bytes.subarray(this.offset + 6, this.offset + 12);
  }

  /** The VLAN tags, outermost first. */
  get vlans(): VlanTag[] {
    const tags: VlanTag[] = [];
    for (let at = this.offset + 12; at < this.payloadOffset - 2; at += 4) {
      const control = readU16(this.bytes, at + 2);
      tags.push({
        protocol: readU16(this.bytes, at),
        id: control & 0xfff,
        priority: control >> 13,
        dropEligible: (control & 0x1000) !== 0,
      });
    }
    return tags;
  }

  /** The bytes of the payload. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadOffset, this.payloadEnd);
  }
}

/**
 * Decodes an Ethernet header and the VLAN tags in it.
 *
 * @param bytes The frame, without the check sequence.
 * @param offset Offset of the header.
 * @param end Offset where decoding stops.
 * @returns The header, or why the bytes are not one. Source: IEEE 802.3, 802.1Q.
 *
 * @example
 * ```ts
 * import { headers } from "@netplumb/netplumb";
 *
 * const header = headers.decodeEthernet(
 *   Uint8Array.fromHex("ffffffffffff020000000001" + "8100002a" + "0806"),
 * );
 * if (header.malformed === undefined) {
 *   console.log(header.source, header.vlans[0].id); // 02:00:00:00:00:01 42
 * }
 * ```
 */
export function decodeEthernet(
  bytes: Uint8Array,
  offset = 0,
  end: number = bytes.length,
): EthernetHeader | Malformed {
  if (end > bytes.length) end = bytes.length;
  let at = offset + 14;
  if (at > end) return tooShort("Ethernet header", 14, end - offset);
  while (isVlanTag(readU16(bytes, at - 2))) {
    at += 4;
    if (at > end) return tooShort("Ethernet header", at - offset, end - offset);
  }
  return new EthernetHeader(bytes, offset, at, end);
}

/**
 * Writes an Ethernet header with its VLAN tags.
 *
 * @param bytes The buffer to write into.
 * @param offset Offset of the header.
 * @param fields The fields to write.
 * @returns Offset of the payload. Source: IEEE 802.3, 802.1Q.
 *
 * @example
 * ```ts
 * import { ETH_P, headers, parseLinkAddress } from "@netplumb/netplumb";
 *
 * const frame = new Uint8Array(18);
 * const payload = headers.writeEthernet(frame, 0, {
 *   destinationAddress: parseLinkAddress("02:00:00:00:00:02"),
 *   sourceAddress: parseLinkAddress("02:00:00:00:00:01"),
 *   vlans: [{
 *     protocol: ETH_P.VLAN,
 *     id: 42,
 *     priority: 0,
 *     dropEligible: false,
 *   }],
 *   type: ETH_P.IP,
 * });
 * console.log(payload); // 18
 * ```
 */
export function writeEthernet(
  bytes: Uint8Array,
  offset: number,
  fields: EthernetFields,
): number {
  const vlans = fields.vlans ?? [];
  checkLength("destinationAddress", fields.destinationAddress, 6);
  checkLength("sourceAddress", fields.sourceAddress, 6);
  checkNumber("type", fields.type, 0xffff);
  for (const { protocol, id, priority } of vlans) {
    checkNumber("vlan protocol", protocol, 0xffff);
    checkNumber("vlan id", id, 0xfff);
    checkNumber("vlan priority", priority, 7);
  }
  checkRoom(bytes, offset, 14 + 4 * vlans.length);
  bytes.set(fields.destinationAddress, offset);
  bytes.set(fields.sourceAddress, offset + 6);
  let at = offset + 12;
  for (const { protocol, id, priority, dropEligible } of vlans) {
    writeU16(bytes, at, protocol);
    writeU16(bytes, at + 2, priority << 13 | (dropEligible ? 0x1000 : 0) | id);
    at += 4;
  }
  writeU16(bytes, at, fields.type);
  return at + 2;
}
