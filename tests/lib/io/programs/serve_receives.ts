// Many receives that wait on one socket, then as many datagrams: which call gets
// which, and whether other waits are served meanwhile.
//
//   serve_receives.ts COUNT

import { Monitor, UdpSocket } from "../../../../mod.ts";

const COUNT = Number(Deno.args[0]);
/** Datagrams that fit into the receive buffer with space to spare. */
const TRAIN = 500;
const LOOPBACK = { address: "127.0.0.1" };

export interface Served {
  /** Receives that got the datagram of their turn. */
  readonly own: number;
  /** Receives that ended in the order of their calls. */
  readonly inOrder: number;
  /** Whether a wait on another socket was served while all of them waited. */
  readonly other: boolean;
  /** Whether a monitor reported a new link while all of them waited. */
  readonly monitored: boolean;
}

await using socket = UdpSocket.bind({ ...LOOPBACK, receiveBuffer: 4 << 20 });
await using other = UdpSocket.bind(LOOPBACK);
await using client = UdpSocket.bind({ ...LOOPBACK, sendBuffer: 4 << 20 });
await using monitor = await Monitor.open({ objects: ["link"] });

let own = 0;
let inOrder = 0;
let ended = 0;
let segments = Promise.withResolvers<void>();
const receives = Array.from({ length: COUNT }, async (_, index) => {
  const { data } = await socket.receive();
  if (index === ended++) inOrder++;
  if (new DataView(data.buffer, data.byteOffset).getUint32(0) === index) own++;
  if (ended % TRAIN === 0 || ended === COUNT) segments.resolve();
});
const failed = Promise.race(
  receives.map((receive) => receive.then(() => new Promise<never>(() => {}))),
);
failed.catch(() => {});

// By now all of them are asleep.
await new Promise((resolve) => setTimeout(resolve, 50));
const others = (async () => {
  const pending = other.receive({ timeout: 10_000 });
  await client.send("other", other.address);
  await pending;
  const events = monitor.receive({ timeout: 10_000 });
  const { success } = await new Deno.Command("ip", {
    args: ["link", "add", "seen0", "type", "bridge"],
  }).output();
  if (!success) throw new Error("no link was added");
  const [event] = await events;
  return "object" in event && event.object === "link";
})();
const monitored = await Promise.race([others, failed]);

for (let sent = 0; sent < COUNT;) {
  segments = Promise.withResolvers<void>();
  const length = Math.min(TRAIN, COUNT - sent);
  await client.sendMany(Array.from({ length }, () => {
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, sent++);
    return { data, to: socket.address };
  }));
  await Promise.race([segments.promise, failed]);
}
await Promise.all(receives);
const served: Served = { own, inOrder, other: true, monitored };
console.log(JSON.stringify(served));
