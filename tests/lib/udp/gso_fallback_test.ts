// Segmented messages (UDP GSO) that a path refuses are sent as single datagrams:
// the peer receives all of them. The C peer counts what arrives.

import { assert, assertEquals } from "@std/assert";
import {
  type Message,
  ReceiveBatch,
  SendBatch,
  UdpSocket,
} from "../../../mod.ts";
import { Faults } from "../../support/faults.ts";
import { Lab, type Netns, output } from "../../support/netns.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

/** Bytes that identify the segment they are in. */
function pattern(length: number, segment: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => 65 + at / segment);
}

/** The lengths and first bytes of what arrives. */
async function hear(socket: UdpSocket, count: number): Promise<string[]> {
  const heard: string[] = [];
  while (heard.length < count) {
    const { data } = await socket.receive({ timeout: 5000 });
    heard.push(`${data.length} ${String.fromCharCode(data[0])}`);
  }
  assertEquals(socket.tryReceiveMany(new ReceiveBatch()), 0, "and no more");
  return heard;
}

for (
  const [from, to] of [[FOUR[1], CLIENT.four], [SIX[1], CLIENT.six]] as const
) {
  Deno.test(`GSO fallback: segmentSize above the MTU of the path to ${to}`, async () => {
    await using lab = await UdpLab.open();
    await lab.server.ip("link set wire mtu 1280");
    const socket = lab.bind();
    const peer = lab.bind({ receiveBuffer: 4 << 20 }, "client");
    const there = { address: to, port: peer.address.port };
    const data = pattern(5000, 1400);
    const options = { source: from, segmentSize: 1400 };
    assertEquals(await socket.send(data, there, options), 5000);
    const expected = ["1400 A", "1400 B", "1400 C", "800 D"];
    assertEquals(await hear(peer, 4), expected);
    // Among others of a call, too.
    const { sent, failures } = await socket.sendMany([
      { data: "before", to: there },
      { data, to: there, ...options },
      { data: "after", to: there },
    ]);
    assertEquals([sent, failures], [3, []]);
    assertEquals(await hear(peer, 6), ["6 b", ...expected, "5 a"]);
  });
}

Deno.test("GSO fallback: more segments than a message has, more bytes than a datagram", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const peer = lab.bind({ receiveBuffer: 16 << 20 }, "client");
  const to = { address: CLIENT.four, port: peer.address.port };
  const source = FOUR[1];
  // Until the neighbour is resolved, the kernel queues few of them.
  await socket.send("first", to);
  assertEquals(await hear(peer, 1), ["5 f"]);
  await socket.send(new Uint8Array(6000), to, { segmentSize: 10, source });
  assertEquals((await hear(peer, 600)).length, 600);
  await socket.send(new Uint8Array(65_535), to, { segmentSize: 1400 });
  assertEquals((await hear(peer, 47)).at(-1), "1135 \0");
});

Deno.test("GSO fallback: a path that rejected is cached, other paths are not affected", async () => {
  await using lab = await UdpLab.open();
  // One route has a smaller MTU than the link.
  await lab.server.ip(`route add ${CLIENT.four} dev wire mtu 1300`);
  const socket = lab.bind();
  const narrow = lab.bind({ receiveBuffer: 4 << 20 }, "client");
  const wide = lab.bind({ receiveBuffer: 4 << 20 }, "client");
  const messages = (address: string, { address: { port } }: UdpSocket) =>
    Array.from(
      { length: 10 },
      (): Message => ({
        data: new Uint8Array(1400),
        to: { address, port },
      }),
    );
  using faults = new Faults();
  /** How many calls it takes to send ten datagrams. */
  const calls = async (list: Message[], to: UdpSocket) => {
    faults.arm();
    const { sent } = await socket.sendMany(list);
    assertEquals(sent, 10);
    const count = faults.trace.filter((call) => call === "sendmmsg").length;
    assertEquals((await hear(to, 10)).length, 10);
    return count;
  };
  const first = await calls(messages(CLIENT.four, narrow), narrow);
  assertEquals(first, 11, "one refused, then one by one");
  assertEquals(await calls(messages(CLIENT.four, narrow), narrow), 1);
  assertEquals(await calls(messages(CLIENT.six, wide), wide), 1);
  // What is small enough is combined as ever.
  const batch = new SendBatch(10, 8000);
  const received = new ReceiveBatch({ size: 1 });
  await narrow.send("q", { address: FOUR[0], port: socket.address.port });
  await socket.receiveMany(received, { timeout: 5000 });
  for (let n = 0; n < 10; n++) {
    batch.reply(received, 0, { data: new Uint8Array(700) });
  }
  assertEquals(batch.queue.messages, 1);
  assertEquals((await socket.sendMany(batch)).sent, 10);
  assertEquals((await hear(narrow, 10)).length, 10);
});

