// Framing of packets: the headers that the driver adds before each packet.

import { tun_pi } from "../../ffi/uapi/linux_if_tun.ts";
import { readU16 } from "../packet/bytes.ts";
import { ETH_P } from "../packet/protocol.ts";
import { HEADER } from "./batch.ts";
import type { TunOffload } from "./features.ts";

/** The headers and type of packets. */
export interface Framing {
  /** IP packets or Ethernet frames. */
  readonly mode: "tun" | "tap";
  /** Whether struct tun_pi comes first: flags and the Ethernet protocol. */
  readonly information: boolean;
  /** With offload, struct virtio_net_hdr precedes the packet. */
  readonly offload: TunOffload | undefined;
  /** Whether it is a macvtap link, whose driver does not report its removal. */
  readonly macvtap?: boolean;
}

/** The length of the headers, in bytes. */
export function prefixOf({ information, offload }: Framing): number {
  return (information ? tun_pi.size : 0) + (offload ? HEADER : 0);
}

const ETHERNET = 14;
const VLAN_TAG = 4;

/** The offset of the IP header in a packet. */
export function ipOffset(
  { mode }: Framing,
  bytes: Uint8Array,
  start: number,
): number {
  if (mode === "tun") return 0;
  let offset = ETHERNET;
  for (let tags = 0; tags < 2; tags++) {
    const type = readU16(bytes, start + offset - 2);
    if (type !== ETH_P.VLAN && type !== ETH_P.QINQ) break;
    offset += VLAN_TAG;
  }
  return offset;
}

/** The Ethernet protocol number of a packet; 0 if it does not contain it. */
export function protocolOf(
  { mode }: Framing,
  bytes: Uint8Array,
  start: number,
): number {
  if (mode === "tap") return readU16(bytes, start + ETHERNET - 2);
  const version = bytes[start]! >> 4;
  return version === 4 ? ETH_P.IP : version === 6 ? ETH_P.IPV6 : 0;
}
