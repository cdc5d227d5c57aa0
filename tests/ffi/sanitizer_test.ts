// The first test of a program that uses the library, under Deno's sanitizers.

import { assertEquals, assertMatch } from "@std/assert";
import { output } from "../support/netns.ts";

const UDP = new URL("../../lib/udp/mod.ts", import.meta.url).href;

const PROGRAM = `
import { UdpSocket } from "${UDP}";
Deno.test({ name: "first", sanitizeOps: true, sanitizeResources: true }, async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  await socket.send("hello", socket.address);
  await socket.receive({ timeout: 5000 });
});
`;

Deno.test("the first test that uses a socket passes the sanitizers", async () => {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-sanitizer-" });
  try {
    await Deno.writeTextFile(`${directory}/first_test.ts`, PROGRAM);
    const { code, stdout, stderr } = await output(Deno.execPath(), [
      ...["test", "--no-check", "--allow-ffi", "--trace-leaks", directory],
    ], { env: { NO_COLOR: "1" } });
    assertEquals(code, 0, stdout + stderr);
    assertMatch(stdout, /1 passed/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
