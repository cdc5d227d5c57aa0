// udhcpc as the client: on one interface of several, and while the server's
// address is removed and added again.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Lab, type Netns } from "../support/netns.ts";
import { example } from "./example.ts";

/** A script for udhcpc that prints the lease, until disposed of. */
async function leaseScript(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile({ prefix: "netplumb-dhcp-" });
  await Deno.writeTextFile(
    path,
    '#!/bin/sh\n[ "$1" != bound ] || echo "$interface $ip $subnet $lease"\n',
  );
  await Deno.chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** Arguments of udhcpc: one lease, or exit 1 after so many queries. */
function udhcpc(script: string, queries: number): string[] {
  // deno-fmt-ignore
  return ["-f", "-n", "-q", "-i", "eth0", "-s", script, "-t", `${queries}`, "-T", "1"];
}

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

  await using script = await leaseScript();
  const ask = (netns: Netns) => netns.output("udhcpc", udhcpc(script.path, 2));

  const leased = await ask(lab.client);
  assertEquals(leased.code, 0, leased.stderr);
  assertStringIncludes(leased.stdout, "eth0 192.0.2.100 255.255.255.0 3600\n");
  const [{ address }] = await lab.client.json<{ address: string }>(
    "link show dev eth0",
  );
  const client = address.replaceAll(":", "");
  assertEquals(await server.line(), `${client} offer 192.0.2.100`);
  assertEquals(await server.line(), `${client} ack 192.0.2.100`);

  assertEquals((await ask(lab.other)).code, 1);
  const { code, stdout, stderr } = await server.stop();
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
});

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
  await using script = await leaseScript();
  const ask = (queries: number) =>
    lab.client.output("udhcpc", udhcpc(script.path, queries));
  for (let round = 0; round < 2; round++) {
    await lab.server.ip("address delete 192.0.2.1/24 dev eth0");
    // A DISCOVER arrives, and the reply has no source to leave from.
    assertEquals((await ask(1)).code, 1);
    await lab.server.ip("address add 192.0.2.1/24 dev eth0");
    const { code, stdout, stderr } = await ask(3);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "eth0 192.0.2.100 255.255.255.0 3600\n");
  }
  // And while it is deleted and added all the time: the client retries until it gets an address.
  const stop = new AbortController();
  const flapping = (async () => {
    while (!stop.signal.aborted) {
      await lab.server.ip("address delete 192.0.2.1/24 dev eth0");
      await lab.server.ip("address add 192.0.2.1/24 dev eth0");
    }
  })();
  const persistent = udhcpc(script.path, 3).filter((word) => word !== "-n");
  const { code, stderr } = await lab.client.output("udhcpc", [
    ...persistent,
    ...["-A", "1"],
  ]);
  stop.abort();
  await flapping;
  assertEquals(code, 0, stderr);
  assertEquals((await server.stop()).code, 0);
});
