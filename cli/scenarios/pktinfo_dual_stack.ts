// 2018: a dual-stack server that answers from the wrong address.
//
// The report asked which control message arrives for whom, and which one makes
// the answer leave from the address that was asked.

import { formatAddress, parseAddress } from "../../lib/net/ip_address.ts";
import { ReceiveBatch } from "../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../lib/udp/send_batch.ts";
import { SourceUnavailableError } from "../../lib/udp/errors.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { BareUdp, type PacketInfo, type Question } from "./bare/udp.ts";
import { Scene } from "./stage/scene.ts";
import { AMPLE } from "./stage/patience.ts";
import type { Scenario } from "./stage/scenario.ts";
import type { Observation, Stage } from "./stage/stage.ts";

/** The first of each family is the primary one, the others were added later. */
const ADDRESSES = [
  "192.0.2.1",
  "192.0.2.2",
  "192.0.2.3",
  "2001:db8::1",
  "2001:db8::2",
  "2001:db8::3",
] as const;

interface Lab {
  readonly server: Scene;
  readonly client: Scene;
}

async function build(stage: Stage): Promise<Lab> {
  const server = stage.use(await Scene.create());
  const client = stage.use(await Scene.create());
  await server.veth("eth0", "eth0", client);
  for (const address of ADDRESSES) {
    await server.address("eth0", withPrefix(address));
  }
  await client.address("eth0", withPrefix("192.0.2.9"));
  await client.address("eth0", withPrefix("2001:db8::9"));
  return { server, client };
}

const isIPv6 = (address: string) => address.includes(":");

function withPrefix(address: string): string {
  return `${address}/${isIPv6(address) ? 64 : 24}`;
}

/** Asks a server at one of its addresses; tells from which one it answered. */
async function ask(
  { client }: Lab,
  address: string,
  port: number,
  answering: () => Promise<void>,
): Promise<string> {
  await using socket = UdpSocket.bind({
    namespace: client.namespace,
    family: isIPv6(address) ? "ipv6" : "ipv4",
    packetInfo: false,
  });
  await socket.send(`to ${address}`, { address, port });
  await answering();
  const { peer } = await socket.receive({ timeout: AMPLE });
  return peer.address;
}

/** Asks at every address: the source of each answer by the address asked. */
async function askAll(
  lab: Lab,
  port: number,
  answer: () => Promise<void>,
): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const address of ADDRESSES) {
    sources.set(address, await ask(lab, address, port, answer));
  }
  return sources;
}

function wrong(sources: Map<string, string>): string[] {
  return [...sources].filter(([asked, source]) => asked !== source)
    .map(([asked]) => asked);
}

// Which control messages arrive

const OPTIONS = [
  { IP_PKTINFO: false, IPV6_RECVPKTINFO: false },
  { IP_PKTINFO: true, IPV6_RECVPKTINFO: false },
  { IP_PKTINFO: false, IPV6_RECVPKTINFO: true },
  { IP_PKTINFO: true, IPV6_RECVPKTINFO: true },
] as const;

function nameOf(options: (typeof OPTIONS)[number]): string {
  const set = Object.entries(options).filter(([, on]) => on);
  return set.map(([name]) => name).join(" + ") || "none";
}

function describe(info: PacketInfo): string {
  return info.struct === "in_pktinfo"
    ? `in_pktinfo ${formatAddress(info.specDst)}`
    : `in6_pktinfo ${formatAddress(info.addr)}`;
}

async function arrivals(lab: Lab): Promise<Observation> {
  const rows: Record<string, string>[] = [];
  const structs: Record<string, string[][]> = {};
  for (const options of OPTIONS) {
    await using server = new BareUdp(lab.server, options);
    const came: PacketInfo[][] = [];
    for (const address of ["192.0.2.2", "2001:db8::2"]) {
      await ask(lab, address, server.port, async () => {
        const question = await server.receive();
        came.push([...question.info]);
        rows.push({
          "options set": nameOf(options),
          "asked at": address,
          "control messages": question.info.map(describe).join(" + ") || "none",
        });
        server.answer(question, []);
      });
    }
    structs[nameOf(options)] = came.map((infos) =>
      infos.map(({ struct }) => struct)
    );
  }
  const expected: typeof structs = {
    "none": [[], []],
    "IP_PKTINFO": [["in_pktinfo"], []],
    "IPV6_RECVPKTINFO": [["in6_pktinfo"], ["in6_pktinfo"]],
    "IP_PKTINFO + IPV6_RECVPKTINFO": [
      ["in6_pktinfo", "in_pktinfo"],
      ["in6_pktinfo"],
    ],
  };
  const held = JSON.stringify(structs) === JSON.stringify(expected);
  return {
    held,
    happened: held
      ? "IP_PKTINFO alone leaves a server blind to which IPv6 address was " +
        "asked; IPV6_RECVPKTINFO alone covers both families; with both, an " +
        "IPv4 question carries two structs and an IPv6 one carries one"
      : "other control messages arrived than told, see the table",
    measured: { arrived: structs },
    table: rows,
  };
}

