// Message vectors on real sockets: what is received is what was sent, for any
// was in the memory before.

import { assertEquals } from "@std/assert";
import { EAGAIN } from "../../../ffi/errno.ts";
import { errno } from "../../../ffi/libc.ts";
import { AF_INET, MSG_DONTWAIT } from "../../../ffi/uapi/sys_socket.ts";
import { RECEIVE_CONTROL_SIZE } from "../../../lib/socket/control_messages.ts";
import {
  MessageVector,
  type MessageVectorSizes,
} from "../../../lib/socket/message_vector.ts";
import {
  parseEndpoint,
  readSockaddr,
  SOCKADDR_SIZE,
  writeSockaddr,
} from "../../../lib/socket/sockaddr.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import "../../support/descriptors.ts";

const SIZES: MessageVectorSizes = {
  size: 4,
  nameSize: SOCKADDR_SIZE,
  controlSize: RECEIVE_CONTROL_SIZE,
};

function receiveAll(socket: UdpSocket, vector: MessageVector): string[] {
  const count = vector.receive(socket.handle.fd, 4, MSG_DONTWAIT);
  return Array.from(
    { length: Math.max(count, 0) },
    (_, slot) => new TextDecoder().decode(vector.data(slot)),
  );
}

/** Two sockets on loopback, where a sent datagram is queued at once. */
function pair() {
  const bind = () => UdpSocket.bind({ address: "127.0.0.1", receiveTtl: true });
  return { server: bind(), client: bind() };
}

Deno.test("message vector: received again and again, with whole names and control messages", async () => {
  const { server, client } = pair();
  await using _server = server;
  await using _client = client;
  for (const bufferSize of [1, 7, 100, 4095, 4096, 65535]) {
    const vector = MessageVector.forReceiving(SIZES, bufferSize);
    for (const texts of [["a", "bc"], ["", "def", "g", "h"], ["i"]]) {
      for (const text of texts) await client.send(text, server.address);
      const cut = texts.map((text) => text.slice(0, bufferSize));
      assertEquals(receiveAll(server, vector), cut);
      for (const [slot, text] of texts.entries()) {
        assertEquals(vector.truncated(slot), text.length > bufferSize);
        assertEquals(
          readSockaddr(vector.view, vector.nameAt(slot)),
          client.address,
        );
        const { ttl, in_pktinfo, in6_pktinfo } = vector.control(slot);
        assertEquals([ttl, in_pktinfo >= 0, in6_pktinfo], [64, true, -1]);
        assertEquals(vector.controlTruncated(slot), false);
      }
    }
    assertEquals(receiveAll(server, vector), []);
    assertEquals(errno(), EAGAIN);
  }
});

Deno.test("message vector: a smaller one takes over what fits and marks the rest", async () => {
  const { server, client } = pair();
  await using _server = server;
  await using _client = client;
  const from = MessageVector.forReceiving(SIZES, 100);
  for (const text of ["short", "longer than eight"]) {
    await client.send(text, server.address);
  }
  receiveAll(server, from);
  const to = MessageVector.forReceiving({ ...SIZES, controlSize: 32 }, 8);
  to.reset();
  for (const slot of [1, 0]) to.append(from, slot);
  const seen = [0, 1].map((slot) => ({
    text: new TextDecoder().decode(to.data(slot)),
    truncated: to.truncated(slot),
    controlTruncated: to.controlTruncated(slot),
    info: to.control(slot).in_pktinfo >= 0,
    peer: readSockaddr(to.view, to.nameAt(slot)),
  }));
  const peer = client.address;
  // 32 bytes hold packet info (28 of them), and no TTL.
  const rest = { controlTruncated: true, info: true, peer };
  assertEquals(seen, [
    { text: "longer t", truncated: true, ...rest },
    { text: "short", truncated: false, ...rest },
  ]);
});

Deno.test("message vector: sends the payloads of several slots as one message", async () => {
  const { server, client } = pair();
  await using _server = server;
  await using _client = client;
  const vector = MessageVector.forSending(SIZES, 64);
  const to = parseEndpoint(server.address, client.handle);
  const payloads = ["one", "two", "three"];
  let at = vector.dataAt(0);
  for (const [slot, text] of payloads.entries()) {
    const bytes = new TextEncoder().encode(text);
    vector.bytes.set(bytes, at);
    vector.setPayload(slot, vector.address + at, bytes.length);
    assertEquals(vector.payloadLength(slot), bytes.length);
    at += bytes.length;
  }
  const name = vector.nameAt(0);
  const length = writeSockaddr(vector.view, name, AF_INET, to);
  for (const header of [0, 1]) {
    vector.setName(header, vector.address + name, length);
    vector.setControl(header, 0, 0);
  }
  vector.setPayloads(0, 0, 1);
  assertEquals(vector.addPayload(0), 2);
  vector.setPayloads(1, 2, 1);
  const { fd } = client.handle;
  assertEquals(vector.send(fd, 0, 2, MSG_DONTWAIT), 2);
  // From the second header on.
  assertEquals(vector.send(fd, 1, 1, MSG_DONTWAIT), 1);
  const received = MessageVector.forReceiving(SIZES, 100);
  assertEquals(receiveAll(server, received), ["onetwo", "three", "three"]);
});
