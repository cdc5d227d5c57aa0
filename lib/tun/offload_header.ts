import {
  newer,
  virtio_net_hdr,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
} from "../../ffi/uapi/linux_virtio_net.ts";

// Read and written bytewise: no view is needed, at any alignment.
const FLAGS = virtio_net_hdr.fields.flags.offset;
const GSO_TYPE = virtio_net_hdr.fields.gso_type.offset;
const HDR_LEN = virtio_net_hdr.fields.hdr_len.offset;
const GSO_SIZE = virtio_net_hdr.fields.gso_size.offset;
const CSUM_START = virtio_net_hdr.fields.csum_start.offset;
const CSUM_OFFSET = virtio_net_hdr.fields.csum_offset.offset;

/** The GSO type of a packet. */
export type Segmentation = "none" | "tcp4" | "tcp6" | "udp" | "unknown";

/**
 * The offload header of a TUN device: whether the checksum is partial, and how
 * to segment the packet. Reuse one object for many packets. Source:
 * linux/virtio_net.h, virtio 1.3 section 5.1.6.
 *
 * @example
 * ```ts
 * import { offload } from "@netplumb/netplumb";
 *
 * const header = new offload.OffloadHeader();
 * header.read(Uint8Array.fromHex("01013400b40514001000"), 0);
 * console.log(header.segmentation, header.segmentSize); // tcp4 1460
 * ```
 */
export class OffloadHeader {
  /** VIRTIO_NET_HDR_F_* bits. */
  flags = 0;
  /** VIRTIO_NET_HDR_GSO_*, with the bit for ECN. */
  type = 0;
  /** The length of all headers: a hint, the packet itself is authoritative. */
  headerLength = 0;
  /** The payload size of each segment except the last. */
  segmentSize = 0;
  /** The start of the checksummed range, in bytes from the packet's start. */
  checksumStart = 0;
  /** The offset of the checksum field from there. */
  checksumOffset = 0;

  /** Whether the checksum field has only the sum of the pseudo header. */
  get needsChecksum(): boolean {
    return (this.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0;
  }

  /** The GSO type of the packet. */
  get segmentation(): Segmentation {
    switch (this.type & ~VIRTIO_NET_HDR_GSO_ECN) {
      case VIRTIO_NET_HDR_GSO_NONE:
        return "none";
      case VIRTIO_NET_HDR_GSO_TCPV4:
        return "tcp4";
      case VIRTIO_NET_HDR_GSO_TCPV6:
        return "tcp6";
      case newer.VIRTIO_NET_HDR_GSO_UDP_L4:
        return "udp";
      default:
        return "unknown";
    }
  }

  /** Clears the header: complete checksum, no segmentation. */
  clear(): void {
    this.flags =
      this.type =
      this.headerLength =
      this.segmentSize =
        0;
    this.checksumStart = this.checksumOffset = 0;
  }

  /** Reads struct virtio_net_hdr, 10 bytes at `at`. */
  read(bytes: Uint8Array, at: number): void {
    this.flags = bytes[at + FLAGS]!;
    this.type = bytes[at + GSO_TYPE]!;
    this.headerLength = bytes[at + HDR_LEN]! | bytes[at + HDR_LEN + 1]! << 8;
    this.segmentSize = bytes[at + GSO_SIZE]! | bytes[at + GSO_SIZE + 1]! << 8;
    this.checksumStart = bytes[at + CSUM_START]! |
      bytes[at + CSUM_START + 1]! << 8;
    this.checksumOffset = bytes[at + CSUM_OFFSET]! |
      bytes[at + CSUM_OFFSET + 1]! << 8;
  }

  /**
   * Writes the header.
   *
   * @param bytes The output array.
   * @param at The position of the header.
   * @param length 10, or 12 with the number of buffers.
   */
  write(
    bytes: Uint8Array,
    at: number,
    length: number = virtio_net_hdr.size,
  ): void {
    bytes[at + FLAGS] = this.flags;
    bytes[at + GSO_TYPE] = this.type;
    bytes[at + HDR_LEN] = this.headerLength;
    bytes[at + HDR_LEN + 1] = this.headerLength >> 8;
    bytes[at + GSO_SIZE] = this.segmentSize;
    bytes[at + GSO_SIZE + 1] = this.segmentSize >> 8;
    bytes[at + CSUM_START] = this.checksumStart;
    bytes[at + CSUM_START + 1] = this.checksumStart >> 8;
    bytes[at + CSUM_OFFSET] = this.checksumOffset;
    bytes[at + CSUM_OFFSET + 1] = this.checksumOffset >> 8;
    for (let i = virtio_net_hdr.size; i < length; i++) bytes[at + i] = 0;
  }
}