// Which answer leaves from where

const UNSET4 = new Uint8Array(4);

/** How a server may answer, given the packet info that came with a question. */
const REPLIES: Record<
  string,
  (asked: Uint8Array, v4: boolean) => PacketInfo[]
> = {
  "nothing": () => [],
  "in6_pktinfo": (asked, v4) => [in6(asked, v4)],
  "in_pktinfo spec_dst": (asked, v4) => [in4(asked, v4, "specDst")],
  "in_pktinfo ipi_addr": (asked, v4) => [in4(asked, v4, "addr")],
  "both": (asked, v4) => [in6(asked, v4), in4(asked, v4, "specDst")],
};

function in6(asked: Uint8Array, v4: boolean): PacketInfo {
  const addr = new Uint8Array(16);
  if (v4) addr.fill(0xff, 10, 12);
  addr.set(asked, v4 ? 12 : 0);
  return { struct: "in6_pktinfo", ifindex: 0, addr };
}

/** For an IPv6 question there is no right one; the server's habit is sent. */
function in4(
  asked: Uint8Array,
  v4: boolean,
  field: "specDst" | "addr",
): PacketInfo {
  const info = { specDst: UNSET4, addr: UNSET4 };
  const address = v4 ? asked : parseAddress("192.0.2.2").address;
  return { struct: "in_pktinfo", ifindex: 0, ...info, [field]: address };
}

/** The address that was asked, from whichever struct tells it. */
function askedAt(question: Question): { asked: Uint8Array; v4: boolean } {
  for (const info of question.info) {
    if (info.struct === "in_pktinfo") return { asked: info.specDst, v4: true };
  }
  return { asked: question.info[0].addr, v4: false };
}

async function answerBare(server: BareUdp, reply: string): Promise<void> {
  const question = await server.receive();
  const { asked, v4 } = askedAt(question);
  server.answer(question, REPLIES[reply](asked, v4));
}

async function replies(lab: Lab): Promise<Observation> {
  const rows: Record<string, string>[] = [];
  const misses: Record<string, string[]> = {};
  for (const reply of Object.keys(REPLIES)) {
    await using server = new BareUdp(lab.server, OPTIONS[3]);
    const sources = await askAll(
      lab,
      server.port,
      () => answerBare(server, reply),
    );
    rows.push(row(reply, sources));
    misses[reply] = wrong(sources);
  }
  const [v4, v6] = [
    ADDRESSES.filter((a) => !isIPv6(a)),
    ADDRESSES.filter(isIPv6),
  ];
  const missed = (reply: string, family: readonly string[]) =>
    misses[reply].filter((address) => family.includes(address)).length;
  // One address of a family is right by chance: the one the routes choose.
  const held = missed("nothing", v4) === v4.length - 1 &&
    missed("nothing", v6) === v6.length - 1 &&
    missed("in_pktinfo ipi_addr", v4) === v4.length - 1 &&
    missed("in_pktinfo spec_dst", v4) === 0 &&
    missed("in_pktinfo spec_dst", v6) === v6.length - 1 &&
    misses["in6_pktinfo"].length === 0 && misses["both"].length === 0;
  return {
    held,
    happened: held
      ? "without a control message every answer leaves from the address the " +
        "routes choose; ipi_addr is ignored on sending, spec_dst counts; " +
        "in_pktinfo does nothing for an IPv6 peer, without any error"
      : "other sources than told, see the table",
    measured: { wrong: misses },
    table: rows,
  };
}

function row(
  reply: string,
  sources: Map<string, string>,
): Record<string, string> {
  const cells = [...sources].map(([asked, source]) => [
    asked,
    asked === source ? "right" : source,
  ]);
  return { "sent along": reply, ...Object.fromEntries(cells) };
}

// The cure

/** A server of the library's, on one way to use it. */
interface Server extends AsyncDisposable {
  readonly port: number;
  answer(): Promise<void>;
}

