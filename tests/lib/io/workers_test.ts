// A worker that ends in the middle of a wait leaves no thread, no descriptor, no
// device and no port behind.

import { assertEquals } from "@std/assert";
import { Lab } from "../../support/netns.ts";
import { runProgram } from "./run_program.ts";

/** Workers of each kind; NETPLUMB_TEST_WORKERS=1000 tries as many of each. */
const WORKERS = Number(Deno.env.get("NETPLUMB_TEST_WORKERS") ?? 5);
/** Seconds: a worker takes less than 0.1 where nothing else runs. */
const LIMIT = 60 + WORKERS;

interface Left {
  /** What there is more of than before, by name. */
  readonly grown: Record<string, number>;
  /** What failed in workers. */
  readonly errors: string[];
  /** What the owner's socket received afterwards. */
  readonly heard: string;
  /** Why the owner's port cannot be bound again. */
  readonly again: string;
}

const NOTHING: Left = { grown: {}, errors: [], heard: "still here", again: "" };

async function leftBehind(
  kind: string,
  way: "terminate" | "early" | "close",
  workers = WORKERS,
): Promise<Left> {
  await using lab = await Lab.open("host");
  return await runProgram("end_workers", [kind, workers, way], {
    netns: lab.host,
    limit: LIMIT,
  });
}

for (
  const kind of [
    "receive",
    "for await",
    "receiveMany",
    "receive with a signal and a timeout",
    "many receives",
    "errors",
    "monitor",
    "for await of a monitor",
    "subscription",
    "tun",
    "tun of two queues",
    "tun batches",
    "echo under load",
    "all",
  ]
) {
  Deno.test(`workers: terminated during a wait: ${kind}`, async () => {
    assertEquals(await leftBehind(kind, "terminate"), NOTHING);
  });
}

for (const kind of ["receive", "tun", "all"]) {
  Deno.test(`workers: terminated as a wait begins: ${kind}`, async () => {
    assertEquals(await leftBehind(kind, "early", 3 * WORKERS), NOTHING);
  });
}

for (const kind of ["attached socket", "attached queue"]) {
  Deno.test(`workers: terminated while the owner goes on: ${kind}`, async () => {
    const left = await leftBehind(kind, "terminate");
    // A worker may have taken the datagram that the owner was sent.
    assertEquals({ ...left, heard: "" }, { ...NOTHING, heard: "" });
  });
}

Deno.test("workers: closed by themselves during waits", async () => {
  assertEquals(await leftBehind("all", "close"), NOTHING);
});

Deno.test("workers: terminated while blocked in BlockingPoll.wait(), then stopped", async () => {
  assertEquals(await leftBehind("stop event", "terminate"), NOTHING);
});

interface Replaced {
  readonly members: number;
  readonly answered: number;
}

Deno.test("workers: a replaced member of a reuse-port group gets no share", async () => {
  await using lab = await Lab.open("host");
  const replaced = await runProgram<Replaced>("replace_member", [], {
    netns: lab.host,
  });
  assertEquals(replaced, { members: 3, answered: 60 });
});
