// Node's dgram, which cannot choose the source of an answer.

import { createSocket } from "node:dgram";

const socket = createSocket({ type: "udp6", recvBufferSize: 4 << 20 });
socket.on("message", (data, peer) => {
  socket.send(data, peer.port, peer.address);
});
socket.bind(0, "::", () => {
  console.log(`listening on [::]:${socket.address().port}`);
});
