// deno task bench:start: start of a process to the end of --help, with warm
// caches of Deno and the system.

import { bench } from "./harness/bench.ts";
import type { Case, Contestant } from "./harness/case.ts";
import { netplumb, own } from "./harness/workshop.ts";

const EMPTY = "deno, an empty file";
const HELP = "netplumb --help";
const ECHO_HELP = "netplumb echo --help";

function starting(name: string, command: readonly string[]): Contestant {
  return {
    name,
    async measure() {
      const [program, ...args] = command;
      const start = performance.now();
      const { success } = await new Deno.Command(program, { args }).output();
      const value = performance.now() - start;
      if (!success) throw new Error(`${command.join(" ")} failed`);
      return { value };
    },
  };
}

function cases(): Promise<Case[]> {
  return Promise.resolve([{
    name: "help",
    title: "From start to end of the help",
    unit: "ms",
    better: "less",
    contestants: [
      starting(EMPTY, own("empty.ts")),
      starting(HELP, netplumb("--help")),
      starting(ECHO_HELP, netplumb("echo", "--help")),
    ],
    goals: [{ ours: HELP, against: EMPTY, above: 60 }],
  }]);
}

await bench({
  name: "start",
  rounds: 31,
  seconds: 0,
  ours: (name) => name.startsWith("netplumb"),
  cases,
});
