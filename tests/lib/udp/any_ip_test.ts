// AnyIP: a whole prefix is local by a route, and replies leave from its addresses.

import { assertEquals, assertRejects } from "@std/assert";
import { SystemError, UdpSocket } from "../../../mod.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

for (
  const [prefix, queried, absent, any, via] of [
    ["198.51.100.0/24", "198.51.100.7", "203.0.113.1", "0.0.0.0", "192.0.2.1"],
    ["2001:db8:a::/64", "2001:db8:a::7", "2001:db8:77::1", "::", "2001:db8::1"],
  ]
) {
  Deno.test(`AnyIP: replies from ${queried}, and binds to ${absent}`, async () => {
    await using lab = await Lab.open("server", "client");
    await lab.veth("server", "wire", "client", "wire");
    await lab.server.batch(`
      address add 192.0.2.1/24 dev wire
      address add 2001:db8::1/64 dev wire nodad
      route add local ${prefix} dev lo
    `);
    await lab.client.batch(`
      address add 192.0.2.9/24 dev wire
      address add 2001:db8::9/64 dev wire nodad
      route add ${prefix} via ${via}
    `);
    const namespace = lab.server.name;
    await using server = UdpSocket.bind({ namespace, freeBind: true });
    await using only = UdpSocket.bind({
      namespace,
      address: any,
      freeBind: true,
    });
    await using client = UdpSocket.bind({ namespace: lab.client.name });
    for (const socket of [server, only]) {
      const { port } = socket.address;
      await client.send("query", { address: queried, port });
      const query = await socket.receive({ timeout: 5000 });
      assertEquals(query.local?.address, queried);
      await socket.reply(query, "reply");
      const { peer } = await client.receive({ timeout: 5000 });
      assertEquals(peer, { address: queried, port });
    }
    await using bound = UdpSocket.bind({
      namespace,
      address: absent,
      freeBind: true,
    });
    assertEquals(bound.address.address, absent);
  });
}

Deno.test("AnyIP: without freeBind the error of the reply says what to set", async () => {
  await using lab = await Lab.open("host");
  await lab.host.ip("route add local 2001:db8:a::/64 dev lo");
  const namespace = lab.host.name;
  await using server = UdpSocket.bind({ namespace });
  await using client = UdpSocket.bind({ namespace });
  const { port } = server.address;
  await client.send("query", { address: "2001:db8:a::7", port });
  const query = await server.receive({ timeout: 5000 });
  const error = await assertRejects(
    () => server.reply(query, "reply"),
    SystemError,
    "freeBind",
  );
  assertEquals(error.name, "SourceUnavailableError");
});
