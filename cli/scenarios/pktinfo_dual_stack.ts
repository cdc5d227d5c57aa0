// 2018: a dual-stack server that replies from the wrong source address.
//
// Subject of the report: which control messages arrive, and which one selects the
// source address of a reply.

import { formatAddress, parseAddress } from "../../lib/net/ip_address.ts";
import {
  ReceiveBatch,
  SendBatch,
  SourceUnavailableError,
  UdpSocket,
} from "../../lib/udp/mod.ts";
import {
  type PacketInfo,
  type PacketInfoOptions,
  RawUdpServer,
  type ReplyField,
} from "./raw_udp.ts";
import type { Observation, Runner, Scenario } from "./runner.ts";
import { TestNetwork } from "./test_network.ts";
import { AMPLE } from "./waiting.ts";

/** The server's; the first of each family is the primary address. */
const ADDRESSES = [
  "192.0.2.1",
  "192.0.2.2",
  "192.0.2.3",
  "2001:db8::1",
  "2001:db8::2",
  "2001:db8::3",
] as const;

interface Networks {
  readonly server: TestNetwork;
  readonly client: TestNetwork;
}

async function build(runner: Runner): Promise<Networks> {
  const server = runner.use(await TestNetwork.create());
  const client = runner.use(await TestNetwork.create());
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

/** A server that replies to one datagram at a time. */
interface Server extends AsyncDisposable {
  readonly port: number;
  reply(): Promise<void>;
}

/** Sends a request to an address; returns the source address of the reply. */
async function request(
  { client }: Networks,
  address: string,
  server: Pick<Server, "port" | "reply">,
): Promise<string> {
  await using socket = UdpSocket.bind({
    namespace: client.namespace,
    family: isIPv6(address) ? "ipv6" : "ipv4",
    packetInfo: false,
  });
  await socket.send(`to ${address}`, { address, port: server.port });
  await server.reply();
  const { peer } = await socket.receive({ timeout: AMPLE });
  return peer.address;
}

/** Sends a request to each address: a row of the table, and the wrong replies. */
async function requestAll(
  networks: Networks,
  label: readonly [heading: string, value: string],
  server: Server,
): Promise<{ row: Record<string, string>; wrong: string[] }> {
  const row: Record<string, string> = { [label[0]]: label[1] };
  const wrong: string[] = [];
  for (const address of ADDRESSES) {
    const source = await request(networks, address, server);
    row[address] = source === address ? "correct" : source;
    if (source !== address) wrong.push(address);
  }
  return { row, wrong };
}

// Which control messages arrive

const BOTH: PacketInfoOptions = { IP_PKTINFO: true, IPV6_RECVPKTINFO: true };

/** Sets of options, with the structs that arrive for IPv4 and for IPv6. */
const ARRIVALS: readonly (readonly [PacketInfoOptions, string, string])[] = [
  [{ IP_PKTINFO: false, IPV6_RECVPKTINFO: false }, "", ""],
  [{ IP_PKTINFO: true, IPV6_RECVPKTINFO: false }, "in_pktinfo", ""],
  [
    { IP_PKTINFO: false, IPV6_RECVPKTINFO: true },
    "in6_pktinfo",
    "in6_pktinfo",
  ],
  [BOTH, "in6_pktinfo in_pktinfo", "in6_pktinfo"],
];

async function arrivals(networks: Networks): Promise<Observation> {
  const table: Record<string, string>[] = [];
  let ok = true;
  for (const [options, forIPv4, forIPv6] of ARRIVALS) {
    await using server = new RawUdpServer(networks.server, options);
    const set = Object.entries(options).filter(([, on]) => on);
    for (const address of ["192.0.2.2", "2001:db8::2"]) {
      let control: readonly PacketInfo[] = [];
      await request(networks, address, {
        port: server.port,
        async reply() {
          control = await server.receive();
          server.reply([]);
        },
      });
      const structs = control.map(({ struct }) => struct).join(" ");
      ok &&= structs === (isIPv6(address) ? forIPv6 : forIPv4);
      table.push({
        "options set": set.map(([name]) => name).join(" + ") || "none",
        "destination": address,
        "control messages": control.map(({ struct, address }) =>
          `${struct} ${formatAddress(address)}`
        ).join(" + ") || "none",
      });
    }
  }
  return {
    ok,
    observed: ok
      ? "with IP_PKTINFO alone, IPv6 requests carry no destination address; " +
        "IPV6_RECVPKTINFO alone covers both families; with both options an IPv4 " +
        "request carries two structs and an IPv6 request one"
      : "other control messages arrive, see the table",
    table,
  };
}

// Which control message selects the source address

/** Control messages of a reply. */
const REPLIES: Record<string, readonly ReplyField[]> = {
  "none": [],
  "in6_pktinfo": ["in6_pktinfo"],
  "in_pktinfo spec_dst": ["spec_dst"],
  "in_pktinfo ipi_addr": ["ipi_addr"],
  "both": ["in6_pktinfo", "spec_dst"],
};

/**
 * For in_pktinfo in the reply to an IPv6 request, whose address does not fit.
 */
const { address: ANY_IPV4 } = parseAddress("192.0.2.2");

/** A server that replies with the control messages of an entry of REPLIES. */
function rawServer({ server }: Networks, reply: string): Server {
  const raw = new RawUdpServer(server, BOTH);
  return {
    port: raw.port,
    async reply() {
      const info = await raw.receive();
      const { address } = info.find(({ struct }) => struct === "in_pktinfo") ??
        info[0];
      raw.reply(
        REPLIES[reply].map((field) =>
          field === "in6_pktinfo" || address.length === 4
            ? [field, address]
            : [field, ANY_IPV4.slice()]
        ),
      );
    },
    [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose](),
  };
}

async function sources(networks: Networks): Promise<Observation> {
  const table: Record<string, string>[] = [];
  const wrong: Record<string, string[]> = {};
  for (const reply of Object.keys(REPLIES)) {
    await using server = rawServer(networks, reply);
    const sent = ["control messages", reply] as const;
    const replies = await requestAll(networks, sent, server);
    table.push(replies.row);
    wrong[reply] = replies.wrong;
  }
  const count = (reply: string, v6: boolean) =>
    wrong[reply].filter((address) => isIPv6(address) === v6).length;
  // The source address that the routes select is right only by chance: one
  // address of each family.
  const allButOne = ADDRESSES.length / 2 - 1;
  const ok = count("none", false) === allButOne &&
    count("none", true) === allButOne &&
    count("in_pktinfo ipi_addr", false) === allButOne &&
    count("in_pktinfo spec_dst", false) === 0 &&
    count("in_pktinfo spec_dst", true) === allButOne &&
    wrong["in6_pktinfo"].length === 0 && wrong["both"].length === 0;
  return {
    ok,
    observed: ok
      ? "without a control message the routes select the source address; " +
        "sending uses spec_dst and ignores ipi_addr; in_pktinfo has no effect " +
        "and gives no error for an IPv6 peer"
      : "other source addresses, see the table",
    measured: { wrong },
    table,
  };
}

// The library

function socketServer({ server: { namespace } }: Networks): Server {
  const socket = UdpSocket.bind({ namespace });
  return {
    port: socket.address.port,
    async reply() {
      const received = await socket.receive({ timeout: AMPLE });
      await socket.reply(received, received.data);
    },
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

function batchServer(
  { server: { namespace } }: Networks,
  packetInfo: true | "in6_pktinfo",
): Server {
  const socket = UdpSocket.bind({ namespace, packetInfo });
  const received = new ReceiveBatch();
  const replies = new SendBatch(received.size);
  return {
    port: socket.address.port,
    async reply() {
      await socket.receiveMany(received, { timeout: AMPLE });
      for (let i = 0; i < received.count; i++) replies.reply(received, i);
      const { failures } = await socket.sendMany(replies);
      if (failures.length > 0) throw failures[0].error;
    },
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

async function library(
  networks: Networks,
  runner: Runner,
): Promise<Observation> {
  const servers: Record<string, () => Server> = {
    "receive, reply": () => socketServer(networks),
    "ReceiveBatch, SendBatch": () => batchServer(networks, true),
    "in6_pktinfo alone": () => batchServer(networks, "in6_pktinfo"),
  };
  const table: Record<string, string>[] = [];
  let wrong = 0;
  for (const [api, open] of Object.entries(servers)) {
    await using server = runner.fault === "ipi-addr-only"
      ? rawServer(networks, "in_pktinfo ipi_addr")
      : open();
    const replies = await requestAll(networks, ["API", api], server);
    table.push(replies.row);
    wrong += replies.wrong.length;
  }
  const requests = table.length * ADDRESSES.length;
  return {
    ok: wrong === 0,
    observed:
      `${requests - wrong} of ${requests} replies have the destination ` +
      "of the request as their source",
    measured: { requests, wrong },
    table,
  };
}

async function addressDeleted(
  { server, client }: Networks,
): Promise<Observation> {
  await using socket = UdpSocket.bind({ namespace: server.namespace });
  await using peer = UdpSocket.bind({
    namespace: client.namespace,
    family: "ipv4",
  });
  const { port } = socket.address;
  await peer.send("request", { address: "192.0.2.3", port });
  const received = await socket.receive({ timeout: AMPLE });
  await server.deleteAddress("eth0", withPrefix("192.0.2.3"));
  try {
    await socket.reply(received, "reply");
  } catch (error) {
    if (!(error instanceof SourceUnavailableError)) throw error;
    return {
      ok: true,
      observed: `${error.name}: ${error.message}`,
      measured: { code: error.code, source: error.source },
    };
  }
  const { peer: { address } } = await peer.receive({ timeout: AMPLE });
  return { ok: false, observed: `the reply came from ${address}` };
}

async function run(runner: Runner): Promise<void> {
  const networks = await runner.setup(
    `a server with ${ADDRESSES.join(", ")} and a client`,
    () => build(runner),
  );
  await runner.problem(
    "an AF_INET6 socket on :: receives IPv4 and IPv6 requests",
    "the control messages depend on the socket options and on the peer",
    () => arrivals(networks),
  );
  await runner.problem(
    "the server replies with different control messages",
    "only some select the destination of the request as the source of the " +
      "reply; the others have no effect and give no error",
    () => sources(networks),
  );
  await runner.fix(
    "UdpSocket replies, datagram by datagram and in batches",
    "the source of each reply is the destination of the request",
    () => library(networks, runner),
  );
  await runner.fix(
    "192.0.2.3 is deleted between the request and the reply",
    "a typed error, and no reply from another address",
    () => addressDeleted(networks),
  );
}

export const pktinfoDualStack: Scenario = {
  name: "pktinfo-dual-stack",
  year: 2018,
  program: "a C server",
  title: "a dual-stack server that replies from the wrong address",
  report:
    "A UDP server used one IPv6 socket for both families on a multihomed host " +
    "and set IP_PKTINFO and IPV6_RECVPKTINFO. Requests to a secondary address " +
    "were answered from the primary one, and clients dropped the replies.",
  faults: [{
    name: "ipi-addr-only",
    summary: "reply with ipi_addr set instead of spec_dst",
  }],
  run,
};
