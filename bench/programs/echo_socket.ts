// An echo server in a program with other work: one UdpSocket in the main
// thread, with await.
//
//   echo_socket.ts [PORT]

import { ReceiveBatch, SendBatch, UdpSocket } from "../../mod.ts";

await using socket = UdpSocket.bind({
  port: Number(Deno.args[0] ?? 0),
  receiveBuffer: 4 << 20,
});
console.log(`listening on [::]:${socket.address.port}`);
const received = new ReceiveBatch();
const answers = new SendBatch(received.size);
for (;;) {
  await socket.receiveMany(received);
  for (let slot = 0; slot < received.count; slot++) {
    answers.reply(received, slot);
  }
  await socket.sendMany(answers);
}
