// UDP datagrams with a header that a socket does not send: source port 0, a
// source address of another host.

import type { Netns } from "./netns.ts";

const SEND = `
import socket, struct, sys
source, port, to, to_port, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
payloads = [bytes.fromhex(line.strip()) for line in sys.stdin]
def checksum(data):
    if len(data) % 2: data += b"\\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff or 0xffff
six = ":" in to
family = socket.AF_INET6 if six else socket.AF_INET
raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP)
raw.bind((source, 0))
for payload in payloads * count:
    header = struct.pack("!4H", port, to_port, 8 + len(payload), 0)
    pseudo = socket.inet_pton(family, source) + socket.inet_pton(family, to)
    pseudo += struct.pack("!IHBB", 8 + len(payload), 0, 0, 17) if six else struct.pack("!BBH", 0, 17, 8 + len(payload))
    check = checksum(pseudo + header + payload)
    raw.sendto(header[:6] + struct.pack("!H", check) + payload, (to, 0))
`;

/** A datagram as its header says. */
export interface RawDatagram {
  /** An address of the namespace. */
  readonly source: string;
  readonly port: number;
  readonly to: string;
  readonly toPort: number;
}

/** Sends payloads, each `count` times, from a namespace. */
export async function sendRaw(
  netns: Netns,
  { source, port, to, toPort }: RawDatagram,
  payloads: readonly Uint8Array<ArrayBuffer>[],
  count = 1,
): Promise<void> {
  const hex = payloads.map((bytes) =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  );
  await netns.run(
    "python3",
    ["-c", SEND, source, `${port}`, to, `${toPort}`, `${count}`],
    { stdin: hex.join("\n") + "\n" },
  );
}