Deno.test("GSO fallback: gso: false sends each datagram by itself", async () => {
  await using lab = await UdpLab.open();
  const namespace = lab.server.name;
  await using socket = UdpSocket.bind({ namespace, gso: false });
  // The C peer reports which datagrams arrived combined (UDP_GRO).
  const { port, heard } = await lab.hear(["-n", "7", "-g", "0", "::", "0"]);
  const to = { address: CLIENT.six, port };
  await socket.sendMany(["one", "two", "six"].map((data) => ({ data, to })));
  await socket.send(pattern(700, 200), to, { segmentSize: 200 });
  const lines: string[] = [];
  for (let n = 0; n < 7; n++) lines.push(await heard());
  assertEquals(
    lines.map((line) => line.split(" ").slice(5, 7).join(" ")),
    ["3 0", "3 0", "3 0", "200 0", "200 0", "200 0", "100 0"],
  );
});

/** Makes a path that cannot segment; undefined where the kernel can. */
interface Obstacle {
  readonly name: string;
  readonly apply: (server: Netns, client: Netns) => Promise<boolean>;
}

const OBSTACLES: Obstacle[] = [
  {
    name: "a device without checksum offload",
    apply: async (server) =>
      (await server.output("ethtool", ["-K", "wire", "tx", "off"])).code === 0,
  },
  {
    name: "an IPsec policy",
    // Transport mode with null encryption, both directions.
    apply: async (server, client) => {
      const key = "0x0123456789abcdef0123456789abcdef01234567";
      const pairs: [string, string][] = [
        [FOUR[0], CLIENT.four],
        [CLIENT.four, FOUR[0]],
      ];
      for (const host of [server, client]) {
        for (const [n, [src, dst]] of pairs.entries()) {
          const own = host === server ? n === 0 : n === 1;
          const state = `xfrm state add src ${src} dst ${dst} proto ah spi ${
            100 + n
          } mode transport auth hmac(sha1) ${key}`;
          const policy = `xfrm policy add src ${src} dst ${dst} dir ${
            own ? "out" : "in"
          } tmpl src ${src} dst ${dst} proto ah mode transport`;
          for (const command of [state, policy]) {
            const words = ["-n", host.name, ...command.split(" ")];
            if ((await output("ip", words)).code !== 0) return false;
          }
        }
      }
      return true;
    },
  },
];

for (const { name, apply } of OBSTACLES) {
  const usable = await (async () => {
    await using lab = await Lab.open("server", "client");
    await lab.veth("server", "wire", "client", "wire");
    return await apply(lab.server, lab.client);
  })();
  Deno.test({
    name: `GSO fallback: ${name}${usable ? "" : " (not on this kernel)"}`,
    ignore: !usable,
    async fn() {
      await using lab = await UdpLab.open();
      assert(await apply(lab.server, lab.client));
      const server = lab.bind({ gro: true });
      const peer = lab.bind({
        address: CLIENT.four,
        receiveBuffer: 4 << 20,
      }, "client");
      const { port } = server.address;
      const to = { address: CLIENT.four, port: peer.address.port };
      const options = { source: FOUR[0], segmentSize: 500 };
      for (let round = 0; round < 2; round++) {
        await server.send(pattern(1800, 500), to, options);
        const expected = ["500 A", "500 B", "500 C", "300 D"];
        assertEquals(await hear(peer, 4), expected);
      }
      // Replies to datagrams that the kernel combined, or not.
      const received = new ReceiveBatch();
      const replies = new SendBatch();
      const sixteen = Array.from({ length: 16 }, (): Message => ({
        data: new Uint8Array(500),
        to: { address: FOUR[0], port },
      }));
      await peer.sendMany(sixteen);
      let heard = 0;
      while (heard < 16) {
        await server.receiveMany(received, { timeout: 5000 });
        for (let slot = 0; slot < received.count; slot++) {
          replies.reply(received, slot);
          const size = received.segmentSize(slot) || received.length(slot);
          heard += received.length(slot) / size;
        }
        assertEquals((await server.sendMany(replies)).failures, []);
      }
      assertEquals((await hear(peer, 16)).length, 16);
    },
  });
}
