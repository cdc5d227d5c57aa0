// Deno's own datagrams, which cannot choose the source of an answer: as its
// documentation has it, or with "buffer" receiving into one buffer.

const socket = Deno.listenDatagram({
  transport: "udp",
  hostname: "::",
  port: 0,
});
console.log(`listening on [::]:${socket.addr.port}`);
if (Deno.args[0] === "buffer") {
  const buffer = new Uint8Array(65535);
  for (;;) {
    const [data, peer] = await socket.receive(buffer);
    await socket.send(data, peer);
  }
}
for await (const [data, peer] of socket) await socket.send(data, peer);
