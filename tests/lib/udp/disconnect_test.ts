// A socket's association as the kernel has it: a second peer, no peer, and what
// stays. `ss` and the peers are the oracle.

import { assert, assertEquals } from "@std/assert";
import { type BindOptions, UdpSocket } from "../../../mod.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

/** A host with two links, each to a network of its own. */
async function openLab() {
  const lab = await Lab.open("host", "left", "right");
  try {
    await lab.veth("host", "west", "left", "wire");
    await lab.veth("host", "east", "right", "wire");
    await lab.host.batch(`
      address add 192.0.2.1/24 dev west
      address add 198.51.100.1/24 dev east
      address add 2001:db8:a::1/64 dev west nodad
      address add 2001:db8:b::1/64 dev east nodad
      address add fe80::1/64 dev west nodad
    `);
    await lab.left.batch(`
      address add 192.0.2.9/24 dev wire
      address add 2001:db8:a::9/64 dev wire nodad
      address add fe80::9/64 dev wire nodad
      route add default via 192.0.2.1
      route add default via 2001:db8:a::1
    `);
    await lab.right.batch(`
      address add 198.51.100.9/24 dev wire
      address add 2001:db8:b::9/64 dev wire nodad
      route add default via 198.51.100.1
      route add default via 2001:db8:b::1
    `);
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
  const sockets = new AsyncDisposableStack();
  return {
    lab,
    bind: (role: "host" | "left" | "right", options: BindOptions = {}) =>
      sockets.use(
        UdpSocket.bind({ namespace: lab[role].name, ...options }),
      ),
    /** The kernel's view: local and peer address of the sockets on a port. */
    async ss(port: number): Promise<string[][]> {
      const filter = ["-Huna", "sport", "=", `:${port}`];
      const text = await lab.host.run("ss", filter);
      return text.trim().split("\n").map((line) =>
        line.trim().split(/\s+/).slice(3, 5)
      );
    },
    async [Symbol.asyncDispose]() {
      await sockets.disposeAsync();
      await lab[Symbol.asyncDispose]();
    },
  };
}

const LEFT = ["192.0.2.9", "2001:db8:a::9"];
const RIGHT = ["198.51.100.9", "2001:db8:b::9"];
const LOCAL: Record<string, string> = {
  "192.0.2.9": "192.0.2.1",
  "198.51.100.9": "198.51.100.1",
  "2001:db8:a::9": "2001:db8:a::1",
  "2001:db8:b::9": "2001:db8:b::1",
  "127.0.0.1": "127.0.0.1",
  "::1": "::1",
};

for (
  const [first, second] of [
    [LEFT[0], RIGHT[0]],
    [LEFT[1], RIGHT[1]],
    ["127.0.0.1", RIGHT[0]],
    ["::1", RIGHT[1]],
    [LEFT[0], RIGHT[1]],
    [LEFT[1], RIGHT[0]],
  ]
) {
  Deno.test(`disconnect: connected to ${first}, then to ${second}`, async () => {
    await using net = await openLab();
    const socket = net.bind("host");
    const { port } = socket.address;
    const peer = net.bind("right");
    socket.connect({ address: first, port: 9 });
    assertEquals(socket.address, { address: LOCAL[first], port });
    assertEquals(socket.peer, { address: first, port: 9 });
    const to = { address: second, port: peer.address.port };
    socket.connect(to);
    assertEquals(socket.address, { address: LOCAL[second], port });
    assertEquals(socket.peer, to);
    await socket.send("query");
    const query = await peer.receive({ timeout: 5000 });
    assertEquals(query.peer, { address: LOCAL[second], port });
    await peer.reply(query, "reply");
    const reply = await socket.receive({ timeout: 5000 });
    assertEquals(reply.peer, to);
  });
}

Deno.test("disconnect: the port stays, and all peers are received again", async () => {
  await using net = await openLab();
  for (
    const options of [
      {},
      { address: "192.0.2.1" },
      { address: "0.0.0.0", reusePort: true },
      { address: "fe80::1%west" },
      { port: 7001 },
      { interface: "west" },
    ] satisfies BindOptions[]
  ) {
    const linkLocal = options.address?.startsWith("fe80") ?? false;
    const socket = net.bind("host", options);
    const bound = socket.address;
    const peer = net.bind("left");
    const to = linkLocal
      ? { address: "fe80::9%west", port: peer.address.port }
      : { address: LEFT[0], port: peer.address.port };
    assertEquals(socket.peer, undefined);
    socket.disconnect();
    socket.connect(to);
    assert(socket.peer !== undefined);
    assertEquals((await net.ss(bound.port)).length, 1);
    socket.disconnect();
    assertEquals(socket.peer, undefined);
    assertEquals(
      [socket.address.address, socket.address.port],
      [bound.address, bound.port],
    );
    const [[, remote]] = await net.ss(bound.port);
    // Without a port there is no peer: of IPv6 sockets ss shows the old address.
    assert(remote.endsWith(":*"), remote);
    const other = net.bind("left");
    const there = linkLocal
      ? { address: "fe80::1%wire", port: bound.port }
      : { address: "192.0.2.1", port: bound.port };
    await other.send("of another peer", there);
    const { data } = await socket.receive({ timeout: 5000 });
    assertEquals(data.length, 15);
    await socket.close();
  }
});

Deno.test("disconnect: a socket stays bound to its interface", async () => {
  await using net = await openLab();
  const socket = net.bind("host", { interface: "west" });
  const { port } = socket.address;
  socket.connect({ address: LEFT[0], port: 9 });
  socket.disconnect();
  const right = net.bind("right");
  await right.send("by east", { address: "192.0.2.1", port });
  const left = net.bind("left");
  await left.send("by west", { address: "192.0.2.1", port });
  const { data } = await socket.receive({ timeout: 5000 });
  assertEquals(new TextDecoder().decode(data), "by west");
  // Neither does one that was connected to a link-local peer stay on its link.
  const free = net.bind("host");
  free.connect({ address: "fe80::9%west", port: 9 });
  free.disconnect();
  await right.send("by east", {
    address: "192.0.2.1",
    port: free.address.port,
  });
  await free.receive({ timeout: 5000 });
});

Deno.test("disconnect: another thread's socket shows what the kernel has", async () => {
  await using net = await openLab();
  const socket = net.bind("host");
  await using attached = UdpSocket.attach(socket.handle);
  attached.connect({ address: LEFT[0], port: 9 });
  assertEquals(socket.peer, { address: LEFT[0], port: 9 });
  assertEquals(socket.address.address, "192.0.2.1");
  socket.disconnect();
  assertEquals(attached.peer, undefined);
});
