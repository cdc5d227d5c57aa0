// ping and a TCP transfer through the tunnel, between hosts that know each
// other only by a secondary address.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RunningScript } from "../support/command.ts";
import { buildUdp } from "../../lib/packet/build.ts";
import { decodePacket } from "../../lib/packet/decode.ts";
import { packetJson } from "../../lib/packet/json.ts";
import { tooBig } from "../../examples/udp_tunnel/too_big.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";
import { example } from "./example.ts";

const SERVE = `
import hashlib, socket
s = socket.create_server(("10.8.0.1", 9000))
print("listening", flush=True)
c, _ = s.accept()
h = hashlib.sha256()
while data := c.recv(1 << 16): h.update(data)
print(h.hexdigest(), flush=True)
`;
const SEND = `
import hashlib, os, socket
c = socket.create_connection(("10.8.0.1", 9000))
h = hashlib.sha256()
for _ in range(200):
    data = os.urandom(1 << 16)
    h.update(data); c.sendall(data)
c.close()
print(h.hexdigest())
`;

for (const offload of [false, true]) {
  Deno.test(`udp_tunnel carries ping and TCP (offload: ${offload})`, async () => {
    await using lab = await Lab.open("here", "there");
    await lab.veth("here", "eth0", "there", "eth0");
    // The routes would select 192.0.2.1 as the source, the requests go to .3.
    for (const address of ["192.0.2.1", "192.0.2.3"]) {
      await lab.here.ip(`address add ${address}/24 dev eth0`);
    }
    await lab.there.ip("address add 192.0.2.9/24 dev eth0");
    const flags = offload ? ["--offload"] : [];
    await using here = example("udp_tunnel", lab.here, "--port=5555", ...flags);
    assertEquals(await here.line(), "tun0 over port 5555");
    await using there = example(
      "udp_tunnel",
      lab.there,
      "--peer=192.0.2.3:5555",
      ...flags,
    );
    assertMatch(await there.line(), /^tun0 over port \d+$/);
    await lab.here.ip("address add 10.8.0.1/24 dev tun0");
    await lab.there.ip("address add 10.8.0.2/24 dev tun0");

    // deno-fmt-ignore
    const ping = ["-c", "3", "-i", "0.05", "-W", "5", "10.8.0.1"];
    await lab.there.run("ping", ping);

    await using server = new RunningProgram(
      { netns: lab.here },
      "python3",
      "-c",
      SERVE,
    );
    assertEquals(await server.line(), "listening");
    const sent = await lab.there.run("python3", ["-c", SEND]);
    assertEquals(await server.line(), sent.trim());

    for (const side of [there, here]) {
      const { code, stderr } = await side.stop();
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
    }
  });
}

/** Both ends of a tunnel, whose device has an address at each. */
async function tunnel(
  lab: { readonly here: Netns; readonly there: Netns },
  ...flags: string[]
): Promise<[RunningScript, RunningScript]> {
  const started: RunningScript[] = [];
  try {
    for (const way of ["--port=5555", "--peer=192.0.2.1:5555"]) {
      const netns = started.length === 0 ? lab.here : lab.there;
      const end = example("udp_tunnel", netns, way, ...flags);
      started.push(end);
      assertMatch(await end.line(), /^tun0 over ports? /);
      await netns.ip(`address add 10.8.0.${started.length}/24 dev tun0`);
    }
    const [here, there] = started;
    return [here, there];
  } catch (error) {
    for (const end of started) await end[Symbol.asyncDispose]();
    throw error;
  }
}

