// An mDNS query as long as they may be, 9000 bytes (RFC 6762, section 17), in
// fragments over a link of 1500 bytes: every question of it is reported.

import { assertEquals } from "@std/assert";
import { UdpSocket } from "../../lib/udp/socket.ts";
import "../support/descriptors.ts";
import { Lab } from "../support/netns.ts";
import { example } from "./example.ts";

const LONGEST = 9000;

/** A query with as many questions as fit into 9000 bytes. */
function query(): { message: Uint8Array; names: string[] } {
  const message = new Uint8Array(LONGEST);
  const view = new DataView(message.buffer);
  const names: string[] = [];
  let at = 12;
  for (;;) {
    const label = `service-number-${names.length}`;
    const name = [label, "_http", "_tcp", "local"];
    const bytes = name.flatMap((part) => [
      part.length,
      ...new TextEncoder().encode(part),
    ]);
    if (at + bytes.length + 5 > LONGEST) break;
    message.set(bytes, at);
    at += bytes.length + 1;
    view.setUint16(at, 33);
    view.setUint16(at + 2, 1);
    at += 4;
    names.push(name.join("."));
  }
  view.setUint16(4, names.length);
  return { message, names };
}

for (
  const [group, source] of [
    ["224.0.0.251", "192.0.2.9"],
    ["ff02::fb", "fe80::9"],
  ] as const
) {
  Deno.test(`mdns_listener reports every question of a query of 9000 bytes to ${group}`, async () => {
    await using lab = await Lab.open("server", "client");
    await lab.veth("server", "eth0", "client", "eth0");
    await lab.server.ip("address add 192.0.2.1/24 dev eth0");
    await lab.client.batch(`
      address add 192.0.2.9/24 dev eth0
      address flush dev eth0 scope link
      address add fe80::9/64 dev eth0 nodad
    `);
    await using listener = example(
      "mdns_listener",
      lab.server,
      "--interface=eth0",
    );
    assertEquals(await listener.line(), "listening on eth0");
    const { message, names } = query();
    await using client = UdpSocket.bind({
      namespace: lab.client.name,
      port: 5353,
      multicastTtl: 255,
    });
    const to = { address: group, port: 5353 };
    await client.send(message, to, { interface: "eth0" });
    for (const name of names) {
      assertEquals(
        await listener.line(),
        `eth0: ${source} queries ${group} SRV "${name}"`,
      );
    }
    assertEquals((await listener.stop()).code, 0);
  });
}
