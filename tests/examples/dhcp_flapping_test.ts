// udhcpc asks while the server's address is removed and added again: the server
// outlives it and gives the address in the end.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Lab } from "../support/netns.ts";
import { example } from "./example.ts";

Deno.test("dhcp_responder outlives the loss of its address, and serves udhcpc", async () => {
  await using lab = await Lab.open("server", "client");
  await lab.veth("server", "eth0", "client", "eth0");
  await lab.server.ip("address add 192.0.2.1/24 dev eth0");
  await using server = example(
    "dhcp_responder",
    lab.server,
    ...["--interface=eth0", "--server=192.0.2.1", "--first=192.0.2.100"],
  );
  assertEquals(await server.line(), "giving addresses on eth0");
  const script = await Deno.makeTempFile({ prefix: "netplumb-dhcp-" });
  try {
    await Deno.writeTextFile(
      script,
      '#!/bin/sh\n[ "$1" != bound ] || echo "$interface $ip $subnet $lease"\n',
    );
    await Deno.chmod(script, 0o755);
    const ask = (...options: string[]) =>
      lab.client.output("udhcpc", [
        ...["-f", "-q", "-i", "eth0", "-s", script, "-T", "1"],
        ...options,
      ]);
    for (let round = 0; round < 2; round++) {
      await lab.server.ip("address delete 192.0.2.1/24 dev eth0");
      // A DISCOVER arrives, and the reply has no source to leave from.
      assertEquals((await ask("-n", "-t", "1")).code, 1);
      await lab.server.ip("address add 192.0.2.1/24 dev eth0");
      const { code, stdout, stderr } = await ask("-n", "-t", "3");
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, "eth0 192.0.2.100 255.255.255.0 3600\n");
    }
    // And while it comes and goes all the time: the client asks until it is served.
    const stop = new AbortController();
    const flapping = (async () => {
      while (!stop.signal.aborted) {
        await lab.server.ip("address delete 192.0.2.1/24 dev eth0");
        await lab.server.ip("address add 192.0.2.1/24 dev eth0");
      }
    })();
    const { code, stderr } = await ask("-t", "3", "-A", "1");
    stop.abort();
    await flapping;
    assertEquals(code, 0, stderr);
  } finally {
    await Deno.remove(script);
  }
  assertEquals((await server.stop()).code, 0);
});
