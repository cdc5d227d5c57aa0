// The reply rule: a reply comes from the destination address of the request. A C program
// sends requests, unconnected, and prints the source of the reply.

import { assert, assertEquals } from "@std/assert";
import type { Family } from "../../../lib/socket/option.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import {
  CLIENT,
  FOUR,
  LINK_LOCAL,
  SIX,
  UdpLab,
} from "../../support/udp_lab.ts";

/** Answers the next datagram twice: as a plain object and as a batch. */
async function answerTwice(server: UdpSocket, pinInterface = false) {
  const received = new ReceiveBatch();
  const answers = new SendBatch();
  await server.receiveMany(received, { timeout: 5000 });
  const datagram = received.datagram(0);
  const { local } = datagram;
  await server.reply(
    datagram,
    "object",
    pinInterface ? { interface: local!.ifindex } : {},
  );
  answers.reply(received, 0, {
    data: new TextEncoder().encode("batch"),
    pinInterface,
  });
  const planned = answers.describe(0);
  assertEquals(await server.sendMany(answers), { sent: 1, failures: [] });
  return { datagram, local: local!, planned };
}

/** What the client prints when `from` answers it twice. */
function answers(from: string, port: number): string[] {
  return [`${from} ${port} object`, `${from} ${port} batch`];
}

interface Query {
  readonly queried: string;
  /** The expected source of the reply; default: the destination address. */
  readonly seen?: string;
  readonly control: "in_pktinfo" | "in6_pktinfo";
}

const four: Query[] = FOUR.map((queried) => ({
  queried,
  control: "in_pktinfo",
}));
const mapped: Query[] = FOUR.map((it) => ({
  queried: `::ffff:${it}`,
  control: "in_pktinfo",
}));
const six: Query[] = [
  ...SIX.map((queried) => ({ queried, control: "in6_pktinfo" as const })),
  { queried: `${LINK_LOCAL}%wire`, seen: LINK_LOCAL, control: "in6_pktinfo" },
];

const CASES: Record<Family, Query[]> = {
  dual: [...four, ...mapped, ...six],
  ipv4: [...four, ...mapped],
  ipv6: six,
};

for (const [family, queries] of Object.entries(CASES)) {
  Deno.test(`reply: from the destination address, on a socket for ${family}`, async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind({ family: family as Family });
    const { port } = server.address;
    const ifindex = await lab.index();
    for (const { queried, seen = queried, control } of queries) {
      const requesting = lab.ask("-n", "2", queried, String(port), "question");
      const { local, planned } = await answerTwice(server);
      assertEquals(await requesting, answers(seen, port), queried);
      // And so the library says, mapped addresses written plainly.
      const plain = seen.replace("::ffff:", "");
      assertEquals(local, { address: plain, source: plain, ifindex });
      assertEquals([planned.source, planned.control], [plain, control]);
      assertEquals(planned.bytes, "batch".length);
    }
  });
}

Deno.test("reply: to a link-local peer that sent to a global address", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const { port } = server.address;
  const source = `${CLIENT.linkLocal}%wire`;
  const requesting = lab.ask(
    "-n",
    "2",
    "-s",
    source,
    SIX[1],
    String(port),
    "q",
  );
  const { datagram } = await answerTwice(server);
  assertEquals(await requesting, answers(SIX[1], port));
  assertEquals(datagram.peer.address, CLIENT.linkLocal);
  assertEquals(datagram.peer.scope, await lab.index());
});

Deno.test("reply: to a global peer that sent to a link-local address", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const { port } = server.address;
  const queried = `${LINK_LOCAL}%wire`;
  const requesting = lab.ask(
    "-n2",
    "-s",
    CLIENT.six,
    queried,
    String(port),
    "q",
  );
  const { datagram } = await answerTwice(server);
  assertEquals(await requesting, answers(LINK_LOCAL, port));
  assertEquals(datagram.peer.address, CLIENT.six);
});

