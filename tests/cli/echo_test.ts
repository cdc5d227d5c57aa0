// netplumb echo and netplumb send as a user runs them, on a server with one
// primary and three secondary addresses, queried by nc and by netplumb itself.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoRun, netplumb, Running } from "../support/command.ts";
import { Lab } from "../support/netns.ts";

const FOUR = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
const SIX = "2001:db8::1";

async function lab() {
  const lab = await Lab.open("server", "client");
  try {
    await lab.veth("server", "eth0", "client", "eth0");
    await lab.server.batch(`
      ${FOUR.map((it) => `address add ${it}/24 dev eth0`).join("\n")}
      address add ${SIX}/64 dev eth0
    `);
    await lab.client.batch(`
      address add 192.0.2.100/24 dev eth0
      address add 2001:db8::100/64 dev eth0
    `);
    const [eth0] = await lab.server.json<{
      addr_info: Array<{ local: string; scope: string; family: string }>;
    }>("address show dev eth0");
    const local = eth0.addr_info
      .find((it) => it.family === "inet6" && it.scope === "link")!.local;
    return Object.assign(lab, { linkLocal: `${local}%eth0` });
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

Deno.test("echo replies to nc from the destination address, and reports it", async () => {
  await using net = await lab();
  await using echo = new Running(
    net.server,
    "echo",
    "--port",
    "7777",
    "--json",
  );
  assertEquals(await echo.object(), {
    event: "listening",
    address: "::",
    port: 7777,
  });
  for (const queried of [...FOUR, SIX, net.linkLocal]) {
    // nc drops replies from other addresses than the destination.
    const answer = await net.client.run(
      "nc",
      ["-u", "-W", "1", "-w", "5", queried, "7777"],
      { stdin: "hello" },
    );
    assertEquals(answer, "hello", queried);
    const event = await echo.object();
    const plain = queried.replace("%eth0", "");
    assertEquals(event.local.address, plain);
    assertEquals(event.local.ifname, "eth0");
    assertEquals(event.reply.source, plain);
    assertEquals(
      event.reply.control,
      FOUR.includes(queried) ? "in_pktinfo" : "in6_pktinfo",
    );
  }
  const { code, stdout } = await echo.stop();
  assertEquals(code, 0);
  const summary = JSON.parse(stdout);
  assertEquals([summary.event, summary.datagrams, summary.replies], [
    "summary",
    6,
    6,
  ]);
});

Deno.test("send receives every reply from the destination address: IPv4, IPv6, mapped", async () => {
  await using net = await lab();
  await using echo = new Running(
    net.server,
    "echo",
    "--port",
    "7777",
    "--json",
  );
  await echo.line();
  const targets = [
    ...FOUR,
    ...FOUR.map((it) => `::ffff:${it}`),
    SIX,
    net.linkLocal,
  ];
  for (const target of targets) {
    const { code, stdout } = await netplumb(
      net.client,
      "send",
      target,
      "7777",
      "hi",
      "--json",
    );
    const [answer] = stdout.split("\n").map((line) => line && JSON.parse(line));
    assertEquals([code, answer.expected, answer.text], [0, true, "hi"], target);
  }
});

Deno.test("send exits 1 when the answer comes from another address", async () => {
  await using net = await lab();
  // The plain server of the report: no packet info, so the routes choose.
  await using server = new Running(
    net.server,
    "echo",
    "--port",
    "7777",
    "--json",
  );
  await server.line();
  await net.client.run("true", []);
  await net.server.batch(`
    address del 192.0.2.4/24 dev eth0
    address add 192.0.2.4/32 dev lo
  `);
  const wrong = net.server.spawn("python3", ["-c", PLAIN_SERVER], {
    stdout: "piped",
    stderr: "inherit",
  });
  try {
    const reader = wrong.stdout.getReader();
    await reader.read();
    const queried = await netplumb(net.client, "send", "192.0.2.3", "7000");
    assertEquals(queried.code, 1);
    assertStringIncludes(
      queried.stderr,
      "sent to 192.0.2.3:7000, reply from 192.0.2.1:7000",
    );
    const right = await netplumb(net.client, "send", "192.0.2.1", "7000");
    assertEquals(right.code, 0);
    await reader.cancel();
  } finally {
    wrong.kill("SIGKILL");
    await wrong.status;
  }
});

const PLAIN_SERVER = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 7000))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(2048)
    s.sendto(data, peer)
