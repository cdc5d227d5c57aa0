// bind() with a peer: connected from its first datagram on.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { libc, substitute } from "../../../ffi/libc.ts";
import { SO_DETACH_FILTER, SOL_SOCKET } from "../../../ffi/uapi/sys_socket.ts";
import type { BindOptions } from "../../../lib/udp/options.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import "../../support/descriptors.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Binds while another peer sends between bind(2) and connect(2). */
function bindUnderFire(
  options: BindOptions,
  otherSender: UdpSocket,
): UdpSocket {
  const port = options.port!;
  using _libc = substitute((real) => ({
    connect: (...args: Parameters<typeof real.connect>) => {
      void otherSender.send("from another peer", {
        address: "127.0.0.1",
        port,
      });
      return real.connect(...args);
    },
  }));
  return UdpSocket.bind(options);
}

/** A port that is free. */
async function freePort(): Promise<number> {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  return socket.address.port;
}

for (const address of ["127.0.0.1", "::"]) {
  Deno.test(`bind to ${address} with a peer: no other peer's datagram is received`, async () => {
    await using peer = UdpSocket.bind({ address: "127.0.0.1" });
    await using otherSender = UdpSocket.bind({ address: "127.0.0.1" });
    const options = { address, port: await freePort(), peer: peer.address };
    await using socket = bindUnderFire(options, otherSender);
    const { port } = options;
    await peer.send("from the peer", { address: "127.0.0.1", port });
    const batch = new ReceiveBatch();
    await socket.receiveMany(batch, { timeout: 5000 });
    assertEquals([batch.count, text(batch.data(0))], [1, "from the peer"]);
    assertEquals(batch.describe(0).peer, peer.address);
    assertEquals(socket.handle.peer, peer.address);
    // The filter is gone again.
    const { fd } = socket.handle;
    const { setsockopt } = libc();
    const none = new Int32Array(1);
    assertEquals(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, none, 4), -1);
    await socket.send("reply");
    const reply = await peer.receive({ timeout: 5000 });
    assertEquals([text(reply.data), reply.peer.port], ["reply", port]);
  });
}

Deno.test("connect after bind: a datagram of another peer may be queued", async () => {
  await using peer = UdpSocket.bind({ address: "127.0.0.1" });
  await using otherSender = UdpSocket.bind({ address: "127.0.0.1" });
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  await otherSender.send("from another peer", socket.address);
  socket.connect(peer.address);
  const { data } = await socket.receive({ timeout: 5000 });
  assertEquals(text(data), "from another peer");
});

Deno.test("bind with a peer: the caller's filter is attached in the end", async () => {
  await using peer = UdpSocket.bind({ address: "127.0.0.1" });
  await using socket = UdpSocket.bind({
    address: "127.0.0.1",
    peer: peer.address,
    // Accept datagrams of which the first byte is "y".
    filter: [
      [0x30, 0, 0, 8],
      [0x15, 0, 1, "y".charCodeAt(0)],
      [0x06, 0, 0, 0xffffffff],
      [0x06, 0, 0, 0],
    ],
  });
  for (const word of ["no", "yes"]) await peer.send(word, socket.address);
  const { data } = await socket.receive({ timeout: 5000 });
  assertEquals(text(data), "yes");
});

Deno.test("bind with a peer: the address is that of the route, a failure leaks nothing", () => {
  const peer = { address: "127.0.0.1", port: 9 };
  const socket = UdpSocket.bind({ peer });
  assertEquals(socket.address.address, "127.0.0.1");
  const error = assertThrows(
    () => UdpSocket.bind({ peer: { address: "ff02::1", port: 9 } }),
    SystemError,
  );
  assertEquals(error.syscall, "connect");
  return socket.close();
});
