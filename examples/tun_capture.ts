// Creates a TUN device, replies to pings that are routed to it, and captures
// its packets to a file for Wireshark.
//
//   sudo deno run -A examples/tun_capture.ts --name tun0 --write tun0.pcapng
//   sudo ip route add 198.51.100.0/24 dev tun0; ping 198.51.100.1

import {
  answerEcho,
  decodePacket,
  describePacket,
  PcapngWriter,
  Tun,
} from "@netplumb/netplumb";
import { parseArgs } from "@std/cli/parse-args";

const args = parseArgs(Deno.args, {
  string: ["name", "write"],
  default: { name: "tun%d", write: "tun.pcapng" },
});

using file = await Deno.open(args.write!, {
  write: true,
  create: true,
  truncate: true,
});
await using tun = Tun.open({ name: args.name });
tun.up();
Deno.addSignalListener("SIGINT", () => tun.close());

const capture = new PcapngWriter(file, { application: "tun_capture.ts" });
const device = capture.addInterface({ linkType: "ip", name: tun.name });

function keep(packet: Uint8Array, direction: "in" | "out"): void {
  const now = performance.timeOrigin + performance.now();
  const seconds = Math.floor(now / 1000);
  const nanoseconds = Math.floor((now - seconds * 1000) * 1e6);
  capture.addPacket(device, seconds, nanoseconds, packet, direction);
}

console.log(`${tun.name} is up`);
for await (const packet of tun) {
  console.log(describePacket(decodePacket(packet)));
  // Packets that the kernel sends to the device are outbound.
  keep(packet, "out");
  if (answerEcho(packet)) {
    keep(packet, "in");
    await tun.write(packet);
  }
  await capture.flush();
}
await capture.flush();
