// Messages made by a test, and read as if they had come.

import { assert } from "@std/assert";
import { NLMSG_HDRLEN } from "../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg, RTM_NEWLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { NetlinkBuffer } from "../../lib/netlink/buffer.ts";
import { MessageReader, writeHeader } from "../../lib/netlink/message.ts";
import type { Netns } from "./netns.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** A message with its header. */
export function message(type: number, body: Uint8Array): Bytes {
  const bytes = new Uint8Array(NLMSG_HDRLEN + body.length);
  writeHeader(new DataView(bytes.buffer), 0, {
    length: bytes.length,
    type,
    flags: 0,
    sequence: 0,
  });
  bytes.set(body, NLMSG_HDRLEN);
  return bytes;
}

/** A reader that stands on the only message of these bytes. */
export function reader(bytes: Bytes): MessageReader {
  const messages = new MessageReader(NetlinkBuffer.of(bytes));
  messages.reset(0, bytes.length);
  assert(messages.next());
  return messages;
}

/** Changes bytes, lengths and the end. */
export function spoil(bytes: Bytes, below: (limit: number) => number): Bytes {
  const spoiled = bytes.slice(
    0,
    below(3) === 0 ? NLMSG_HDRLEN + below(bytes.length) : bytes.length,
  );
  const view = new DataView(spoiled.buffer);
  for (let i = below(6); i > 0; i--) {
    const at = NLMSG_HDRLEN + below(spoiled.length - NLMSG_HDRLEN);
    if (below(2)) spoiled[at] = below(256);
    else if (at + 2 <= spoiled.length) {
      const odd = [0, 1, 3, 4, 5, 8, 20, 0xffff, 0x8001];
      view.setUint16(at & ~3, odd[below(odd.length)], true);
    }
  }
  view.setUint32(0, spoiled.length, true);
  return spoiled;
}

/** Another process sends so many messages to every socket of the namespace. */
export async function forge(namespace: Netns, count: number): Promise<void> {
  const forged = message(RTM_NEWLINK, ifinfomsg.build({ ifi_index: 4711 }));
  await namespace.run("python3", [
    "-c",
    `
import socket
ports = [int(line.split()[2]) for line in open("/proc/net/netlink") if line.split()[1] == "0"]
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
for port in ports:
    if port:
        for _ in range(${count}):
            s.sendto(bytes.fromhex("${forged.toHex()}"), (port, 0))
`,
  ]);
}
