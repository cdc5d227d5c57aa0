// Truncation is reported, and truncated data is never used as complete.

import { assertEquals } from "@std/assert";
import {
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  IPV6_RECVPKTINFO,
} from "../../../ffi/uapi/netinet_in.ts";
import { AF_INET6, MSG_CTRUNC } from "../../../ffi/uapi/sys_socket.ts";
import type { DatagramInfo } from "../../../lib/udp/datagram.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { BareSocket } from "../../support/bare_socket.ts";
import { FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("truncation: a datagram longer than its buffer is marked, one that fits is not", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  const batch = new ReceiveBatch({ size: 4, bufferSize: 8 });
  for (const sent of ["12345678", "123456789", "1", "1234567890"]) {
    const requesting = lab.ask("-w", "1", FOUR[1], port, sent);
    await server.receiveMany(batch, { timeout: 5000 });
    await requesting;
    const { data, truncated, controlTruncated, local } = batch.datagram(0);
    assertEquals(text(data), sent.slice(0, 8));
    assertEquals(batch.length(0), Math.min(8, sent.length));
    assertEquals(
      [truncated, batch.truncated(0)],
      Array(2).fill(sent.length > 8),
    );
    assertEquals([controlTruncated, local?.address], [false, FOUR[1]]);
  }
});

Deno.test("truncation: how long a truncated datagram was", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ receiveBuffer: 1 << 20 });
  const port = String(server.address.port);
  const batch = new ReceiveBatch({ size: 4, bufferSize: 100 });
  for (const address of [FOUR[0], SIX[0]]) {
    for (const size of [99, 100, 101, 5000, 65507]) {
      await lab.pour(address!, port, String(size));
      await server.receiveMany(batch, { timeout: 5000 });
      const { data, truncated, fullLength } = batch.datagram(0);
      assertEquals(data.length, Math.min(size, 100));
      assertEquals(batch.data(0).length, data.length);
      assertEquals([batch.length(0), batch.fullLength(0)], [data.length, size]);
      assertEquals(
        [truncated, fullLength],
        size > 100 ? [true, size] : [false, undefined],
      );
      assertEquals(batch.describe(0).fullLength, fullLength);
      // What was received is sent back, and no byte more.
      const replies = new SendBatch();
      replies.reply(batch, 0);
      assertEquals(replies.length(0), data.length);
    }
  }
});

Deno.test("truncation: receive() accepts the longest possible datagram", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ receiveBuffer: 1 << 20 });
  const port = String(server.address.port);
  for (const [address, longest] of [[FOUR[0], 65507], [SIX[0], 65527]]) {
    await lab.pour(String(address), port, String(longest));
    const { data, truncated } = await server.receive({ timeout: 5000 });
    assertEquals([data.length, truncated], [longest, false]);
    assertEquals(text(data.subarray(0, 4)), "0 ..");
  }
});

/** Bytes for control messages, and what of them arrives whole. */
const SHORT: [number, DatagramInfo["control"]][] = [
  [0, []],
  [8, []],
  [16, []],
  [32, []],
  // IPV6_PKTINFO is 16 + 20 bytes and takes 40, IP_PKTINFO is 16 + 12.
  [40, ["in6_pktinfo"]],
  [48, ["in6_pktinfo"]],
  [56, ["in6_pktinfo"]],
  [64, ["in6_pktinfo"]],
  [72, ["in6_pktinfo", "in_pktinfo"]],
];

Deno.test("truncation: only complete control messages are used, and the loss is reported", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  for (const [controlSize, control] of SHORT) {
    const batch = new ReceiveBatch({ size: 2, controlSize });
    const requesting = lab.ask("-w", "1", FOUR[1], port, "question");
    await server.receiveMany(batch, { timeout: 5000 });
    await requesting;
    const datagram = batch.datagram(0);
    assertEquals(datagram.control, control, `${controlSize} bytes`);
    const lost = controlSize < 72;
    assertEquals(datagram.controlTruncated, lost, `${controlSize} bytes`);
    assertEquals(batch.controlTruncated(0), lost);
    assertEquals(datagram.local?.address, control[0] && FOUR[1]);
    assertEquals([text(datagram.data), datagram.truncated], [
      "question",
      false,
    ]);
  }
});

Deno.test("truncation: the kernel cuts a control message in the middle", async () => {
  await using lab = await UdpLab.open();
  await using socket = new BareSocket(AF_INET6, lab.server.name);
  socket.set(IPPROTO_IP, IP_PKTINFO, 1);
  socket.set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  const port = String(socket.bind());
  await lab.ask("-w", "1", FOUR[1], port, "question");
  const { controls, flags } = await socket.receive(64);
  assertEquals(flags & MSG_CTRUNC, MSG_CTRUNC);
  assertEquals(controls.map(({ type, data }) => [type, data.length]), [
    [IPV6_PKTINFO, 20],
    // Eight of its twelve bytes: the header's destination is missing.
    [IP_PKTINFO, 8],
  ]);
});

Deno.test("truncation: a slot that was cut is whole again for the next datagram", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  const batch = new ReceiveBatch({ size: 1, bufferSize: 4 });
  await lab.ask("-w", "1", SIX[1], port, "longer");
  await lab.ask("-w", "1", FOUR[2], port, "ok");
  const seen: unknown[] = [];
  for (let n = 0; n < 2; n++) {
    await server.receiveMany(batch, { timeout: 5000 });
    const { data, truncated, control, local } = batch.datagram(0);
    seen.push([text(data), truncated, control, local?.address]);
  }
  assertEquals(seen, [
    ["long", true, ["in6_pktinfo"], SIX[1]],
    ["ok", false, ["in6_pktinfo", "in_pktinfo"], FOUR[2]],
  ]);
});
