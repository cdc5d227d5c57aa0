// Closing many devices, which takes the kernel milliseconds each, leaves the
// event loop its turns.

import { assert, assertEquals } from "@std/assert";
import { Lab } from "../../support/netns.ts";
import { SLOWNESS } from "../../support/timing.ts";
import type { Closed } from "./programs/close_devices.ts";
import { runProgram } from "./run_program.ts";

/** Milliseconds that another program may take the processor. */
const ROOM = 60 * SLOWNESS;
/** A gap may be another program's fault; all of these are not. */
const TRIES = 3;

for (const state of ["idle", "waiting"]) {
  Deno.test(`tun: closing 64 devices, ${state}, holds up no timer`, async () => {
    const gaps: string[] = [];
    for (let turn = 0; turn < TRIES; turn++) {
      await using lab = await Lab.open("host");
      const closed = await runProgram<Closed>("close_devices", [state, 64], {
        netns: lab.host,
      });
      assertEquals(closed.left, ["lo"]);
      assertEquals(closed.ended, state === "idle" ? 0 : 64);
      const { one, longest } = closed;
      if (longest <= one + ROOM) return;
      gaps.push(`${longest.toFixed(1)} ms (one device ${one.toFixed(1)} ms)`);
    }
    assert(gaps.length === 0, `no timer for ${gaps.join(", ")}`);
  });
}
