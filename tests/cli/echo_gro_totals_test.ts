// The totals of `netplumb echo --gro`: queries and replies are both counted as
// datagrams, however the kernel combined them. The C peer sends them.

import { assertEquals } from "@std/assert";
import { Running } from "../support/command.ts";
import { FOUR, UdpLab } from "../support/udp_lab.ts";

Deno.test("echo --gro: as many replies as datagrams", async () => {
  await using lab = await UdpLab.open();
  await using echo = new Running(
    lab.server,
    ...["echo", "--port=7100", "--gro", "--json", "--count=16"],
  );
  await echo.line();
  // One message of sixteen segments, which the kernel hands on as one.
  await lab.pour("-g", "500", FOUR[1], "7100", "8000");
  const { code, stdout } = await echo.end();
  assertEquals(code, 0);
  const summary = JSON.parse(stdout.trim().split("\n").at(-1)!);
  const { event, datagrams, bytes, replies, failed } = summary;
  assertEquals(
    { event, datagrams, bytes, replies, failed },
    { event: "summary", datagrams: 16, bytes: 8000, replies: 16, failed: 0 },
  );
});
