// A real DHCP client asks.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Lab, type Netns } from "../support/netns.ts";
import { example } from "./example.ts";

Deno.test("dhcp_responder gives an address to udhcpc, on its interface only", async () => {
  await using lab = await Lab.open("server", "client", "other");
  await lab.veth("server", "inside", "client", "eth0");
  await lab.veth("server", "outside", "other", "eth0");
  // The routes would send a broadcast out of the wrong one.
  await lab.server.ip("address add 198.51.100.1/24 dev outside");
  await lab.server.ip("address add 192.0.2.1/24 dev inside");
  await lab.server.ip("route add default via 198.51.100.2 dev outside");
  await using server = example(
    "dhcp_responder",
    lab.server,
    "--interface=inside",
    "--server=192.0.2.1",
    "--first=192.0.2.100",
  );
  assertEquals(await server.line(), "giving addresses on inside");

  const script = await Deno.makeTempFile({ prefix: "netplumb-dhcp-" });
  try {
    await Deno.writeTextFile(
      script,
      '#!/bin/sh\n[ "$1" != bound ] || echo "$interface $ip $subnet $lease"\n',
    );
    await Deno.chmod(script, 0o755);
    // deno-fmt-ignore
    const ask = (netns: Netns) => netns.output("udhcpc", ["-f", "-n", "-q",
      "-i", "eth0", "-s", script, "-t", "2", "-T", "1"]);

    const { code, stdout, stderr } = await ask(lab.client);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "eth0 192.0.2.100 255.255.255.0 3600\n");
    const [{ address }] = await lab.client.json<{ address: string }>(
      "link show dev eth0",
    );
    const client = address.replaceAll(":", "");
    assertEquals(await server.line(), `${client} offer 192.0.2.100`);
    assertEquals(await server.line(), `${client} ack 192.0.2.100`);

    assertEquals((await ask(lab.other)).code, 1);
  } finally {
    await Deno.remove(script);
  }
  const { code, stdout, stderr } = await server.stop();
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
});
