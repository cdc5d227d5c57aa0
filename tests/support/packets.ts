// Packets made by hand, for tests that write them to a device: independent of
// the library's own encoders.

/** The Internet checksum of RFC 1071, the plain way. */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) {
    sum += i % 2 === 0 ? bytes[i] << 8 : bytes[i];
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** An IPv4 packet with a UDP datagram in it, which has no checksum. */
export function udpPacket(
  from: { address: string; port: number },
  to: { address: string; port: number },
  payload: Uint8Array | string,
): Uint8Array<ArrayBuffer> {
  const data = typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
  const packet = new Uint8Array(28 + data.length);
  const view = new DataView(packet.buffer);
  packet[0] = 0x45;
  view.setUint16(2, packet.length);
  packet[8] = 64;
  packet[9] = 17;
  packet.set(from.address.split(".").map(Number), 12);
  packet.set(to.address.split(".").map(Number), 16);
  view.setUint16(10, internetChecksum(packet.subarray(0, 20)));
  view.setUint16(20, from.port);
  view.setUint16(22, to.port);
  view.setUint16(24, 8 + data.length);
  packet.set(data, 28);
  return packet;
}
