// ref() and unref(): whether what waits keeps the process alive.

import { assert, assertEquals } from "@std/assert";
import { Lab } from "../../support/netns.ts";
import { RunningProgram } from "../../support/program.ts";
import { SLOWNESS } from "../../support/timing.ts";
import { endedProgram, programCommand, within } from "./run_program.ts";

/** Seconds after which a program that should have ended is killed. */
const LIMIT = 10;

/** Programs that end by themselves although something waits. */
const ENDS = [
  "unref, then wait",
  "wait, then unref",
  "unref twice",
  "unref of every wait",
  "unref of an iterator",
  "unref after ref",
  "unref of a monitor",
  "unref of a monitor that waits",
  "unref of a loop over a monitor",
  "unref of a device",
  "unref of a device that waits",
  "unref of a device of two queues",
  "unref of a loop over a device",
  "open and idle",
];

for (const name of ENDS) {
  Deno.test(`unref: the process ends: ${name}`, async () => {
    await using lab = await Lab.open("host");
    const { code, stdout, stderr } = await endedProgram("referenced", [name], {
      netns: lab.host,
      limit: LIMIT,
    });
    assertEquals([code, stdout.trim(), stderr], [0, "last line", ""]);
  });
}

/** Programs that end when they received what comes later. */
const LIVES = [
  "ref after unref",
  "ref during the wait",
  "one of two sockets",
  "a timer keeps it alive",
  "ref of a monitor",
  "ref of a device",
];

for (const name of LIVES) {
  Deno.test(`ref: the process lives and receives: ${name}`, async () => {
    await using lab = await Lab.open("host");
    await using program = new RunningProgram(
      { netns: lab.host },
      ...programCommand("referenced", [name]),
    );
    const { port, device } = await within(20_000, program.object());
    // Long enough for a process with nothing to do to end.
    await new Promise((resolve) => setTimeout(resolve, 500 * SLOWNESS));
    await lab.host.ip("link add seen0 type bridge");
    const to = device === undefined ? `127.0.0.1/${port}` : "10.9.0.2/9";
    await lab.host.run("bash", ["-c", `echo -n late >/dev/udp/${to}`]);
    const { code, stdout, stderr } = await within(20_000, program.end());
    assertEquals([code, stdout.trim(), stderr], [0, "received", ""]);
    assert(Number(port) > 0);
  });
}
