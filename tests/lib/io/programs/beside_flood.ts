// An HTTP server beside a UDP socket that has always more to read than it can
// handle; SIGTERM ends it as a program ends itself.
//
//   beside_flood.ts WAY

import { ReceiveBatch, SendBatch, UdpSocket } from "../../../../mod.ts";
import { compute } from "./timer_gaps.ts";

const [way] = Deno.args;
/** Milliseconds for each datagram. */
const WORK = 0.4;
const BATCH = 8;

const socket = UdpSocket.bind({
  address: "127.0.0.1",
  receiveBuffer: 1 << 20,
});
let handled = 0;

const WAYS: Record<string, () => Promise<void>> = {
  async "for await"() {
    for await (const _ of socket) {
      compute(WORK);
      handled++;
    }
  },
  async "for await with replies"() {
    for await (const datagram of socket) {
      compute(WORK);
      await socket.reply(datagram, datagram.data);
      handled++;
    }
  },
  async "receive"() {
    for (;;) {
      await socket.receive();
      compute(WORK);
      handled++;
    }
  },
  async "receiveMany and SendBatch"() {
    const received = new ReceiveBatch({ size: BATCH });
    const replies = new SendBatch(BATCH, 0);
    for (;;) {
      const count = await socket.receiveMany(received);
      for (let slot = 0; slot < count; slot++) {
        replies.reply(received, slot);
        compute(WORK);
      }
      await socket.sendMany(replies);
      handled += count;
    }
  },
};

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  () => new Response(String(handled)),
);
Deno.addSignalListener("SIGTERM", () => {
  console.log("ended");
  Deno.exit(0);
});
WAYS[way]().catch((error) => {
  console.log(String(error));
  Deno.exit(1);
});
console.log(JSON.stringify({
  http: server.addr.port,
  udp: socket.address.port,
}));
