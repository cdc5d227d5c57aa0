// A flood, of requests and of what must not be answered: reported as a sample,
// and of each reason once, however much comes.

import { assert, assertEquals } from "@std/assert";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { Running } from "../support/command.ts";
import "../support/descriptors.ts";
import { Lab } from "../support/netns.ts";

Deno.test("echo: reports little of a flood, on stdout and on stderr", async () => {
  await using net = await Lab.open("here");
  await using echo = new Running(net.here, "echo", "--port", "7777");
  await echo.line();
  const started = performance.now();
  const to = { address: "127.0.0.1", port: 7777 };
  const bind = (port: number) =>
    UdpSocket.bind({ namespace: net.here.name, address: "127.0.0.1", port });
  await using client = bind(0);
  await using forged = bind(7);
  for (let round = 0; round < 40; round++) {
    const flood = Array.from({ length: 250 }, () => ({ data: "flood", to }));
    await Promise.all([client.sendMany(flood), forged.sendMany(flood)]);
    await client.receive({ timeout: 5000 });
  }
  const { code, stdout, stderr } = await echo.stop();
  const seconds = (performance.now() - started) / 1000;
  assertEquals(code, 0);
  const lines = stdout.split("\n").length;
  assert(lines <= 20 * (seconds + 2) + 2, `${lines} lines in ${seconds} s`);
  assertEquals(stderr.match(/not replying/g)?.length, 1, stderr);
  assert(stderr.split("\n").length < 6, stderr);
  const [, refused] = /(\d+) ignored/.exec(stderr)!;
  assert(Number(refused) > 1000, stderr);
});