Deno.test("reply: to a multicast query, from an address of the interface", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const { port } = server.address;
  const ifindex = await lab.index();
  for (
    const [group, sources] of Object.entries({
      "239.1.2.3": [FOUR[0]],
      "::ffff:239.1.2.3": [`::ffff:${FOUR[0]}`],
      // Of the same scope as the group and the peer.
      "ff15::1234": SIX,
      "ff02::1234": [LINK_LOCAL],
    })
  ) {
    const plain = group.replace("::ffff:", "");
    server.join(plain, "wire");
    const requesting = lab.ask(
      "-n",
      "2",
      "-i",
      "wire",
      group,
      String(port),
      "q",
    );
    const { local, planned } = await answerTwice(server);
    const seen = await requesting;
    const who = seen[0].split(" ")[0];
    assert(sources.includes(who), `${who} of ${sources}`);
    assertEquals(seen, answers(who, port));
    assertEquals([local.address, local.ifindex], [plain, ifindex]);
    // IPv4 says whom to answer as; for IPv6 the kernel has to choose.
    const source = plain.includes(":") ? undefined : FOUR[0];
    assertEquals([local.source, planned.source], [source, source]);
    server.leave(plain, "wire");
  }
});

Deno.test("reply: to a broadcast query, from the interface's own address", async () => {
  await using lab = await UdpLab.open();
  await lab.client.ip("route add 255.255.255.255 dev wire");
  const ifindex = await lab.index();
  for (const family of ["dual", "ipv4"] as const) {
    const server = lab.bind({ family });
    const { port } = server.address;
    for (const queried of ["192.0.2.255", "255.255.255.255"]) {
      const requesting = lab.ask("-n", "2", "-b", queried, String(port), "q");
      const { local, planned } = await answerTwice(server);
      assertEquals(await requesting, answers(FOUR[0], port), queried);
      assertEquals(local, { address: queried, source: FOUR[0], ifindex });
      assertEquals(planned.source, FOUR[0]);
    }
  }
});

Deno.test("reply: by the routes, or pinned to the interface the request came in by", async () => {
  await using lab = await UdpLab.open();
  await lab.lab.veth("server", "other", "client", "other");
  // The client has addresses that the server reaches through "other" alone, but
  // sends from them through "wire".
  await lab.client.batch(`
    address add 198.51.100.1/32 dev lo
    address add 2001:db8:1::1/128 dev lo nodad
    link set other address 02:00:00:00:00:02
    link set wire address 02:00:00:00:00:01
  `);
  // IPv4 takes an interface as it is. IPv6, where a source is given too, only
  // among the routes of the best metric.
  const reached = ["198.51.100.1", "2001:db8:1::1"];
  await lab.server.batch(
    reached.map((address) => `
      route add ${address} dev other metric 10
      neigh replace ${address} lladdr 02:00:00:00:00:02 dev other
      neigh replace ${address} lladdr 02:00:00:00:00:01 dev wire
    `).join(""),
  );
  const server = lab.bind();
  const { port } = server.address;
  const answersThrough = async (
    through: string,
    queried: string,
    pin: boolean,
  ) => {
    const source = reached[queried.includes(":") ? 1 : 0];
    const how = ["-v", "-n", "2", "-s", source];
    const requesting = lab.ask(...how, queried, String(port), "q");
    await answerTwice(server, pin);
    const seen = answers(queried, port).map((line) => `${line} ${through}`);
    assertEquals(await requesting, seen);
  };
  await answersThrough("other", FOUR[1], false);
  await answersThrough("wire", FOUR[1], true);

  // To a multicast request, the server replies from an address of that interface.
  server.join("ff15::1234", "wire");
  const how = ["-n2", "-v", "-i", "wire", "-s", reached[1]];
  await lab.server.ip(`route append ${reached[1]} dev wire metric 2000`);
  const requesting = lab.ask(...how, "ff15::1234", String(port), "q");
  await answerTwice(server);
  for (const line of await requesting) {
    const [who, , , through] = line.split(" ");
    assertEquals([SIX.includes(who), through], [true, "wire"], line);
  }

  await answersThrough("other", SIX[1], false);
  await answersThrough("other", SIX[1], true);
  await lab.server.ip(`route append ${reached[1]} dev wire metric 10`);
  await answersThrough("other", SIX[1], false);
  await answersThrough("wire", SIX[1], true);
});
