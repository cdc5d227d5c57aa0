// nc as the client of every address, and a signal as the end of all threads.

import { assertEquals } from "@std/assert";
import { Lab } from "../support/netns.ts";
import { example } from "./example.ts";

Deno.test("echo_workers replies from the address of the request and ends on a signal", async () => {
  await using lab = await Lab.open("server", "client");
  await lab.veth("server", "eth0", "client", "eth0");
  await lab.client.ip("address add 192.0.2.9/24 dev eth0");
  const addresses = ["192.0.2.1", "192.0.2.2"];
  for (const address of addresses) {
    await lab.server.ip(`address add ${address}/24 dev eth0`);
  }
  await using server = example("echo_workers", lab.server, "--port=8888");
  assertEquals(await server.line(), "port 8888");
  for (const address of addresses) {
    const { stdout } = await lab.client.output(
      "nc",
      ["-u", "-w", "5", "-W", "1", address, "8888"],
      { stdin: "hello" },
    );
    assertEquals(stdout, "hello");
  }
  const { code, stderr } = await server.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});