/** Namespaces joined by a cable of an MTU, or by a router to a smaller one. */
async function hosts(mtu: number, narrow?: number) {
  const lab = await Lab.open("here", "router", "there");
  try {
    const { here, router, there } = lab;
    if (narrow === undefined) {
      await lab.veth("here", "eth0", "there", "eth0");
      for (const netns of [here, there]) {
        await netns.ip(`link set eth0 mtu ${mtu}`);
      }
      await here.ip("address add 192.0.2.1/24 dev eth0");
      await there.ip("address add 192.0.2.9/24 dev eth0");
      return lab;
    }
    await lab.veth("here", "eth0", "router", "left");
    await lab.veth("there", "eth0", "router", "right");
    await router.sysctl("net.ipv4.ip_forward", 1);
    await router.batch(`
      address add 192.0.2.254/24 dev left
      address add 198.51.100.254/24 dev right
      link set right mtu ${narrow}
    `);
    await here.batch(`
      address add 192.0.2.1/24 dev eth0
      route add default via 192.0.2.254
    `);
    await there.batch(`
      address add 198.51.100.9/24 dev eth0
      link set eth0 mtu ${narrow}
      route add default via 198.51.100.254
    `);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** Sends TCP streams one beside the other, each with a checksum of its own. */
async function transfer(
  from: Netns,
  to: Netns,
  address: string,
  streams = 1,
): Promise<void> {
  const serve = SERVE.replace("10.8.0.1", address).replace(
    /c, _ = [^]*/,
    `import threading
def one(c):
    h = hashlib.sha256()
    while data := c.recv(1 << 16): h.update(data)
    c.sendall(h.hexdigest().encode()); c.close()
while True:
    c, _ = s.accept()
    threading.Thread(target=one, args=[c], daemon=True).start()
`,
  );
  await using server = new RunningProgram(
    { netns: to },
    "python3",
    "-c",
    serve,
  );
  assertEquals(await server.line(), "listening");
  const printed = await from.run("python3", [
    "-c",
    `import hashlib, os, socket, threading
def one():
    c = socket.create_connection(("${address}", 9000), timeout=30)
    h = hashlib.sha256()
    for _ in range(60):
        data = os.urandom(1 << 16)
        h.update(data); c.sendall(data)
    c.shutdown(socket.SHUT_WR)
    got = b""
    while data := c.recv(100): got += data
    # In one write: print() writes the end of the line by itself.
    os.write(1, b"equal\\n" if got.decode() == h.hexdigest() else b"different\\n")
threads = [threading.Thread(target=one) for _ in range(${streams})]
for one in threads: one.start()
for one in threads: one.join()`,
  ]);
  assertEquals(printed.trim().split("\n"), Array(streams).fill("equal"));
}

for (const flags of [["--mtu=9000"], ["--mtu=65535", "--offload"]]) {
  Deno.test(`udp_tunnel carries packets of any size: ${flags.join(" ")}`, async () => {
    await using lab = await hosts(65_535);
    const [here, there] = await tunnel(lab, ...flags);
    await using _here = here;
    await using _there = there;
    await transfer(lab.there, lab.here, "10.8.0.1");
    await transfer(lab.here, lab.there, "10.8.0.2");
  });
}

for (const offload of [false, true]) {
  Deno.test(`udp_tunnel spreads flows over workers (offload: ${offload})`, async () => {
    await using lab = await hosts(1500);
    const flags = ["--queues=4", ...offload ? ["--offload"] : []];
    const [here, there] = await tunnel(lab, ...flags);
    await using _here = here;
    await using _there = there;
    await using capture = new RunningProgram(
      { netns: lab.here },
      ...["tcpdump", "-i", "eth0", "-nn", "-l", "udp", "and", "greater", "500"],
    );
    const ports = new Set<string>();
    const counting = (async () => {
      // Flows of both ends are on the same lane: the spread is by hash.
      while (ports.size < 2) {
        const line = await capture.line();
        ports.add(/> 192\.0\.2\.1\.(555\d):/.exec(line)?.[1] ?? [...ports][0]);
        ports.delete(undefined!);
      }
    })();
    await transfer(lab.there, lab.here, "10.8.0.1", 8);
    await counting;
    for (const end of [there, here]) {
      const { code, stderr } = await end.stop();
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
    }
  });
}

Deno.test("udp_tunnel --key encrypts, and takes no packet of another key", async () => {
  await using lab = await hosts(1500);
  const directory = await Deno.makeTempDir({ prefix: "netplumb-" });
  try {
    const key = `${directory}/key`;
    const random = crypto.getRandomValues(new Uint8Array(32));
    await Deno.writeTextFile(key, random.toHex());
    const [here, there] = await tunnel(lab, `--key=${key}`, "--offload");
    await using _here = here;
    await using _there = there;
    await using capture = new RunningProgram(
      { netns: lab.here },
      ...["tcpdump", "-i", "eth0", "-nn", "-x", "-U", "-c", "6", "udp"],
    );
    const ping = ["-c", "3", "-i", "0.1", "-W", "5", "-p", "abcdef"];
    await lab.there.run("ping", [...ping, "10.8.0.1"]);
    const { stdout } = await capture.end();
    assert(!stdout.replaceAll(/\s/g, "").includes("abcdefabcdef"));
    await transfer(lab.there, lab.here, "10.8.0.1");

    await there.stop();
    await Deno.writeTextFile(key, random.fill(1).toHex());
    await using otherSender = example(
      "udp_tunnel",
      lab.there,
      "--peer=192.0.2.1:5555",
      `--key=${key}`,
    );
    await otherSender.line();
    await lab.there.ip("address add 10.8.0.2/24 dev tun0");
    const { code } = await lab.there.output("ping", [
      ...["-c", "1", "-W", "1", "10.8.0.1"],
    ]);
    assertEquals(code, 1);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

// IPv4 and UDP have 28 bytes; below 1280 the device stays at 1280 for IPv6.
for (
  const { narrow, device, reported } of [
    { narrow: 1320, device: 1292, reported: 1292 },
    { narrow: 1300, device: 1280, reported: 1272 },
  ]
) {
  Deno.test(`udp_tunnel follows a path MTU of ${narrow} and reports it to senders`, async () => {
    await using lab = await hosts(1500, narrow);
    const [here, there] = await tunnel(lab, "--mtu=1450", "--offload");
    await using _here = here;
    await using _there = there;
    await lab.there.run("ping", ["-c", "1", "-W", "5", "10.8.0.1"]);
    await transfer(lab.here, lab.there, "10.8.0.2");
    const [{ mtu }] = await lab.here.json<{ mtu: number }>("link show tun0");
    assertEquals(mtu, device);
    // The kernel refuses what is longer than the device takes, the tunnel what
    // is longer than the path carries.
    const size = device - 28;
    const { stdout, stderr } = await lab.here.output("ping", [
      ...["-c", "1", "-W", "1", "-M", "do", "10.8.0.2"],
      ...["-s", String(reported === device ? size + 1 : size)],
    ]);
    assertMatch(stdout + stderr, new RegExp(`mtu ?= ?${reported}`));
  });
}

Deno.test("udp_tunnel answers packets that are too big, and no ICMP errors", () => {
  const udp = {
    sourcePort: 1,
    destinationPort: 2,
    payload: new Uint8Array(1400),
  };
  const six = { source: "fd00::1", destination: "fd00::2" };
  const reply = tooBig(buildUdp(six, udp), 1300);
  const { icmp, source, destination } = packetJson(decodePacket(reply!)) as {
    icmp: { type: number; mtu?: number };
    source: string;
    destination: string;
  };
  assertEquals([icmp.type, source, destination], [2, "fd00::2", "fd00::1"]);
  // Type 2, code 0, checksum, then the MTU in 32 bits.
  assertEquals(reply!.subarray(44, 48), new Uint8Array([0, 0, 5, 20]));
  assertEquals(tooBig(reply!, 1300), undefined);

  const four = { source: "10.0.0.1", destination: "10.0.0.2" };
  assertEquals(tooBig(buildUdp(four, udp), 1300), undefined);
  const refused = tooBig(buildUdp({ ...four, dontFragment: true }, udp), 1300)!;
  assertEquals([refused[20], refused[21], refused[26], refused[27]], [
    ...[3, 4],
    ...[5, 20],
  ]);
  assertEquals(tooBig(refused.with(6, 0x40), 1300), undefined);
});
