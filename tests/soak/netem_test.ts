// The soak for a minute with a link that delays, on a kernel that has netem.
// Memory is not judged: that takes half an hour.

import { assert, assertEquals } from "@std/assert";
import { denoRun } from "../support/command.ts";
import { testUnless } from "../support/kinds.ts";
import { output } from "../support/netns.ts";

const MEMORY = /grows by|resident/;

const { code } = await output("unshare", [
  ...["-n", "sh", "-c", "tc qdisc add dev lo root netem delay 1ms"],
]);

testUnless(
  code === 0 ? undefined : "has no netem",
  "soak: nothing is lost or left wrong beside netem",
  async () => {
    const main = new URL("main.ts", import.meta.url).pathname;
    const { stdout, stderr } = await output(
      Deno.execPath(),
      [...denoRun(main), "--minutes", "1"],
    );
    assert(stdout.startsWith("{"), stderr);
    const { netem, faults, happened } = JSON.parse(stdout);
    assertEquals(
      faults.filter((fault: string) => !MEMORY.test(fault)),
      [],
    );
    assertEquals([netem, happened.drift > 0], [true, true]);
  },
);
