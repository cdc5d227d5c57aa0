// The result of a scenario: a problem that is not reproduced is no success, a fix
// that does not work is a failure, and resources are released in any case.

import { assertEquals, assertRejects } from "@std/assert";
import { EPERM, SystemError } from "../../../ffi/errno.ts";
import {
  exitCode,
  type Result,
  run,
  type Runner,
  type RunnerEvent,
  type StepEvent,
} from "../../../cli/scenarios/runner.ts";

async function outcome(
  body: (runner: Runner) => Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ result: Result; steps: string[]; error?: string }> {
  const events: RunnerEvent[] = [];
  const result = await run(
    {
      name: "test",
      year: 2000,
      program: "none",
      title: "nothing",
      report: "Nothing happened.",
      faults: [],
      run: body,
    },
    (event) => events.push(event),
    { signal },
  );
  const last = events.at(-1);
  return {
    result,
    steps: events.filter((event): event is StepEvent => event.event === "step")
      .map(({ kind, outcome }) => `${kind} ${outcome}`),
    ...(last?.event === "result" && last.error !== undefined
      ? { error: last.error }
      : {}),
  };
}

const observe = (ok: boolean) => () =>
  Promise.resolve({ ok, observed: "something" });

Deno.test("a scenario is as expected if every problem and every fix is", async () => {
  assertEquals(
    await outcome(async (runner) => {
      await runner.setup("prepare", () => {});
      await runner.problem("problem", "it occurs", observe(true));
      await runner.fix("fix", "it works", observe(true));
    }),
    {
      result: "as expected",
      steps: ["setup done", "problem as expected", "fix as expected"],
    },
  );
});

Deno.test("a problem that does not occur is not reproduced", async () => {
  const { result, steps } = await outcome(async (runner) => {
    await runner.problem("one", "it occurs", observe(false));
    await runner.problem("two", "it occurs", observe(true));
    await runner.fix("fix", "it works", observe(true));
  });
  assertEquals(steps[0], "problem not reproduced");
  assertEquals(result, "not reproduced");
  assertEquals(exitCode(1, [result]), 1);
});

Deno.test("a fix that does not work fails the scenario, also if no problem is reproduced", async () => {
  const { result } = await outcome(async (runner) => {
    await runner.problem("problem", "it occurs", observe(false));
    await runner.fix("one", "it works", observe(false));
    await runner.fix("two", "it works", observe(true));
  });
  assertEquals(result, "failed");
});

Deno.test("a step that throws ends the scenario and fails it", async () => {
  const failed = await outcome(async (runner) => {
    await runner.problem("problem", "it occurs", () => {
      throw new Error("no luck");
    });
    await runner.fix("never", "it works", observe(true));
  });
  assertEquals(failed, {
    result: "failed",
    steps: ["problem failed"],
    error: "no luck",
  });
});

Deno.test("a missing capability is not permitted, not failed", async () => {
  const { result } = await outcome((runner) =>
    runner.setup("prepare", () => {
      throw new SystemError("unshare", EPERM, { capability: "CAP_SYS_ADMIN" });
    })
  );
  assertEquals(result, "not permitted");
});

Deno.test("an interrupted scenario releases its resources, the last one first", async () => {
  const stop = new AbortController();
  const released: string[] = [];
  const resource = (name: string) => ({
    [Symbol.asyncDispose]: () => Promise.resolve(void released.push(name)),
  });
  const { result, steps } = await outcome(async (runner) => {
    runner.use(resource("first"));
    const stuck = Promise.withResolvers<never>();
    runner.use({
      [Symbol.asyncDispose]: () => {
        released.push("second");
        stuck.reject(new Error("closed"));
        return Promise.resolve();
      },
    });
    queueMicrotask(() => stop.abort());
    await runner.fix("waits", "for ever", () => stuck.promise);
  }, stop.signal);
  assertEquals({ result, steps }, { result: "interrupted", steps: [] });
  assertEquals(released, ["second", "first"]);
});

Deno.test("a resource used after the end is released at once", async () => {
  let ended: Runner | undefined;
  await outcome((runner) => Promise.resolve(void (ended = runner)));
  let released = false;
  await assertRejects(() =>
    Promise.resolve().then(() =>
      ended!.use({
        [Symbol.asyncDispose]: () => Promise.resolve(void (released = true)),
      })
    )
  );
  assertEquals(released, true);
});

Deno.test("the exit code follows from the results", () => {
  assertEquals(exitCode(2, ["as expected", "as expected"]), 0);
  assertEquals(exitCode(2, ["as expected", "failed"]), 1);
  assertEquals(exitCode(2, ["as expected", "not reproduced"]), 1);
  assertEquals(exitCode(2, ["as expected", "not permitted"]), 77);
  assertEquals(exitCode(2, ["failed", "not permitted"]), 1);
  assertEquals(exitCode(2, ["interrupted"]), 1);
  assertEquals(exitCode(2, ["as expected"]), 1);
});