function singly({ server: { namespace } }: Lab): Server {
  const socket = UdpSocket.bind({ namespace });
  return {
    port: socket.address.port,
    async answer() {
      const question = await socket.receive({ timeout: AMPLE });
      await socket.reply(question, question.data);
    },
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

function inBatches(
  { server: { namespace } }: Lab,
  packetInfo: true | "in6_pktinfo",
): Server {
  const socket = UdpSocket.bind({ namespace, packetInfo });
  const received = new ReceiveBatch();
  const answers = new SendBatch(received.size);
  return {
    port: socket.address.port,
    async answer() {
      await socket.receiveMany(received, { timeout: AMPLE });
      for (let i = 0; i < received.count; i++) answers.reply(received, i);
      const { failures } = await socket.sendMany(answers);
      if (failures.length > 0) throw failures[0].error;
    },
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

function mistaken({ server }: Lab): Server {
  const bare = new BareUdp(server, OPTIONS[3]);
  return {
    port: bare.port,
    answer: () => answerBare(bare, "in_pktinfo ipi_addr"),
    [Symbol.asyncDispose]: () => bare[Symbol.asyncDispose](),
  };
}

async function library(lab: Lab, stage: Stage): Promise<Observation> {
  const servers: Record<string, () => Server> = {
    "receive, reply": () => singly(lab),
    "ReceiveBatch, SendBatch": () => inBatches(lab, true),
    "with in6_pktinfo alone": () => inBatches(lab, "in6_pktinfo"),
  };
  const rows: Record<string, string>[] = [];
  let missed = 0;
  for (const [way, open] of Object.entries(servers)) {
    await using server = stage.fault === "ipi-addr-only"
      ? mistaken(lab)
      : open();
    const sources = await askAll(lab, server.port, () => server.answer());
    rows.push(row(way, sources));
    missed += wrong(sources).length;
  }
  const asked = rows.length * ADDRESSES.length;
  return {
    held: missed === 0,
    happened: `${
      asked - missed
    } of ${asked} answers came from the address asked`,
    measured: { asked, wrong: missed },
    table: rows,
  };
}

async function removed(lab: Lab): Promise<Observation> {
  const { server: { namespace }, client } = lab;
  await using socket = UdpSocket.bind({ namespace });
  await using peer = UdpSocket.bind({
    namespace: client.namespace,
    family: "ipv4",
  });
  const { port } = socket.address;
  await peer.send("question", { address: "192.0.2.3", port });
  const question = await socket.receive({ timeout: AMPLE });
  await lab.server.removeAddress("eth0", withPrefix("192.0.2.3"));
  try {
    await socket.reply(question, "answer");
  } catch (error) {
    if (!(error instanceof SourceUnavailableError)) throw error;
    return {
      held: true,
      happened: `${error.name}: ${error.message}`,
      measured: { code: error.code, source: error.source },
    };
  }
  const { peer: { address } } = await peer.receive({ timeout: AMPLE });
  return { held: false, happened: `the answer came from ${address}` };
}

async function play(stage: Stage): Promise<void> {
  const lab = await stage.setup(
    `a server with ${ADDRESSES.join(", ")} and a client`,
    () => build(stage),
  );
  await stage.trap(
    "an AF_INET6 socket on :: is asked over IPv4 and over IPv6",
    "which control messages arrive depends on the options and on the peer",
    () => arrivals(lab),
  );
  await stage.trap(
    "it answers with different control messages",
    "only some make the answer leave from the address that was asked, and " +
      "the others fail without an error",
    () => replies(lab),
  );
  await stage.cure(
    "UdpSocket answers, one at a time and in batches",
    "every answer comes from the address asked",
    () => library(lab, stage),
  );
  await stage.cure(
    "192.0.2.3 is removed between the question and the answer",
    "a typed error, and no answer from another address",
    () => removed(lab),
  );
}

export const pktinfoDualStack: Scenario = {
  name: "pktinfo-dual-stack",
  year: 2018,
  who: "a C server",
  title: "a dual-stack server that answers from the wrong address",
  story:
    "A UDP server on one IPv6 socket for both families, on a host with one " +
    "primary and several secondary addresses, set IP_PKTINFO and " +
    "IPV6_RECVPKTINFO. Clients that asked a secondary address were answered " +
    "from the primary one, and threw the answer away.",
  faults: [{
    name: "ipi-addr-only",
    summary: "answer with ipi_addr set instead of spec_dst",
  }],
  play,
};
