// Sends bytes in numbered packets that are acknowledged, and adapts their size to
// the path, as QUIC does (RFC 9000).
//
//   deno run -A examples/quic_like.ts --port 4433
//   deno run -A examples/quic_like.ts --to 192.0.2.2 --port 4433 --bytes 1000000

import { TimeoutError, UdpSocket } from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, {
  string: ["to", "port", "bytes"],
  default: { port: "4433", bytes: "1000000" },
});
const port = Number(args.port);

/** The payload size of every path for QUIC (section 14). */
const LEAST = 1200;
const CONGESTION_EXPERIENCED = 3;
const SETTINGS = {
  // Set the don't fragment bit, and choose the size in this program: a forged
  // ICMP message must not reduce it below LEAST.
  pathMtuDiscovery: "probe",
  // ECN: routers mark ECT(0) packets instead of dropping them; receivers report it.
  trafficClass: 2,
  receiveTrafficClass: true,
  // ICMP "too big" is returned by errors(), and fails no other call.
  receiveErrors: true,
} as const;

async function serve(): Promise<void> {
  await using socket = UdpSocket.bind({ ...SETTINGS, port });
  Deno.addSignalListener("SIGINT", () => socket.close());
  console.log(`listening on port ${socket.address.port}`);
  for await (const packet of socket) {
    if (packet.data.length < 9) continue;
    const ack = packet.data.slice(0, 9);
    ack[8] = packet.ecn ?? 0;
    // Sent from the address that the client is connected to.
    await socket.reply(packet, ack)
      .catch((error) => console.error(error.message));
  }
}

async function transfer(address: string, bytes: number): Promise<void> {
  // Packets of other peers are not received, not even before the first send.
  await using socket = UdpSocket.bind({ ...SETTINGS, peer: { address, port } });
  const headers = address.includes(":") ? 48 : 28;
  let size = Math.max(LEAST, socket.options.pathMtu - headers);
  console.log(`packets of ${size} bytes`);
  const shrink = (mtu: number, reason: string) => {
    const fits = Math.max(LEAST, mtu - headers);
    if (fits < size) console.log(`${reason}: packets of ${size = fits} bytes`);
  };
  const watching = (async () => {
    for await (const { code, info } of socket.errors()) {
      if (code === "EMSGSIZE") shrink(info, `path MTU ${info}`);
    }
  })();
  let packets = 0, marks = 0, losses = 0;
  for (let sent = 0; sent < bytes; packets++) {
    const data = new Uint8Array(Math.max(9, Math.min(size, bytes - sent)));
    new DataView(data.buffer).setBigUint64(0, BigInt(packets));
    try {
      await socket.send(data);
      const ack = await socket.receive({ timeout: 250 });
      if (ack.data[8] === CONGESTION_EXPERIENCED) marks++;
      sent += data.length;
      losses = 0;
    } catch (error) {
      const lost = error instanceof TimeoutError;
      if (!lost && (error as { code?: string }).code !== "EMSGSIZE") {
        throw error;
      }
      // If ICMP is filtered, large packets are lost (RFC 8899).
      if (lost && ++losses > 1) shrink(0, "packets are lost");
    }
  }
  console.log(`${packets} packets, ${marks} with congestion experienced`);
  await socket.close();
  await watching;
}

await (args.to === undefined ? serve() : transfer(args.to, Number(args.bytes)));
