// The servers of examples/, README.md and docs/getting-started.md under attack:
// nothing that a peer sends and nothing that the kernel refuses ends them, and
// each kind of refusal is reported once.

import { assert, assertEquals } from "@std/assert";
import { blocks } from "../docs/blocks.ts";
import {
  type RunningScript,
  RunningScript as Script,
} from "../support/command.ts";
import { Lab } from "../support/netns.ts";
import { random } from "../support/random.ts";
import { sendRaw } from "../support/raw_udp.ts";
import { SLOWNESS } from "../support/timing.ts";
import { example } from "./example.ts";

const SERVER = { four: "192.0.2.1", six: "2001:db8::1" };
const CLIENT = { four: "192.0.2.9", six: "2001:db8::9" };
/** An address of the client's that the server has no route to. */
const UNROUTED = "198.51.100.9";

async function openLab() {
  const lab = await Lab.open("server", "client");
  try {
    await lab.veth("server", "eth0", "client", "eth0");
    await lab.server.batch(`
      address add ${SERVER.four}/24 dev eth0
      address add ${SERVER.six}/64 dev eth0 nodad
    `);
    await lab.client.batch(`
      address add ${CLIENT.four}/24 dev eth0
      address add ${CLIENT.six}/64 dev eth0 nodad
      address add ${UNROUTED}/32 dev lo
    `);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

type AttackLab = Awaited<ReturnType<typeof openLab>>;

/** Payloads of all lengths, and a valid one of the protocol, changed. */
function payloads(valid: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const next = random(42);
  const made = [0, 1, 11, 12, 13, 240, 1400].map((length) =>
    Uint8Array.from({ length }, () => next(256))
  );
  for (let n = 0; n < 30; n++) {
    const changed = valid.slice(0, 1 + next(valid.length));
    for (let byte = 0; byte < 3; byte++) {
      changed[next(changed.length)] = next(256);
    }
    made.push(changed);
  }
  return [...made, valid];
}

/** Sends all of it from port 0, from an unroutable address, from a good one. */
async function attack(
  lab: AttackLab,
  port: number,
  valid: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const all = payloads(valid);
  const from = (source: string, from: number, to: string) =>
    sendRaw(lab.client, { source, port: from, to, toPort: port }, all);
  await from(CLIENT.four, 0, SERVER.four);
  await from(CLIENT.six, 0, SERVER.six);
  await from(UNROUTED, 5000, SERVER.four);
  await from(CLIENT.four, 5000, SERVER.four);
  await from(CLIENT.six, 5000, SERVER.six);
  // The queried address is deleted during queries, and added again.
  const requesting = sendRaw(
    lab.client,
    { source: CLIENT.four, port: 5000, to: SERVER.four, toPort: port },
    [valid],
    3000,
  );
  for (let n = 0; n < 10; n++) {
    await lab.server.ip(`address del ${SERVER.four}/24 dev eth0`);
    await lab.server.ip(`address add ${SERVER.four}/24 dev eth0`);
  }
  await requesting;
  await refuseReplies(lab, port, () => from(CLIENT.four, 5000, SERVER.four));
}

/**
 * Sends queries while a firewall drops the replies, for which sendmsg(2) fails
 * with EPERM. Kernels without nftables are left out.
 */
async function refuseReplies(
  lab: AttackLab,
  port: number,
  send: () => Promise<unknown>,
): Promise<void> {
  const { server } = lab;
  const rules = `table ip refuse { chain output {
    type filter hook output priority 0; udp sport ${port} counter drop
  } }`;
  const { code } = await server.output("nft", [rules]);
  if (code !== 0) return;
  await send();
  // A server that does not reply to these queries has nothing to be refused.
  for (let look = 0; look < 20; look++) {
    const table = await server.run("nft", ["list", "table", "ip", "refuse"]);
    if (!table.includes("packets 0 ")) break;
  }
  await server.run("nft", ["delete", "table", "ip", "refuse"]);
}

/** Reads what a server prints: a full pipe would hold it up. */
async function drain(server: RunningScript): Promise<void> {
  try {
    for (;;) await server.line();
  } catch { /* it ended */ }
}

/** Ends a server that lived on; gives what it reported. */
async function reports(server: RunningScript): Promise<string[]> {
  const { code, stderr } = await server.stop();
  assert(code === 0 || code === 130, `exit ${code}: ${stderr}`);
  return stderr.split("\n").filter((line) => line !== "");
}

function assertOncePerKind(lines: readonly string[]): void {
  const codes = lines.map((line) => /: (E[A-Z]+),/.exec(line)?.[1]);
  assert(lines.length > 0, "nothing was reported");
  assertEquals(codes.length, new Set(codes).size, lines.join("\n"));
}

const TEXT = new TextEncoder().encode("hello");

/** The block of a page that starts a server, as a program. */
async function published(
  page: string,
): Promise<{ script: string; port: string }> {
  const url = new URL(`../../${page}`, import.meta.url);
  const block = blocks(await Deno.readTextFile(url)).find(({ text }) =>
    text.includes("UdpSocket.bind({ port") && text.includes(".reply(")
  );
  assert(block, page);
  const [, port] = /port: (\d+)/.exec(block.text) ?? [];
  assert(port, page);
  const module = import.meta.resolve("../../lib/udp/mod.ts");
  const program = block.text.replace(
    '"@netplumb/netplumb/udp"',
    `"${module}"`,
  );
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(script, program);
  return { script, port };
}

for (
  const [page, reply] of [
    ["README.md", "pong"],
    ["docs/getting-started.md", "hello"],
  ] as const
) {
  Deno.test(`attacked: the server of ${page} lives on`, async () => {
    await using lab = await openLab();
    const { script, port } = await published(page);
    try {
      await using server = new Script({ script, netns: lab.server });
      const ask = async () => {
        const args = ["-u", "-w", "5", "-W", "1", SERVER.four, port];
        const options = { stdin: "hello" };
        return (await lab.client.output("nc", args, options)).stdout;
      };
      drain(server);
      // It answers once it is bound.
      while (await ask() !== reply);
      await attack(lab, Number(port), TEXT);
      assertEquals(await ask(), reply);
      assertOncePerKind(await reports(server));
    } finally {
      await Deno.remove(script);
    }
  });
}

Deno.test("attacked: echo_workers lives on", async () => {
  await using lab = await openLab();
  await using server = example("echo_workers", lab.server, "--workers=1");
  assertEquals(await server.line(), "port 8888");
  drain(server);
  await attack(lab, 8888, TEXT);
  const { stdout } = await lab.client.output(
    "nc",
    ["-u", "-w", "5", "-W", "1", SERVER.six, "8888"],
    { stdin: "hello" },
  );
  assertEquals(stdout, "hello");
  assertOncePerKind(await reports(server));
});

/** A DNS query for www.example, A. */
const QUERY = Uint8Array.from([
  ...[0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...[3, 0x77, 0x77, 0x77, 7, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0],
  ...[0, 1, 0, 1],
]);

Deno.test("attacked: dns_responder lives on", async () => {
  await using lab = await openLab();
  await using server = example(
    "dns_responder",
    lab.server,
    "--port=5353",
    "www.example=198.51.100.80",
  );
  assertEquals(await server.line(), "answering for 1 names on port 5353");
  drain(server);
  await attack(lab, 5353, QUERY);
  const ask = `
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(sys.stdin.buffer.read(), ("${SERVER.six}", 5353))
print(s.recv(512)[-4:].hex())`;
  const stdin = String.fromCharCode(...QUERY);
  const output = await lab.client.run("python3", ["-c", ask], { stdin });
  assertEquals(output.trim(), "c6336450");
  assertOncePerKind(await reports(server));
});

/** A DHCPDISCOVER. */
function discover(): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(300);
  message.set([1, 1, 6, 0, 1, 2, 3, 4]);
  message.set([2, 0, 0, 0, 0, 1], 28);
  message.set([0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255], 236);
  return message;
}

Deno.test("attacked: dhcp_responder lives on while its address comes and goes", async () => {
  await using lab = await openLab();
  await using server = example(
    "dhcp_responder",
    lab.server,
    "--interface=eth0",
    `--server=${SERVER.four}`,
    "--first=192.0.2.100",
  );
  assertEquals(await server.line(), "giving addresses on eth0");
  drain(server);
  await attack(lab, 67, discover());
  await lab.server.ip(`address del ${SERVER.four}/24 dev eth0`);
  // It listens on its interface, with any address.
  const ask = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.bind(("", 68))
s.sendto(bytes.fromhex(sys.stdin.read()), ("255.255.255.255", 67))`;
  const stdin = discover().toHex();
  await lab.client.run("python3", ["-c", ask], { stdin });
  await lab.server.ip(`address add ${SERVER.four}/24 dev eth0`);
  const { code, stderr } = await lab.client.output("udhcpc", [
    ...[
      "-f",
      "-n",
      "-q",
      "-i",
      "eth0",
      "-s",
      "/bin/true",
      "-t",
      "3",
      "-T",
      "1",
    ],
  ]);
  assertEquals(code, 0, stderr);
  assertOncePerKind(await reports(server));
});

Deno.test("attacked: mdns_listener lives on, and a name made to take long does not hold it up", async () => {
  await using lab = await openLab();
  await using listener = example(
    "mdns_listener",
    lab.server,
    "--interface=eth0",
  );
  await listener.line();
  await attack(lab, 5353, QUERY);
  // 5,000 requests, each with a pointer to the same name of 10,000 labels: fifty
  // million labels a datagram.
  const labels = 10_000;
  const questions = 5000;
  const after = 12 + 2 * labels + 1 + 4;
  const chain = new Uint8Array(after + 6 * questions);
  new DataView(chain.buffer).setUint16(4, 1 + questions);
  for (let n = 0; n < labels; n++) chain.set([1, 0x61], 12 + 2 * n);
  for (let n = 0; n < questions; n++) {
    chain.set([0xc0, 12, 0, 1, 0, 1], after + 6 * n);
  }
  const to = {
    source: CLIENT.four,
    port: 5353,
    to: SERVER.four,
    toPort: 5353,
  };
  await sendRaw(lab.client, to, [chain], 5);
  // "last", A, IN; again and again, for the receive buffer may be full.
  const query = Uint8Array.from([
    ...QUERY.subarray(0, 12),
    ...[4, 0x6c, 0x61, 0x73, 0x74, 0, 0, 1, 0, 1],
  ]);
  const wanted = `queries ${SERVER.four} A "last"`;
  const seen = (async () => {
    while (!(await listener.line()).endsWith(wanted));
    return true;
  })();
  const end = performance.now() + 10_000 * SLOWNESS;
  for (let found = false; !found;) {
    assert(performance.now() < end, "it does not get to the next query");
    await sendRaw(lab.client, to, [query]);
    const pause = Promise.withResolvers<false>();
    const timer = setTimeout(() => pause.resolve(false), 100);
    found = await Promise.race([seen, pause.promise]);
    clearTimeout(timer);
  }
  const { code } = await listener.stop();
  assertEquals(code, 0);
});

Deno.test("attacked: udp_tunnel lives on, and follows no sender of port 0", async () => {
  await using lab = await openLab();
  const start = (role: "server" | "client", ...args: string[]) =>
    example("udp_tunnel", lab[role], "--name=tun0", ...args);
  await using there = start("server", "--port=5555", "--mtu=9000");
  const ready = await there.line();
  assert(ready.includes("port 5555"), ready);
  await using here = start(
    "client",
    `--peer=${SERVER.four}:5555`,
    "--mtu=9000",
  );
  await here.line();
  await lab.server.ip("address add 10.8.0.1/24 dev tun0");
  await lab.client.ip("address add 10.8.0.2/24 dev tun0");
  // Packets of the length of the MTU, in both directions. Each end loses one and
  // learns the MTU of the path by it.
  const ping = async () => {
    const args = ["-c", "6", "-W", "5", "-i", "0.2", "-s", "8900", "10.8.0.1"];
    return (await lab.client.output("ping", args)).code;
  };
  assertEquals(await ping(), 0);
  await attack(lab, 5555, TEXT);
  const last = { source: CLIENT.four, port: 0, to: SERVER.four, toPort: 5555 };
  assertEquals(await ping(), 0);
  await sendRaw(lab.client, last, [TEXT]);
  assertEquals(await ping(), 0);
  for (const tunnel of [here, there]) {
    const { code, stderr } = await tunnel.stop();
    assertEquals(code, 0, stderr);
  }
});
