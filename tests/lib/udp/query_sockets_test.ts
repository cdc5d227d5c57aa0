// A socket for each query, as DNS clients open them.

import { assert, assertEquals } from "@std/assert";
import "../../support/descriptors.ts";
import { MessageVector } from "../../../lib/socket/message_vector.ts";
import { ClosedError, UdpSocket } from "../../../lib/udp/mod.ts";

Deno.test("sockets for one query each share the memory they send from", async () => {
  const { forSending } = MessageVector;
  let vectors = 0;
  MessageVector.forSending = (...args) => {
    vectors++;
    return forSending.apply(MessageVector, args);
  };
  try {
    await using server = UdpSocket.bind({ address: "127.0.0.1" });
    const { address } = server;
    // Long enough that sends have to let timers run first, several times.
    let left = 4000;
    const client = async () => {
      while (left-- > 0) {
        await using socket = UdpSocket.bind({ family: "ipv4" });
        await socket.send("query", address);
      }
    };
    await Promise.all(Array.from({ length: 20 }, client));
    // 0.1.0 made one for each socket.
    assert(vectors <= 4, `${vectors} send buffers`);
  } finally {
    MessageVector.forSending = forSending;
  }
});

Deno.test("address is known after close() if it was read before", async () => {
  const read = UdpSocket.bind({ address: "127.0.0.1" });
  const { port } = read.address;
  await read.close();
  assertEquals(read.address, { address: "127.0.0.1", port });
  const unread = UdpSocket.bind({ address: "127.0.0.1" });
  await unread.close();
  try {
    unread.address;
    assert(false, "an address without a socket");
  } catch (error) {
    assert(error instanceof ClosedError, String(error));
  }
});
