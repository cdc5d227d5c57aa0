// An echo server on one UdpSocket beside COUNT sockets that wait in receive().
//
//   busy_socket.ts COUNT

import { library } from "./library.ts";

const { ReceiveBatch, SendBatch, UdpSocket } = library;

const idle = Array.from(
  { length: Number(Deno.args[0]) },
  () => UdpSocket.bind({ address: "127.0.0.1" }),
);
for (const socket of idle) void socket.receive();

await using socket = UdpSocket.bind({ address: "127.0.0.1" });
console.log(`listening on 127.0.0.1:${socket.address.port}`);
const received = new ReceiveBatch();
const replies = new SendBatch(received.size);
for (;;) {
  await socket.receiveMany(received);
  for (let slot = 0; slot < received.count; slot++) {
    replies.reply(received, slot);
  }
  await socket.sendMany(replies);
}
