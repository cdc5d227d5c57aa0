// `netplumb show` while links come and go: the exit code says whether what was
// shown is sure.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { netplumb } from "../../support/command.ts";
import { Lab, type Netns } from "../../support/netns.ts";

const COUNT = 1000;

/** Adds and removes links without a pause. */
function churn(namespace: Netns): AsyncDisposable {
  const children = ["churn0", "churn1", "churn2"].map((name) =>
    namespace.spawn("sh", [
      "-c",
      `while :; do echo "$1"; done | ip -batch -`,
      "churn",
      `link add ${name} type ifb\nlink delete ${name}\n`.repeat(50).trim(),
    ], { stdin: "null", stdout: "null", stderr: "null" })
  );
  return {
    async [Symbol.asyncDispose]() {
      for (const pid of await namespace.pids()) {
        try {
          Deno.kill(pid, "SIGKILL");
        } catch { /* its pipe broke first */ }
      }
      await Promise.all(children.map((child) => child.status));
    },
  };
}

Deno.test("show exits 3 after an interrupted dump, 0 otherwise", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(
    Array.from({ length: COUNT }, (_, i) => `link add l${i} type ifb`)
      .join("\n"),
  );
  await using _churn = churn(here);
  const inconsistent = async (policy: string) => {
    for (let i = 0; i < 100; i++) {
      const shown = await netplumb(
        here,
        ..."show link --json --statistics --on-interrupt".split(" "),
        policy,
      );
      if (shown.code === 3) return shown;
      assertEquals([shown.code, shown.stderr], [0, ""]);
      assert(JSON.parse(shown.stdout).length > COUNT);
    }
    throw new Error("never interrupted");
  };
  const partial = await inconsistent("partial");
  assertMatch(partial.stderr, /^warning: .*objects may be missing/);
  assert(JSON.parse(partial.stdout).length > COUNT / 2);

  const error = await inconsistent("error");
  assertEquals(error.stdout, "");
  assertMatch(error.stderr, /RTM_GETLINK: changes interrupted the dump 1 time/);
});
