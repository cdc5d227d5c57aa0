// deno task bench:start: start of a process to the end of --help, with warm
// caches of Deno and the system.

import { bench } from "./harness/bench.ts";
import type { Case, Contestant } from "./harness/case.ts";
import { Meter } from "./harness/once.ts";
import { netplumb, own, type Workshop } from "./harness/workshop.ts";

const EMPTY = "deno, an empty file";
const HELP = "netplumb --help";
const ECHO_HELP = "netplumb echo --help";
const SHOW_LINK = "netplumb show link";
const UDP = "netplumb, import ./udp";
const ALL = "netplumb, import .";

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

async function cases(workshop: Workshop): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  const directory = await workshop.directory();
  const meter = new Meter(await workshop.c("usage"), `${directory}/used.json`);
  const importing = (name: string, script: string): Contestant => ({
    name,
    async measure() {
      const { cpu, peak } = await meter.run(own(script));
      return { value: cpu * 1e3, resident: peak };
    },
  });
  return [{
    name: "help",
    title: "From start to end of the help",
    unit: "ms",
    better: "less",
    contestants: [
      starting(EMPTY, own("empty.ts")),
      starting(HELP, netplumb("--help")),
      starting(ECHO_HELP, netplumb("echo", "--help")),
      starting(SHOW_LINK, netplumb("show", "link")),
    ],
    goals: [
      { ours: HELP, against: EMPTY, above: 30 },
      { ours: SHOW_LINK, against: EMPTY, above: 60 },
    ],
  }, {
    name: "import",
    title: "Processor time of a program that imports",
    unit: "ms",
    better: "less",
    contestants: [
      importing(EMPTY, "empty.ts"),
      importing(UDP, "import_udp.ts"),
      importing(ALL, "import_all.ts"),
    ],
    goals: [
      { ours: UDP, against: EMPTY, above: 8 },
      { ours: ALL, against: EMPTY, above: 30 },
    ],
  }];
}

await bench({
  name: "start",
  rounds: 31,
  seconds: 0,
  ours: (name) => name.startsWith("netplumb"),
  cases,
});
