// netplumb echo on a socket that another program bound and passed, as systemd does.

import { assertEquals, assertMatch } from "@std/assert";
import { denoRun, netplumb } from "../support/command.ts";
import { output } from "../support/netns.ts";

const PARENT = new URL("../support/activate.py", import.meta.url).pathname;
const COMMAND = [Deno.execPath(), ...denoRun()];

Deno.test("echo --activated replies on a passed socket, also to earlier requests", async () => {
  const { code, stdout, stderr } = await output("python3", [
    ...[PARENT, "echo=0.0.0.0", "127.0.0.2=early @127.0.0.3=late"],
    ...[...COMMAND, "echo", "--activated", "--count", "2", "--json"],
  ], { env: { NO_COLOR: "1" } });
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /"event":"listening","address":"0\.0\.0\.0"/);
  assertMatch(stdout, /^127\.0\.0\.2 early$/m);
  assertMatch(stdout, /^127\.0\.0\.3 late$/m);
});

Deno.test("echo --activated without a passed socket fails, and binds nothing", async () => {
  const { code, stdout, stderr } = await netplumb(
    undefined,
    "echo",
    "--activated",
  );
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertMatch(stderr, /^netplumb: no socket was passed to this process/);
});
