// Sockets with one kind of packet info, or none: what they receive and
// from where their answers leave, as documented of `packetInfo`.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { SourceUnavailableError } from "../../../lib/udp/errors.ts";
import type { BindOptions } from "../../../lib/udp/options.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { FOUR, LINK_LOCAL, SIX, UdpLab } from "../../support/udp_lab.ts";

const ASKED = FOUR[1];
const MAPPED = `::ffff:${ASKED}`;

/** Sends a request through a dual-stack socket; returns the source and content of the reply. */
async function queried(
  lab: UdpLab,
  packetInfo: BindOptions["packetInfo"],
  ...args: string[]
) {
  const server = lab.bind({ packetInfo });
  const received = new ReceiveBatch();
  const answers = new SendBatch();
  const requesting = lab.ask(
    "-n",
    "2",
    ...args,
    String(server.address.port),
    "q",
  );
  await server.receiveMany(received, { timeout: 5000 });
  const { local, control } = received.describe(0);
  await server.reply(received.datagram(0), "object");
  answers.reply(received, 0);
  const planned: string = answers.describe(0).control;
  const { failures } = await server.sendMany(answers);
  if (failures.length > 0) throw failures[0].error;
  const [one, two] = (await requesting).map((line) => line.split(" ")[0]);
  assertEquals(one, two);
  await server.close();
  return { from: one, local: local?.address, control, planned };
}

Deno.test("one option: IP_PKTINFO alone serves IPv4 and mapped peers", async () => {
  await using lab = await UdpLab.open();
  for (const target of [ASKED, MAPPED]) {
    assertEquals(await queried(lab, "in_pktinfo", target), {
      from: target,
      local: ASKED,
      control: ["in_pktinfo"],
      planned: "in_pktinfo",
    });
  }
});

Deno.test("one option: with IP_PKTINFO alone IPv6 peers are answered as the routes say", async () => {
  await using lab = await UdpLab.open();
  const unknown = { local: undefined, control: [], planned: "none" };
  const seen: string[] = [];
  for (const target of SIX) {
    const { from, ...rest } = await queried(lab, "in_pktinfo", target);
    assertEquals(rest, unknown);
    seen.push(from);
  }
  // The same for both, and so wrong for one.
  assertEquals(seen[0], seen[1]);
  assert(SIX.includes(seen[0]));
});

Deno.test("one option: IPV6_RECVPKTINFO alone serves both families", async () => {
  await using lab = await UdpLab.open();
  const cases = [
    [ASKED, ASKED, "in_pktinfo"],
    [MAPPED, ASKED, "in_pktinfo"],
    [SIX[1], SIX[1], "in6_pktinfo"],
    [`${LINK_LOCAL}%wire`, LINK_LOCAL, "in6_pktinfo"],
  ];
  for (const [target, local, planned] of cases) {
    assertEquals(await queried(lab, "in6_pktinfo", target), {
      from: target.replace("%wire", ""),
      local,
      control: ["in6_pktinfo"],
      planned,
    }, target);
  }
});

Deno.test("one option: IPV6_RECVPKTINFO alone does not say whom a broadcast is answered as", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ packetInfo: "in6_pktinfo" });
  const { port } = server.address;
  const requesting = lab.ask("-b", "192.0.2.255", String(port), "q");
  const question = await server.receive({ timeout: 5000 });
  assertEquals(question.local?.address, "192.0.2.255");
  const error = await assertRejects(
    () => server.reply(question, "as nobody"),
    SourceUnavailableError,
  );
  assertEquals([error.source, error.code], ["192.0.2.255", "ENETUNREACH"]);
  await server.send("as somebody", question.peer, { source: FOUR[3] });
  assertEquals(await requesting, [`${FOUR[3]} ${port} as somebody`]);
});

Deno.test("one option: IPV6_RECVPKTINFO alone, a multicast query is answered by its interface", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ packetInfo: "in6_pktinfo" });
  const { port } = server.address;
  server.join("239.1.2.3", "wire");
  const query = ["-i", "wire", "239.1.2.3", String(port), "q"];
  const requesting = lab.ask("-n", "2", ...query);
  const received = new ReceiveBatch();
  await server.receiveMany(received, { timeout: 5000 });
  const question = received.datagram(0);
  const { address, source } = question.local!;
  assertEquals([address, source], ["239.1.2.3", undefined]);
  await server.reply(question, "object");
  const answers = new SendBatch();
  answers.reply(received, 0);
  assertEquals(answers.describe(0).source, undefined);
  assertEquals(await server.sendMany(answers), { sent: 1, failures: [] });
  assertEquals(await requesting, [
    `${FOUR[0]} ${port} object`,
    `${FOUR[0]} ${port} q`,
  ]);
});

Deno.test("one option: without packet info the routes choose, and choose wrongly", async () => {
  await using lab = await UdpLab.open();
  const unknown = { local: undefined, control: [], planned: "none" };
  assertEquals(await queried(lab, false, ASKED), { from: FOUR[0], ...unknown });
  assertEquals(await queried(lab, false, MAPPED), {
    from: `::ffff:${FOUR[0]}`,
    ...unknown,
  });
});
