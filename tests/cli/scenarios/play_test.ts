// What a scenario comes to: a trap that is not there is no pass, a cure that
// does not hold is a failure, and everything is put away either way.

import { assertEquals, assertRejects } from "@std/assert";
import { EPERM, SystemError } from "../../../ffi/errno.ts";
import type {
  StageEvent,
  StepEvent,
  Verdict,
} from "../../../cli/scenarios/stage/events.ts";
import { exitCode, play } from "../../../cli/scenarios/stage/play.ts";
import type { Stage } from "../../../cli/scenarios/stage/stage.ts";

async function outcome(
  body: (stage: Stage) => Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ verdict: Verdict; steps: string[]; error?: string }> {
  const events: StageEvent[] = [];
  const verdict = await play(
    {
      name: "test",
      year: 2000,
      who: "nobody",
      title: "nothing",
      story: "Nothing happened.",
      faults: [],
      play: body,
    },
    (event) => events.push(event),
    { signal },
  );
  const last = events.at(-1);
  return {
    verdict,
    steps: events.filter((event): event is StepEvent => event.event === "step")
      .map(({ kind, outcome }) => `${kind} ${outcome}`),
    ...(last?.event === "verdict" && last.error !== undefined
      ? { error: last.error }
      : {}),
  };
}

const observe = (held: boolean) => () =>
  Promise.resolve({ held, happened: "something" });

Deno.test("a scenario is as told when every trap and every cure is", async () => {
  assertEquals(
    await outcome(async (stage) => {
      await stage.setup("prepare", () => {});
      await stage.trap("trap", "it is there", observe(true));
      await stage.cure("cure", "it holds", observe(true));
    }),
    {
      verdict: "as told",
      steps: ["setup done", "trap as told", "cure as told"],
    },
  );
});

Deno.test("a trap that is not there is not reproduced, which is no pass", async () => {
  const { verdict, steps } = await outcome(async (stage) => {
    await stage.trap("one", "it is there", observe(false));
    await stage.trap("two", "it is there", observe(true));
    await stage.cure("cure", "it holds", observe(true));
  });
  assertEquals(steps[0], "trap not reproduced");
  assertEquals(verdict, "not reproduced");
  assertEquals(exitCode(1, [verdict]), 1);
});

Deno.test("a cure that does not hold is a failure, whatever the traps do", async () => {
  const { verdict } = await outcome(async (stage) => {
    await stage.trap("trap", "it is there", observe(false));
    await stage.cure("one", "it holds", observe(false));
    await stage.cure("two", "it holds", observe(true));
  });
  assertEquals(verdict, "failed");
});

Deno.test("a step that throws ends the scenario and fails it", async () => {
  const told = await outcome(async (stage) => {
    await stage.trap("trap", "it is there", () => {
      throw new Error("no luck");
    });
    await stage.cure("never", "it holds", observe(true));
  });
  assertEquals(told, {
    verdict: "failed",
    steps: ["trap failed"],
    error: "no luck",
  });
});

Deno.test("what is not permitted is told apart from what fails", async () => {
  const { verdict } = await outcome((stage) =>
    stage.setup("prepare", () => {
      throw new SystemError("unshare", EPERM, { capability: "CAP_SYS_ADMIN" });
    })
  );
  assertEquals(verdict, "not permitted");
});

Deno.test("an interrupted scenario puts everything away, last taken first", async () => {
  const stop = new AbortController();
  const away: string[] = [];
  const resource = (name: string) => ({
    [Symbol.asyncDispose]: () => Promise.resolve(void away.push(name)),
  });
  const { verdict, steps } = await outcome(async (stage) => {
    stage.use(resource("first"));
    const stuck = Promise.withResolvers<never>();
    stage.use({
      [Symbol.asyncDispose]: () => {
        away.push("second");
        stuck.reject(new Error("closed"));
        return Promise.resolve();
      },
    });
    queueMicrotask(() => stop.abort());
    await stage.cure("waits", "for ever", () => stuck.promise);
  }, stop.signal);
  assertEquals({ verdict, steps }, { verdict: "interrupted", steps: [] });
  assertEquals(away, ["second", "first"]);
});

Deno.test("what is taken after the end is put away at once", async () => {
  let kept: Stage | undefined;
  await outcome((stage) => Promise.resolve(void (kept = stage)));
  let away = false;
  await assertRejects(() =>
    Promise.resolve().then(() =>
      kept!.use({
        [Symbol.asyncDispose]: () => Promise.resolve(void (away = true)),
      })
    )
  );
  assertEquals(away, true);
});

Deno.test("the exit code says what the verdicts come to", () => {
  assertEquals(exitCode(2, ["as told", "as told"]), 0);
  assertEquals(exitCode(2, ["as told", "failed"]), 1);
  assertEquals(exitCode(2, ["as told", "not reproduced"]), 1);
  assertEquals(exitCode(2, ["as told", "not permitted"]), 77);
  assertEquals(exitCode(2, ["failed", "not permitted"]), 1);
  assertEquals(exitCode(2, ["interrupted"]), 1);
  assertEquals(exitCode(2, ["as told"]), 1);
});
