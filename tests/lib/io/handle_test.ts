// Objects that are collected before they are closed: their descriptors are closed
// and one warning a class is emitted. /proc/self/fd is the oracle.

import { assert, assertEquals } from "@std/assert";
import { script } from "../../support/script.ts";

const PREAMBLE = `
  import * as netplumb from "lib:../mod.ts";
  const { NetlinkConnection, NetlinkSubscription, StopEvent, TemporaryNamespace, Tun, UdpSocket } = netplumb;
  // Deno opens sockets of its own when it reports a warning.
  const open = (what = /^socket|eventfd|net.tun/) =>
    [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
      try {
        return Deno.readLinkSync("/proc/self/fd/" + name);
      } catch {
        return "";
      }
    }).filter((target) => what.test(target)).length;
  void globalThis.process;
  /** Collects until the number of descriptors is that of before, or for long. */
  const collect = async (goal, what) => {
    const end = performance.now() + 20_000;
    while (open(what) > goal && performance.now() < end) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return open(what);
  };`;

async function run(body: string, under: readonly string[] = []) {
  const result = await script(`${PREAMBLE}\n${body}`, {
    v8: ["--expose-gc"],
    under,
    limit: 60,
  });
  assertEquals(result.code, 0, result.stderr);
  const warnings = result.stderr.split("\n").filter((line) =>
    line.includes("ResourceWarning")
  );
  return { lines: result.stdout.trim().split("\n"), warnings };
}

const OPENERS: Record<string, string> = {
  UdpSocket: "UdpSocket.bind()",
  StopEvent: "StopEvent.create()",
  NetlinkConnection: "NetlinkConnection.open({ protocol: 0 })",
  NetlinkSubscription: "NetlinkSubscription.open({ protocol: 0, groups: [1] })",
};

for (const [name, opener] of Object.entries(OPENERS)) {
  Deno.test(`forgotten: 600 of ${name}`, async () => {
    const { lines, warnings } = await run(`
      const before = open();
      const make = () => { for (let n = 0; n < 600; n++) ${opener}; };
      make();
      console.log(open() - before);
      console.log(await collect(before + 5) - before);`);
    // V8 may hold the last ones in a register of the code that made them.
    assertEquals(lines[0], "600");
    assert(Number(lines[1]) <= 5, lines[1]);
    assertEquals(warnings.length, 1, warnings.join("\n"));
    assert(warnings[0].includes(name), warnings[0]);
  });
}

Deno.test("forgotten: a TUN device is gone", async () => {
  const { lines, warnings } = await run(`
    const namespace = TemporaryNamespace.create();
    const make = () => { Tun.open({ namespace: namespace.path }); };
    make();
    console.log(open(/net.tun/));
    console.log(await collect(0, /net.tun/));
    await namespace.close();`);
  assertEquals(lines, ["1", "0"]);
  assert(warnings[0]?.includes("TunQueue (TUN device tun0)"), warnings[0]);
});

Deno.test("forgotten: what waits, is iterated or was shared is not", async () => {
  const { lines, warnings } = await run(`
    const received = [];
    const addresses = [];
    const start = () => {
      const loop = async (socket) => {
        for await (const { data } of socket) received.push("loop " + data.length);
      };
      const wait = async (promise, name) => {
        await promise;
        received.push(name);
      };
      const bind = (options) => {
        const socket = UdpSocket.bind({ address: "127.0.0.1", ...options });
        addresses.push(socket.address);
        return socket;
      };
      loop(bind());
      wait(bind().receive(), "receive");
      wait(bind().waitReadable(), "waitReadable");
      wait(bind().receiveMany(new netplumb.ReceiveBatch()), "receiveMany");
      // Another thread attaches to it later.
      return bind().handle;
    };
    const handle = start();
    for (let n = 0; n < 20; n++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const attached = UdpSocket.attach(handle);
    const client = UdpSocket.bind({ address: "127.0.0.1" });
    for (const to of addresses) await client.send("x", to);
    console.log((await attached.receive()).data.length);
    while (received.length < 4) await new Promise((done) => setTimeout(done, 1));
    console.log(received.sort().join());
    Deno.exit();`);
  assertEquals(lines, ["1", "loop 1,receive,receiveMany,waitReadable"]);
  assertEquals(warnings, []);
});

Deno.test("forgotten: NETPLUMB_DEBUG shows where it was made", async () => {
  const { stderr } = await script(
    `${PREAMBLE}
    const forgetful = () => { UdpSocket.bind(); };
    forgetful();
    for (let n = 0; n < 20; n++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }`,
    { v8: ["--expose-gc"], under: ["env", "NETPLUMB_DEBUG=1"] },
  );
  assert(stderr.includes("at forgetful"), stderr);
});

Deno.test("forgotten: one that was closed is no warning", async () => {
  const { warnings } = await run(`
    for (let n = 0; n < 50; n++) await UdpSocket.bind().close();
    for (let n = 0; n < 20; n++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }`);
  assertEquals(warnings, []);
});
