// An answer whose source is gone is refused by a typed error, and nothing leaves
// from another address instead: the next thing the client hears proves it.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { SourceUnavailableError } from "../../../lib/udp/errors.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import type { Endpoint } from "../../../lib/socket/sockaddr.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const MAPPED = `::ffff:${FOUR[1]}`;

for (
  const [queried, gone, stays, code] of [
    [FOUR[1], FOUR[1], FOUR[0], "ENETUNREACH"],
    [MAPPED, FOUR[1], FOUR[0], "ENETUNREACH"],
    [SIX[1], SIX[1], SIX[0], "EINVAL"],
  ]
) {
  Deno.test(`source gone: ${queried} is removed before the reply`, async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind();
    const { port } = server.address;
    const requesting = lab.ask(queried, String(port), "question");
    const received = new ReceiveBatch();
    await server.receiveMany(received, { timeout: 5000 });
    const question = received.datagram(0);
    const prefix = gone.includes(":") ? 64 : 24;
    await lab.server.ip(`address del ${gone}/${prefix} dev wire`);

    const error = await assertRejects(
      () => server.reply(question, "from nowhere"),
      SourceUnavailableError,
    );
    assert(error instanceof SystemError);
    assertEquals([error.source, error.code], [gone, code]);
    const { address } = question.peer;
    const peer = address.includes(":") ? `[${address}]` : address;
    assert(
      error.message.startsWith(
        `send to ${peer}:${question.peer.port} from ${gone}: ${code}, `,
      ),
      error.message,
    );

    const answers = new SendBatch();
    answers.reply(received, 0);
    const { sent, failures } = await server.sendMany(answers);
    assertEquals([sent, failures.length, failures[0].index], [0, 1, 0]);
    assert(failures[0].error instanceof SourceUnavailableError);
    assertEquals(failures[0].error.source, gone);

    await server.send("the first", question.peer, { source: stays });
    const seen = queried.startsWith("::ffff:") ? `::ffff:${stays}` : stays;
    assertEquals(await requesting, [`${seen} ${port} the first`]);
  });
}

Deno.test("source gone: its interface is removed before the answer", async () => {
  await using lab = await UdpLab.open();
  await lab.server.batch(`
    link add other type veth peer name rehto
    link set other up
    address add 198.51.100.1/32 dev other
  `);
  await lab.client.ip("route add 198.51.100.1 dev wire");
  const server = lab.bind();
  const { port } = server.address;
  const requesting = lab.ask("198.51.100.1", String(port), "question");
  const question = await server.receive({ timeout: 5000 });
  await lab.server.ip("link del other");
  const error = await assertRejects(
    () => server.reply(question, "from nowhere"),
    SourceUnavailableError,
  );
  assertEquals([error.source, error.code], ["198.51.100.1", "ENETUNREACH"]);
  await server.send("the first", question.peer, { source: FOUR[2] });
  assertEquals(await requesting, [`${FOUR[2]} ${port} the first`]);
});

Deno.test("source gone: one answer of a batch; the others are sent", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const port = String(server.address.port);
  const answers = new SendBatch();
  const requesting: Promise<string[]>[] = [];
  const batches: ReceiveBatch[] = [];
  for (const queried of FOUR) {
    requesting.push(
      lab.ask("-w", "10000", queried, port, `you are ${queried}`),
    );
    const batch = new ReceiveBatch({ size: 1 });
    await server.receiveMany(batch, { timeout: 5000 });
    answers.reply(batch, 0);
    batches.push(batch);
  }
  await lab.server.ip(`address del ${FOUR[2]}/24 dev wire`);
  const { sent, failures } = await server.sendMany(answers);
  assertEquals(sent, 3);
  assertEquals(failures.map(({ index }) => index), [2]);
  assert(failures[0].error instanceof SourceUnavailableError);
  assertEquals(failures[0].error.source, FOUR[2]);
  const peer = batches[2].datagram(0).peer;
  await server.send("not from there", peer);
  assertEquals((await Promise.all(requesting)).flat(), [
    `${FOUR[0]} ${port} you are ${FOUR[0]}`,
    `${FOUR[1]} ${port} you are ${FOUR[1]}`,
    `${FOUR[0]} ${port} not from there`,
    `${FOUR[3]} ${port} you are ${FOUR[3]}`,
  ]);
});

Deno.test("source gone: what has another cause is another error", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const peer: Endpoint = { address: CLIENT.four, port: 9 };
  const refused = async (
    to: Endpoint,
    options: { source?: string; interface?: string | number },
  ) => {
    const error = await assertRejects(
      () => server.send("x", to, options),
      SystemError,
    );
    return `${error.name} ${error.code}`;
  };
  assertEquals(await refused(peer, { interface: 4711 }), "SystemError ENODEV");
  assertEquals(
    await refused(peer, { source: FOUR[1], interface: 4711 }),
    "SystemError ENODEV",
  );
  assertEquals(
    await refused({ ...peer, port: 0 }, { source: FOUR[1] }),
    "NoReplyPortError EINVAL",
  );
  assertEquals(
    await refused({ address: "203.0.113.1", port: 9 }, {}),
    "SystemError ENETUNREACH",
  );
  // An address of this host that is not a valid source; and one of another host.
  for (const source of ["192.0.2.255", "239.1.2.3", "203.0.113.1"]) {
    const reported = await refused(peer, { source });
    assert(
      reported.startsWith("SourceUnavailableError"),
      `${source}: ${reported}`,
    );
  }
});
