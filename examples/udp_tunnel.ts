// A tunnel between two hosts: what is routed into a TUN device here comes out
// of the one there, over UDP. Nothing is encrypted or authenticated.
//   here$  sudo deno run -A examples/udp_tunnel.ts --name tun0 --port 5555
//   there$ sudo deno run -A examples/udp_tunnel.ts --name tun0 --peer here:5555
//   both$  sudo ip address add 10.8.0.1/24 dev tun0   # and 10.8.0.2 there
// The side without --peer answers whoever sent to it last, from the address
// that was sent to: it may have many, and the other side may move.

import {
  type Message,
  PacketBatch,
  ReceiveBatch,
  Tun,
  UdpSocket,
} from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, {
  string: ["name", "port", "peer", "mtu"],
  boolean: ["offload"],
  default: { name: "tun%d", port: "0", mtu: "1400" },
});

/** Where packets go, and from which address. */
let way: Omit<Message, "data"> | undefined;
if (args.peer) {
  const [, address, port] = /^\[?(.+?)\]?:(\d+)$/.exec(args.peer)!;
  way = { to: { address, port: Number(port) } };
}

// What one UDP datagram over IPv4 carries.
if (Number(args.mtu) > 65_507) throw new Error("--mtu: at most 65507");

await using socket = UdpSocket.bind({
  port: Number(args.port),
  receiveBuffer: 4 << 20,
  // Datagrams that came together are received together, and joined again below.
  gro: args.offload,
});
await using tun = Tun.open({ name: args.name, offload: args.offload });
// Room for the headers of IPv6 and UDP in what the way between can carry.
tun.setMtu(Number(args.mtu));
tun.up();
Deno.addSignalListener("SIGINT", () => [tun.close(), socket.close()]);
console.log(`${tun.name} over port ${socket.address.port}`);

async function outwards(): Promise<void> {
  const reported = new Set<string>();
  for await (const batch of tun.batches()) {
    if (!way) continue;
    const messages: Message[] = [];
    for (let i = 0; i < batch.count; i++) {
      messages.push({ data: batch.packet(i), ...way });
    }
    // As on any link, packets that cannot be sent are lost: reported once a kind.
    const { failures } = await socket.sendMany(messages);
    for (const { error } of failures) {
      if (!reported.has(error.code)) console.error(error.message);
      reported.add(error.code);
    }
  }
}

async function inwards(): Promise<void> {
  const received = new ReceiveBatch();
  const packets = new PacketBatch();
  // What is no packet came from a stranger.
  const options = { coalesce: args.offload, onRejected() {} };
  while (!socket.closed) {
    const count = await socket.receiveMany(received);
    for (let i = 0; i < count; i++) {
      const data = received.data(i);
      const size = received.segmentSize(i) || data.length;
      for (let at = 0; at < data.length; at += size) {
        if (packets.count === packets.size) {
          await tun.writeMany(packets, options);
          packets.clear();
        }
        packets.push(data.subarray(at, at + size));
      }
    }
    const { peer, local } = received.describe(count - 1);
    if (!args.peer && peer.port) way = { to: peer, source: local?.source };
    await tun.writeMany(packets, options);
    packets.clear();
  }
}

await Promise.all([outwards(), inwards()]).catch((error) => {
  if (!socket.closed) throw error;
});
