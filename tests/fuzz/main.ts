// The long run: `deno task fuzz [--target NAME]... [--cases N] [--seed N]
// [--record FILE]`. A finding is kept in the corpus and ends the run with 1.

import { parseArgs } from "@std/cli/parse-args";
import { keep, readCorpus } from "./corpus.ts";
import { Finding, fuzz } from "./run.ts";
import { targets } from "./targets/mod.ts";

/** One target's run, as docs/reliability.md reports it. */
interface Run {
  readonly target: string;
  readonly cases: number;
  readonly seed: number;
  readonly seconds: number;
  readonly findings: number;
}

/** Inputs between two looks at the clock. */
const SLICE = 100_000;

const args = parseArgs(Deno.args, {
  string: ["target", "cases", "seed", "record"],
  collect: ["target"],
  default: { cases: "1000000", seed: `${Date.now() % 1_000_000}` },
});
const wanted = args.target.length === 0
  ? targets
  : targets.filter(({ name }) => args.target.includes(name));
const runs: Run[] = [];
let findings = 0;

for (const target of wanted) {
  const corpus = readCorpus(target.corpus ?? target.name);
  const started = performance.now();
  const total = Math.ceil(Number(args.cases) / (target.cost ?? 1));
  let cases = 0;
  let found = 0;
  for (let seed = Number(args.seed); cases < total; seed++) {
    try {
      cases += fuzz(target, {
        cases: Math.min(SLICE, total - cases),
        seed,
        corpus,
      });
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      console.error(error.message);
      keep(target.corpus ?? target.name, `finding-${seed}`, error.input);
      found++;
      break;
    }
  }
  findings += found;
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${target.name}: ${cases} inputs in ${seconds} s`);
  runs.push({
    target: target.name,
    cases,
    seed: Number(args.seed),
    seconds,
    findings: found,
  });
}
if (args.record !== undefined) {
  const record = {
    date: new Date().toISOString().slice(0, 10),
    deno: Deno.version.deno,
    kernel: Deno.osRelease().split("-")[0],
    machine: Deno.build.arch,
    runs,
  };
  const text = JSON.stringify(record, null, 2);
  await Deno.writeTextFile(args.record, text + "\n");
}
Deno.exitCode = findings === 0 ? 0 : 1;
