// A server that is bound to no interface, queried through a VRF: the reply leaves
// by the routes of that VRF, and not to the host of the same address elsewhere.
// Needs a kernel with VRF (CONFIG_NET_VRF), such as Debian's user-mode Linux.

import { assertEquals } from "@std/assert";
import { ReceiveBatch, SendBatch, UdpSocket } from "../../../mod.ts";
import "../../support/descriptors.ts";
import { Lab, output } from "../../support/netns.ts";
import { Running } from "../../support/command.ts";

/** Whether links of the kind can be made. */
async function hasVrf(): Promise<boolean> {
  await using lab = await Lab.open("probe");
  const { name } = lab.probe;
  const words = [
    "-n",
    name,
    "link",
    "add",
    "red",
    "type",
    "vrf",
    "table",
    "10",
  ];
  return (await output("ip", words)).code === 0;
}

const ignore = !await hasVrf();
const reason = ignore ? " (this kernel has no VRF)" : "";

const FOUR = "192.0.2.1";
const SIX = "2001:db8::1";

/**
 * A server with the same subnet twice: towards `red` in a VRF, towards `blue` in
 * the default one.
 */
async function openLab() {
  const lab = await Lab.open("server", "red", "blue");
  try {
    const { server, red, blue } = lab;
    await lab.veth("server", "a0", "red", "wire");
    await lab.veth("server", "a1", "blue", "wire");
    await server.sysctl("net.ipv4.udp_l3mdev_accept", 1);
    await server.batch(`
      link add red type vrf table 10
      link set red up
      link set a0 master red
      address add ${FOUR}/24 dev a0
      address add ${SIX}/64 dev a0 nodad
      address add ${FOUR}/24 dev a1
      address add ${SIX}/64 dev a1 nodad
    `);
    for (const side of [red, blue]) {
      await side.batch(`
        address add 192.0.2.9/24 dev wire
        address add 2001:db8::9/64 dev wire nodad
      `);
    }
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

type VrfLab = Awaited<ReturnType<typeof openLab>>;

/** Queries from one side; gives what either side received. */
async function query(
  lab: VrfLab,
  side: "red" | "blue",
  address: string,
  port: number,
  serve: () => Promise<unknown>,
): Promise<Record<string, string | undefined>> {
  const local = address.includes(":") ? "2001:db8::9" : "192.0.2.9";
  const bind = (role: "red" | "blue") =>
    UdpSocket.bind({ namespace: lab[role].name, address: local, port: 4000 });
  await using red = bind("red");
  await using blue = bind("blue");
  const client = side === "red" ? red : blue;
  await client.send("query", { address, port });
  await serve();
  const heard = async (socket: UdpSocket, wait: number) => {
    try {
      return (await socket.receive({ timeout: wait })).peer.address;
    } catch {
      return undefined;
    }
  };
  const other = side === "red" ? blue : red;
  const at = await heard(client, 1000);
  const elsewhere = await heard(other, at === undefined ? 1000 : 20);
  return { [side]: at, [side === "red" ? "blue" : "red"]: elsewhere };
}

for (const address of [FOUR, SIX]) {
  for (const way of ["reply", "batch"]) {
    Deno.test({
      name:
        `VRF: ${way} to a query of ${address} leaves by the VRF it came by${reason}`,
      ignore,
      async fn() {
        await using lab = await openLab();
        await using server = UdpSocket.bind({ namespace: lab.server.name });
        const { port } = server.address;
        const received = new ReceiveBatch();
        const replies = new SendBatch();
        const serve = async () => {
          if (way === "reply") {
            const query = await server.receive({ timeout: 5000 });
            await server.reply(query, "reply");
            return;
          }
          await server.receiveMany(received, { timeout: 5000 });
          replies.reply(received, 0);
          const { sent } = await server.sendMany(replies);
          assertEquals(sent, 1);
        };
        for (const side of ["red", "blue", "red"] as const) {
          const other = side === "red" ? "blue" : "red";
          assertEquals(
            await query(lab, side, address, port, serve),
            { [side]: address, [other]: undefined },
          );
        }
        // An interface that leaves its VRF is in the default one from then on.
        await lab.server.ip("link set a1 down");
        await lab.server.ip("link set a0 nomaster");
        await lab.server.batch(`
          address replace ${SIX}/64 dev a0 nodad
          route replace 192.0.2.0/24 dev a0
          route replace 2001:db8::/64 dev a0
        `);
        assertEquals(
          await query(lab, "red", address, port, serve),
          { red: address, blue: undefined },
        );
      },
    });
  }
}

Deno.test({
  name: `VRF: netplumb echo replies by the VRF a query came by${reason}`,
  ignore,
  async fn() {
    await using lab = await openLab();
    await using echo = new Running(lab.server, "echo", "--port=9000", "--json");
    await echo.line();
    for (const address of [FOUR, SIX]) {
      assertEquals(
        await query(lab, "red", address, 9000, () => echo.line()),
        { red: address, blue: undefined },
      );
    }
  },
});
