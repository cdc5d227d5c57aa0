// Transparent proxying: datagrams to foreign addresses are redirected by TPROXY
// of nftables, reported with their original destination, answered from there.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { script, without } from "../../support/script.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Addresses of no host, routed to the server by the client. */
const FOREIGN = { ipv4: "203.0.113.7", ipv6: "2001:db8:9::7" } as const;

/** Redirects UDP to the foreign networks to a port of the server. */
async function redirect(lab: UdpLab, port: number): Promise<void> {
  const { server, client } = lab;
  await client.batch(`
    route add 203.0.113.0/24 via ${FOUR[0]}
    route add 2001:db8:9::/64 via ${SIX[0]}
  `);
  for (const ip of ["-4", "-6"]) {
    await server.ip(`${ip} rule add fwmark 1 table 100`);
    await server.ip(`${ip} route add local default dev lo table 100`);
  }
  await server.run("nft", ["-f", "-"], {
    // The family inet would do, but not every kernel has it.
    stdin: `
      table ip proxy {
        chain prerouting {
          type filter hook prerouting priority mangle;
          ip daddr 203.0.113.0/24 meta l4proto udp tproxy to :${port} meta mark set 1 accept
        }
      }
      table ip6 proxy {
        chain prerouting {
          type filter hook prerouting priority mangle;
          ip6 daddr 2001:db8:9::/64 meta l4proto udp tproxy to :${port} meta mark set 1 accept
        }
      }
    `,
  });
}

/** Whether this kernel has nftables for IP: user-mode Linux does not. */
async function hasNftables(): Promise<boolean> {
  await using lab = await UdpLab.open();
  const words = "add table ip proxy".split(" ");
  return (await lab.server.output("nft", words)).code === 0;
}

const ignore = !await hasNftables();
for (const family of ["dual", "ipv4", "ipv6"] as const) {
  const name =
    `transparent: a redirected datagram has its original destination, on a socket for ${family}`;
  Deno.test({ name, ignore }, async () => {
    await using lab = await UdpLab.open();
    const proxy = lab.bind({
      family,
      transparent: true,
      receiveOriginalDestination: true,
    });
    await redirect(lab, proxy.address.port);
    for (const version of ["ipv4", "ipv6"] as const) {
      if (family !== "dual" && family !== version) continue;
      const original = { address: FOREIGN[version], port: 5300 };
      const client = lab.bind({ peer: original }, "client");
      await client.send("query");
      const query = await proxy.receive({ timeout: 5000 });
      assertEquals(query.originalDestination, original);
      assertEquals(query.local?.address, original.address);
      assertEquals(query.peer, client.address);
      // From the original address and port, which the client is connected to.
      const answering = lab.bind({ ...original, transparent: true });
      await answering.send("answer", query.peer);
      const answer = await client.receive({ timeout: 5000 });
      assertEquals([text(answer.data), answer.peer], ["answer", original]);
      await answering.close();
      // And reply() at least from the address.
      const plain = lab.bind({}, "client");
      await plain.send("query", original);
      await proxy.reply(await proxy.receive({ timeout: 5000 }), "answer");
      const { peer } = await plain.receive({ timeout: 5000 });
      assertEquals(peer, { ...original, port: proxy.address.port });
    }
  });
}

Deno.test("receiveOriginalDestination: without TPROXY it is the header's", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ receiveOriginalDestination: true });
  const { port } = server.address;
  for (const address of [FOUR[2]!, SIX[1]!]) {
    await lab.ask("-w", "1", address, String(port), "q");
    const datagram = await server.receive({ timeout: 5000 });
    assertEquals(datagram.originalDestination, { address, port });
  }
  const plain = lab.bind();
  const queried = String(plain.address.port);
  await lab.ask("-w", "1", FOUR[2]!, queried, "q");
  const datagram = await plain.receive({ timeout: 5000 });
  assertEquals("originalDestination" in datagram, false);
});

Deno.test("transparent: a foreign address is bound, with the capability", async () => {
  await using lab = await UdpLab.open();
  for (const address of Object.values(FOREIGN)) {
    const error = assertThrows(() => lab.bind({ address }), SystemError);
    assertEquals(error.code, "EADDRNOTAVAIL");
    const socket = lab.bind({ address, transparent: true });
    assertEquals(socket.address.address, address);
  }
  const { stdout } = await script(
    `
    import { UdpSocket } from "lib:udp/mod.ts";
    try {
      UdpSocket.bind({ transparent: true });
    } catch ({ code, capability }) {
      console.log(code, capability);
    }`,
    { under: without("net_admin", "net_raw") },
  );
  assertEquals(stdout.trim(), "EPERM CAP_NET_ADMIN");
});

Deno.test("freeBind: an address that this host does not have, for each IP version", async () => {
  await using lab = await UdpLab.open();
  await lab.server.ip("-6 route add local 2001:db8:a::/64 dev lo");
  await lab.client.ip(`route add 2001:db8:a::/64 via ${SIX[0]}`);
  const socket = lab.bind({ address: "2001:db8:a::5", freeBind: true });
  const client = lab.bind({ peer: socket.address }, "client");
  await client.send("query");
  const query = await socket.receive({ timeout: 5000 });
  assertEquals(query.peer, { ...client.address, address: CLIENT.six });
  await socket.reply(query, "answer");
  assertEquals(text((await client.receive({ timeout: 5000 })).data), "answer");
});
