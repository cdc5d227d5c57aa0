// Interfaces, aliases, namespaces and words of the command line that hold what a
// terminal obeys: no command shows any of it as it is, on stdout or on stderr.

import { assert, assertEquals } from "@std/assert";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { netplumb, Running } from "../support/command.ts";
import "../support/descriptors.ts";
import { Lab, type Output } from "../support/netns.ts";

/** A name for an interface: title, colour, C1, deletion. */
const NAME = "\x1b]0;x\x07\x7f\u009b";
const ALIAS = "a\x1b[2J\u202eb\u0007\n\r\x9b";
const WORD = "\x1b[31m\u202e\x07";

// deno-lint-ignore no-control-regex -- what none of them may say
const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e]/;

function assertSafe(what: string, { stdout, stderr }: Output): void {
  for (const text of [stdout, stderr]) {
    assert(!UNSAFE.test(text), `${what}: ${JSON.stringify(text)}`);
  }
}

async function lab() {
  const lab = await Lab.open("odd");
  try {
    await lab.odd.batch(`
      link add one type veth peer name two
      link add bridge0 type bridge
      link set one master bridge0
      address add 192.0.2.1/24 dev bridge0
      neighbour add 192.0.2.9 lladdr 00:11:22:33:44:55 dev bridge0
      rule add from 198.51.100.0/24 iif two table 7
    `);
    for (const name of ["bridge0", "one"]) {
      await lab.odd.ip(`link set ${name} up`);
      await lab.odd.run("ip", ["link", "set", "dev", name, "alias", ALIAS]);
    }
    await lab.odd.run("ip", ["link", "set", "dev", "bridge0", "name", NAME]);
    await lab.odd.ip("link set two up");
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

Deno.test("hostile names: what is shown has them written out", async () => {
  await using net = await lab();
  const shown = [
    ...["link", "address", "route", "neighbour", "rule", "nexthop"].map((it) =>
      `show ${it} --details`
    ),
    "show link --statistics",
    "show link --json",
    "topology",
    "topology --format svg",
    "topology --format dot",
    "topology --format mermaid",
    "topology --json",
    "monitor --snapshot --duration 100ms",
    "monitor --snapshot --duration 100ms --json",
  ];
  // Two at a time: each is a process of its own.
  const left = [...shown];
  let named = 0;
  const look = async () => {
    for (let it = left.shift(); it !== undefined; it = left.shift()) {
      const said = await netplumb(net.odd, ...it.split(" "));
      assertEquals(said.code, 0, `${it}: ${said.stderr}`);
      assertSafe(it, said);
      // The name is there all the same, unless the object has none.
      if (/\\x1b|\\u001b/.test(said.stdout)) named++;
    }
  };
  await Promise.all([look(), look()]);
  assert(named >= 10, `${named} of ${shown.length} name it`);
});

Deno.test("hostile names: what is refused names them written out", async () => {
  await using net = await lab();
  const refused = [
    [WORD],
    ["show", WORD],
    ["show", "link", `--${WORD}`],
    ["show", "link", "--dev", WORD],
    ["show", "link", "--netns", WORD],
    ["show", "address", "--dev", `${WORD}x`],
    ["link", "set", "none", "--name", WORD],
    ["link", "delete", WORD],
    ["address", "add", WORD, "--dev", "lo"],
    ["address", "add", "192.0.2.7/24", "--dev", `x${WORD}`],
    ["route", "add", WORD],
    ["netns", "delete", WORD],
    ["netns", "exec", WORD, "true"],
    ["send", WORD, "9", "--timeout", "10ms"],
    ["echo", "--bind", WORD],
    ["tun", WORD, "--duration", "10ms"],
    ["tun", "--write", `/nowhere/${WORD}`, "--duration", "10ms"],
    ["scenario", WORD],
    ["completions", WORD],
    ["monitor", WORD],
  ];
  const left = [...refused];
  const look = async () => {
    for (let it = left.shift(); it !== undefined; it = left.shift()) {
      const said = await netplumb(net.odd, ...it);
      assert(said.code !== 0, JSON.stringify(it));
      assert(said.stderr !== "", JSON.stringify(it));
      assertSafe(JSON.stringify(it), said);
    }
  };
  await Promise.all([look(), look()]);
});

Deno.test("hostile names: echo names the interface of a request written out", async () => {
  await using net = await lab();
  await using echo = new Running(net.odd, "echo", "--port", "7777");
  await echo.line();
  await using client = UdpSocket.bind({ namespace: net.odd.name });
  // Out by one port of the bridge's pair and in by the bridge itself.
  await client.send("question", { address: "192.0.2.1", port: 7777 });
  await client.receive({ timeout: 5000 });
  const said = await echo.stop();
  assertSafe("echo", said);
  assert(said.stdout.includes("192.0.2.1"), said.stdout);
});
