// Connected sockets: one peer, heard alone.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (
  const [address, from] of [
    [CLIENT.four, FOUR[2]],
    [`::ffff:${CLIENT.four}`, FOUR[2]],
    [CLIENT.six, SIX[1]],
  ]
) {
  Deno.test(`connect: to ${address}, which alone is heard from then on`, async () => {
    await using lab = await UdpLab.open();
    const socket = lab.bind();
    const { port: own } = socket.address;
    const peer = lab.bind({}, "client");
    const other = lab.bind({}, "client");
    const { port } = peer.address;
    socket.connect({ address, port });
    const plain = address.replace("::ffff:", "");
    assertEquals(socket.handle.peer, { address: plain, port });

    await socket.send("without saying whom to");
    const question = await peer.receive({ timeout: 5000 });
    assertEquals(text(question.data), "without saying whom to");
    assertEquals(question.peer.port, own);
    await socket.send("from there", undefined, { source: from });
    assertEquals((await peer.receive({ timeout: 5000 })).peer.address, from);

    // The kernel has picked whom it is for its peer.
    const to = { address: question.peer.address, port: own };
    await other.send("not heard", to);
    await peer.send("heard", to);
    assertEquals(text((await socket.receive({ timeout: 5000 })).data), "heard");
  });
}

Deno.test("connect: another peer of the same IP version may follow", async () => {
  await using lab = await UdpLab.open();
  for (const address of [CLIENT.four, CLIENT.six]) {
    const socket = lab.bind();
    for (let round = 0; round < 2; round++) {
      const peer = lab.bind({}, "client");
      socket.connect({ address, port: peer.address.port });
      await socket.send("x", undefined, { ttl: 9 });
      assertEquals((await peer.receive({ timeout: 5000 })).data.length, 1);
    }
  }
});

Deno.test("connect: a link-local peer, by its zone", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const peer = lab.bind({}, "client");
  const { port } = peer.address;
  socket.connect({ address: `${CLIENT.linkLocal}%wire`, port });
  const scope = await lab.index();
  assertEquals(socket.handle.peer, { address: CLIENT.linkLocal, port, scope });
  await socket.send("x");
  assertEquals((await peer.receive({ timeout: 5000 })).data.length, 1);
});

Deno.test("connect: what cannot be is refused", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const unrouted = assertThrows(
    () => socket.connect({ address: "203.0.113.1", port: 9 }),
    SystemError,
  );
  assertEquals(
    unrouted.message.startsWith(
      "connect a UDP socket to 203.0.113.1:9: ENETUNREACH",
    ),
    true,
    unrouted.message,
  );
  assertEquals(socket.handle.peer, undefined);
  assertThrows(
    () => socket.connect({ address: CLIENT.four, port: -1 }),
    ArgumentError,
  );
  assertThrows(
    () => lab.bind({ family: "ipv4" }).connect({ address: SIX[0], port: 9 }),
    ArgumentError,
    "an IPv4 address, and this is an IPv4 socket",
  );
  assertThrows(
    () => lab.bind({ family: "ipv6" }).connect({ address: FOUR[0], port: 9 }),
    ArgumentError,
    "an IPv6 address, and this is an IPv6 socket",
  );
  const nobody = await assertRejects(() => socket.send("x"), SystemError);
  assertEquals(nobody.code, "EDESTADDRREQ");
});
