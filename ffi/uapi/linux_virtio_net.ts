// <linux/virtio_net.h>: the header before each packet of a TUN device that
// leaves checksums and segmentation to the other side.

import { struct, u16, u8 } from "../struct.ts";

export const headers = ["linux/virtio_net.h"] as const;

export const VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
export const VIRTIO_NET_HDR_F_DATA_VALID = 2;

export const VIRTIO_NET_HDR_GSO_NONE = 0;
export const VIRTIO_NET_HDR_GSO_TCPV4 = 1;
export const VIRTIO_NET_HDR_GSO_UDP = 3;
export const VIRTIO_NET_HDR_GSO_TCPV6 = 4;
export const VIRTIO_NET_HDR_GSO_ECN = 0x80;

/** Newer than the oldest header this is built against (Linux 6.1). */
export const newer = {
  VIRTIO_NET_HDR_GSO_UDP_L4: 5,
} as const;

// __virtio16 is little-endian here: both ABIs are, and TUNSETVNETBE is not used.
export const virtio_net_hdr = struct("struct virtio_net_hdr", {
  flags: u8,
  gso_type: u8,
  hdr_len: u16,
  gso_size: u16,
  csum_start: u16,
  csum_offset: u16,
});
