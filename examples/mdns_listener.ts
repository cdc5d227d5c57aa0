// Listens to multicast DNS on every interface, including later ones, and prints
// each query with the interface that received it.
//
//   deno run -A examples/mdns_listener.ts [--interface eth0 ...]

import {
  IFF,
  joinOnAllInterfaces,
  monitor,
  UdpSocket,
} from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, {
  string: ["interface"],
  collect: ["interface"],
});

const TYPES: Record<number, string> = {
  1: "A",
  12: "PTR",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  255: "ANY",
};

const decoder = new TextDecoder();

/**
 * RFC 1035, section 4.1: names and types of the question section; a name has
 * 255 bytes at most.
 */
function* queries(message: Uint8Array): Generator<string> {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  if (message.length < 12 || message[2] & 0x80) return; // a response
  let at = 12;
  for (let left = view.getUint16(4); left > 0; left--) {
    const labels: string[] = [];
    let end = 0; // end of the name, after a compression pointer
    let size = 0;
    for (let jumps = 0; message[at] > 0 && jumps < 16;) {
      const length = message[at];
      if (length >= 0xc0) {
        end ||= at + 2;
        at = (length & 0x3f) << 8 | message[at + 1];
        jumps++;
      } else {
        if ((size += 1 + length) > 255) return; // too long
        labels.push(decoder.decode(message.subarray(at + 1, at + 1 + length)));
        at += 1 + length;
      }
    }
    at = end || at + 1;
    if (at + 4 > message.length) return;
    const type = view.getUint16(at);
    yield `${TYPES[type] ?? type} ${JSON.stringify(labels.join("."))}`;
    at += 4;
  }
}

await using socket = UdpSocket.bind({ port: 5353, reuseAddress: true });
const links = monitor({ objects: ["link"], snapshot: true });
Deno.addSignalListener("SIGINT", () => {
  socket.close();
  links.return();
});
const listening = new Set<number>();
joinOnAllInterfaces(socket, ["224.0.0.251", "ff02::fb"], links, {
  accept: ({ name, flags }) =>
    args.interface.length > 0
      ? args.interface.includes(name)
      : (flags & IFF.MULTICAST) !== 0,
  onChange({ event, interface: { name, ifindex }, error }) {
    if (event === "failed") console.error(`${name}: ${error}`);
    else if (event === "left") listening.delete(ifindex);
    else if (!listening.has(ifindex)) {
      listening.add(ifindex);
      // All groups of an interface are joined in one turn: reported afterwards.
      queueMicrotask(() => console.log(`listening on ${name}`));
    }
  },
});
for await (const { data, peer, local } of socket) {
  const where = local && socket.interfaceName(local.ifindex);
  for (const query of queries(data)) {
    console.log(`${where}: ${peer.address} queries ${local?.address} ${query}`);
  }
}
