// The resolver of the C library accepts no reply from an address that
// it did not query.

import { assertEquals } from "@std/assert";
import { Lab } from "../support/netns.ts";
import { example } from "./example.ts";

Deno.test("dns_responder replies to each query from its destination address", async () => {
  await using lab = await Lab.open("server", "client");
  await lab.veth("server", "eth0", "client", "eth0");
  await lab.client.ip("address add 192.0.2.9/24 dev eth0");
  await lab.client.ip("address add 2001:db8::9/64 dev eth0");
  const queried = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::2"];
  for (const address of queried) {
    const length = address.includes(":") ? 64 : 24;
    await lab.server.ip(`address add ${address}/${length} dev eth0`);
  }
  await using server = example(
    "dns_responder",
    lab.server,
    "www.example=198.51.100.80",
    "mail.example=198.51.100.25",
  );
  assertEquals(await server.line(), "answering for 2 names on port 53");

  // What `ip netns exec` puts in the place of /etc/resolv.conf.
  const etc = `/etc/netns/${lab.client.name}`;
  await Deno.mkdir(etc, { recursive: true });
  try {
    for (const address of queried) {
      await Deno.writeTextFile(
        `${etc}/resolv.conf`,
        `nameserver ${address}\noptions timeout:2 attempts:1\n`,
      );
      const lookup = (name: string) =>
        lab.client.output("getent", ["ahostsv4", name]);
      const { code, stdout } = await lookup("www.example");
      assertEquals({ code, address: stdout.split(/\s/)[0] }, {
        code: 0,
        address: "198.51.100.80",
      });
      const peer = address.includes(":") ? "2001:db8::9" : "192.0.2.9";
      assertEquals(
        await server.line(),
        `${peer} queries ${address}: "www.example"`,
      );
      assertEquals((await lookup("nobody.example")).code, 2);
      assertEquals(
        await server.line(),
        `${peer} queries ${address}: "nobody.example"`,
      );
    }
  } finally {
    await Deno.remove(etc, { recursive: true });
  }
  const { code, stderr } = await server.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});
