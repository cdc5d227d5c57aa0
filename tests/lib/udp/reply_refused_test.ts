// Replies that cannot be sent: a typed error each, and the next reply is sent.
// Raw UDP headers come from Python, the replies are seen by the C peer.

import { assert, assertEquals, assertRejects } from "@std/assert";
import * as netplumb from "../../../mod.ts";
import { ReceiveBatch, SendBatch, SystemError } from "../../../mod.ts";
import { sendRaw } from "../../support/raw_udp.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const PAYLOAD = new TextEncoder().encode("from port 0");

for (
  const [queried, source] of [[FOUR[1], CLIENT.four], [SIX[1], CLIENT.six]]
) {
  Deno.test(`reply refused: the sender of ${queried}'s query used port 0`, async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind();
    const { port } = server.address;
    const from = { source, port: 0, to: queried, toPort: port };
    await sendRaw(lab.client, from, [PAYLOAD]);
    const query = await server.receive({ timeout: 5000 });
    assertEquals(query.peer, { address: source, port: 0 });
    const error = await assertRejects(
      () => server.reply(query, "x"),
      SystemError,
    );
    assertEquals(error.name, "NoReplyPortError");
    assert(error instanceof netplumb.NoReplyPortError);
    assertEquals(error.peer, source);

    // In a batch it is the failure of that one reply.
    const requesting = lab.ask(queried, String(port), "question");
    const received = new ReceiveBatch();
    await server.receiveMany(received, { timeout: 5000 });
    await sendRaw(lab.client, from, [PAYLOAD]);
    const second = new ReceiveBatch();
    await server.receiveMany(second, { timeout: 5000 });
    const replies = new SendBatch();
    replies.reply(second, 0);
    replies.reply(received, 0);
    const { sent, failures } = await server.sendMany(replies);
    assertEquals(sent, 1);
    assertEquals(
      failures.map(({ index, error }) => [index, error.name]),
      [[0, "NoReplyPortError"]],
    );
    assertEquals(await requesting, [`${queried} ${port} question`]);
  });
}

Deno.test("reply refused: what is no received datagram", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const client = lab.bind({}, "client");
  server.connect({ address: CLIENT.four, port: client.address.port });
  for (const wrong of [{}, { peer: {} }, { peer: { address: "x" } }, null]) {
    // On a connected socket it would go to the connected peer.
    const error = await assertRejects(
      () => server.reply(wrong as unknown as netplumb.Datagram, "x"),
      TypeError,
    );
    assertEquals(error.name, "ArgumentError", error.message);
  }
  await assertRejects(() => client.receive({ timeout: 20 }));
});

Deno.test("reply refused: the packet info of the query was cut off", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const { port } = server.address;
  const requesting = lab.ask("-w", "200", FOUR[1], String(port), "q");
  const received = new ReceiveBatch({ size: 1, controlSize: 16 });
  await server.receiveMany(received, { timeout: 5000 });
  assert(received.controlTruncated(0));
  const replies = new SendBatch();
  const message = "controlSize: ";
  let caught: unknown;
  try {
    replies.reply(received, 0);
  } catch (error) {
    caught = error;
  }
  assert(caught instanceof TypeError && caught.message.includes(message));
  const error = await assertRejects(
    () => server.reply(received.datagram(0), "x"),
    TypeError,
  );
  assert(error.message.includes(message), error.message);
  // Nothing was sent.
  assertEquals((await requesting).filter((line) => line.includes(" ")), []);
});

Deno.test("reply refused: no route and an unknown interface are not the source's fault", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const names = async (
    to: netplumb.Endpoint,
    options: netplumb.SendOptions,
  ) => {
    const error = await assertRejects(
      () => server.send("x", to, options),
      SystemError,
    );
    assert(!error.message.includes("answer"), error.message);
    assert(error.tried?.startsWith("send "), error.message);
    return `${error.name} ${error.code}`;
  };
  const here = { source: FOUR[1] };
  assertEquals(
    await names({ address: "203.0.113.1", port: 9 }, here),
    "SystemError ENETUNREACH",
  );
  assertEquals(
    await names({ address: CLIENT.four, port: 9 }, {
      ...here,
      interface: 4711,
    }),
    "SystemError ENODEV",
  );
  assertEquals(
    await names({ address: CLIENT.four, port: 9 }, { source: "203.0.113.7" }),
    "SourceUnavailableError ENETUNREACH",
  );
  assertEquals(
    await names({ address: "2001:db8:1::1", port: 9 }, { source: SIX[1] }),
    "SystemError ENETUNREACH",
  );
});