`;

Deno.test("echo keeps silent towards answering services and its own port", async () => {
  await using net = await lab();
  await using echo = new Running(
    net.server,
    "echo",
    "--port",
    "7777",
    "--json",
  );
  await echo.line();
  for (const port of [7, 13, 17, 19, 37, 53, 123, 7777]) {
    const { stdout } = await net.client.output(
      "nc",
      ["-u", "-p", String(port), "-q", "0", "192.0.2.2", "7777"],
      { stdin: "loop?" },
    );
    assertEquals(stdout, "");
    const event = await echo.object();
    assertEquals(event.peer.port, port);
    assertEquals(event.refused, port === 7777 ? "own-port" : "answering-port");
    assert(!("reply" in event));
  }
  const { stderr, stdout } = await echo.stop();
  const { replies, refused } = JSON.parse(stdout);
  assertEquals([replies, refused], [0, 8]);
  assertEquals(stderr.match(/not replying/g)?.length, 2, "each reason once");
});

Deno.test("echo sends a fixed text, stops after --count, leaves the port free", async () => {
  await using net = await lab();
  for (let round = 0; round < 2; round++) {
    await using echo = new Running(
      net.server,
      "echo",
      ...["--port", "7777", "--reply", "fixed", "--count", "2", "--json"],
    );
    await echo.line();
    for (const target of ["192.0.2.3", SIX]) {
      const { stdout } = await netplumb(net.client, "send", target, "7777");
      assertStringIncludes(stdout, ": fixed");
    }
    assertEquals((await echo.end()).code, 0);
  }
});

Deno.test("echo shares the port among workers and answers each peer once", async () => {
  await using net = await lab();
  await using echo = new Running(
    net.server,
    "echo",
    ...["--port", "7777", "--workers", "3", "--json", "--quiet"],
  );
  await echo.line();
  for (let index = 0; index < 12; index++) {
    const { code } = await netplumb(net.client, "send", "192.0.2.2", "7777");
    assertEquals(code, 0);
  }
  const { code, stdout } = await echo.stop("SIGTERM");
  assertEquals(code, 0);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.at(-1).datagrams, 12);
});

Deno.test("a failed bind is one sentence with the right exit code", async () => {
  await using net = await lab();
  const refused: Array<[string[], number, string]> = [
    [["--port", "70000"], 2, "whole number from 0 to 65535"],
    [["--bind", "1.2.3"], 2, "not an address"],
    [["--family", "5"], 2, "family"],
    [["--family", "6", "--bind", "192.0.2.1"], 2, "IPv6 address"],
    [["--bind", "198.51.100.1"], 1, "EADDRNOTAVAIL"],
    [["--nonsense"], 2, "nonsense"],
  ];
  for (const [args, code, words] of refused) {
    const result = await netplumb(net.server, "echo", ...args);
    assertEquals([result.code, result.stdout], [code, ""], args.join(" "));
    assertStringIncludes(result.stderr, words);
    assert(!result.stderr.includes("    at "), "no stack trace");
  }
  await using first = new Running(net.server, "echo", "--port", "7777");
  await first.line();
  const second = await netplumb(net.server, "echo", "--port", "7777");
  assertEquals(second.code, 1);
  assertStringIncludes(second.stderr, "EADDRINUSE");
});

Deno.test("without capabilities echo works, and what needs one names it", async () => {
  await using net = await lab();
  const bare = (...args: string[]) =>
    net.server.output("setpriv", [
      ...["--bounding-set=-all", "--inh-caps=-all"],
      ...[Deno.execPath(), ...denoRun(), ...args],
    ]);
  const high = await bare("echo", "--port", "7777", "--duration", "10ms");
  assertEquals([high.code, high.stdout], [0, "listening on [::]:7777\n"]);
  const low = await bare("echo", "--port", "99");
  assertEquals(low.code, 77);
  assertStringIncludes(low.stderr, "CAP_NET_BIND_SERVICE");
});
