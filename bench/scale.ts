// deno task bench:scale: one dimension grows by 4x at a time; 4x the work may
// cost 5x. Exits with 1 if it costs more.

import { parseArgs } from "@std/cli";
import { progress } from "./harness/bench.ts";
import { checkout, chooseCheckout, isHere } from "./harness/checkout.ts";
import {
  type Cost,
  FACTOR,
  grow,
  type Growth,
  type GrowthCase,
  growthTable,
  MOST,
} from "./harness/growth.ts";
import { disposeOnInterrupt, interruptible } from "./harness/cleanup.ts";
import { machine } from "./harness/machine.ts";
import { KINDS } from "./harness/network.ts";
import { Meter, onceJson, withFiles } from "./harness/once.ts";
import { publishText } from "./harness/report.ts";
import { followed, Reconciled, Site } from "./harness/site.ts";
import { netplumb, own, ownWithGc, Workshop } from "./harness/workshop.ts";

const USAGE = `Options:
  --rounds N     how often each size is measured; the best counts
  --only TEXT    only the cases whose name contains it
  --list         print the names of the cases
  --json         print JSON instead of a table
  --no-write     leave docs/engineering-log.md as it is
  --checkout DIR measure the library and the command of another checkout, and
                 leave docs/engineering-log.md as it is`;

const ROUNDS = 3;

/** Times of a process below this are noise, in seconds. */
const PROCESS = 0.05;
/** The same for a part of a process. */
const PART = 0.04;

type KindName = keyof typeof KINDS;

let meter: Meter;

/**
 * A part of the work of a program in bench/programs, by its name in the output.
 */
function part(
  name: string,
  { from, steps }: { from: number; steps: number },
  part: string,
  command: (size: number) => readonly string[],
): GrowthCase {
  return {
    name,
    from,
    steps,
    floor: PART,
    prepare: (size) =>
      Promise.resolve({
        async measure() {
          const printed = await onceJson<Record<string, number>>(
            meter.words(command(size)),
          );
          return { seconds: printed[part], peak: meter.used().peak };
        },
        async [Symbol.asyncDispose]() {},
      }),
  };
}

/** A part of the work of programs/sockets.ts. */
function sockets(name: string, what: string, does: string): GrowthCase {
  return part(name, { from: 1_000, steps: 3 }, does, (size) => [
    ...withFiles(size),
    ...ownWithGc("sockets.ts", what, String(size)),
  ]);
}

/** Parsing the configuration of a network, in the library. */
function parse(kind: KindName, from: number, steps: number): GrowthCase {
  return part(
    `parsed: ${kind}`,
    { from, steps },
    "seconds",
    (size) => own("parse.ts", kind, String(size)),
  );
}

function ensureStart(): Promise<Cost> {
  return meter.run(netplumb("ensure", "--help"));
}

/** `ensure` creates a network, compared with `ip -batch`. */
function ensureFirst(kind: KindName, from: number, steps: number): GrowthCase {
  return {
    name: `ensure, first run: ${kind}`,
    from,
    steps,
    floor: PROCESS,
    start: ensureStart,
    prepare: (size) =>
      Promise.resolve({
        async measure() {
          await using site = await Site.open(KINDS[kind], size);
          const command = netplumb("ensure", site.file, "--once", "--quiet");
          return await meter.run(command);
        },
        async peer() {
          await using site = await Site.open(KINDS[kind], size);
          let seconds = 0;
          await site.make(async (words, options) => {
            seconds += (await meter.run(words, options)).seconds;
          });
          return { seconds };
        },
        async [Symbol.asyncDispose]() {},
      }),
  };
}

/** `ensure` checks a network without differences. */
function ensureAgain(kind: KindName, from: number, steps: number): GrowthCase {
  return {
    name: `ensure, second run: ${kind}`,
    from,
    steps,
    floor: PROCESS,
    start: ensureStart,
    async prepare(size) {
      const site = await Site.made(KINDS[kind], size);
      const command = netplumb("ensure", site.file, "--once", "--quiet");
      return {
        measure: () => meter.run(command),
        [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
      };
    },
  };
}

/** `ensure` restores a deleted object: processor time. */
function ensureRestore(
  kind: KindName,
  from: number,
  steps: number,
): GrowthCase {
  return {
    name: `ensure, one back (CPU): ${kind}`,
    from,
    steps,
    floor: PART,
    async prepare(size) {
      const { restorable } = KINDS[kind];
      if (restorable === undefined) throw new Error(`${kind}: none to delete`);
      const owned = new AsyncDisposableStack();
      const site = owned.use(await Site.made(KINDS[kind], size));
      try {
        const reconciled = owned.use(await Reconciled.start(site, restorable));
        return {
          async measure() {
            const { cpu, peak } = await reconciled.restore();
            return { seconds: cpu, peak };
          },
          [Symbol.asyncDispose]: () => owned.disposeAsync(),
        };
      } catch (error) {
        await owned.disposeAsync();
        throw error;
      }
    },
  };
}

/** `show` prints a kernel table as JSON, compared with `ip -j`. */
function show(
  object: string,
  kind: KindName,
  from: number,
  steps: number,
): GrowthCase {
  return {
    name: `show ${object}`,
    from,
    steps,
    floor: PROCESS,
    start: () => meter.run(netplumb("show", "--help")),
    async prepare(size) {
      const site = await Site.made(KINDS[kind], size, { checked: false });
      return {
        measure: () =>
          meter.run(netplumb("show", object, "--json", "--netns", site.near)),
        peer: () => meter.run(["ip", "-n", site.near, "-j", object]),
        [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
      };
    },
  };
}

/**
 * `monitor` prints additions and deletions, compared with `ip monitor`: CPU.
 */
function monitor(
  object: string,
  kind: KindName,
  from: number,
  steps: number,
): GrowthCase {
  return {
    name: `monitor ${object} (CPU)`,
    from,
    steps,
    floor: PROCESS,
    async prepare(size) {
      const ours = (netns: string) =>
        netplumb("monitor", object, "--quiet", "--netns", netns);
      // `ip monitor` knows only this name.
      const word = object === "neighbour" ? "neigh" : object;
      const theirs = (netns: string) => ["ip", "-n", netns, "monitor", word];
      return await Promise.resolve({
        measure: () => followed(KINDS[kind], size, ours),
        peer: () => followed(KINDS[kind], size, theirs),
        async [Symbol.asyncDispose]() {},
      });
    },
  };
}

/** The cases: one line for each dimension. */
const CASES: readonly GrowthCase[] = [
  sockets("sockets opened", "idle", "open"),
  sockets("idle sockets closed", "idle", "close"),
  sockets("receive() begun, one a socket", "receive", "wait"),
  sockets("sockets in receive() closed", "receive", "close"),
  sockets("sockets in for await closed", "iterate", "close"),
  sockets("waits on one AbortSignal aborted", "abort", "abort"),
  sockets("receive() on one socket, served", "queue", "receive"),
  parse("routes by gateway", 4_000, 3),
  parse("rules", 4_000, 3),
  parse("veth pairs", 1_000, 3),
  parse("addresses", 4_000, 3),
  parse("neighbours", 4_000, 3),
  parse("nexthops", 4_000, 3),
  parse("namespaces", 250, 3),
  ensureFirst("routes by gateway", 400, 3),
  ensureFirst("rules", 500, 3),
  ensureFirst("veth pairs", 100, 2),
  ensureFirst("addresses", 500, 3),
  ensureFirst("neighbours", 500, 3),
  ensureFirst("nexthops", 500, 3),
  ensureFirst("namespaces", 16, 2),
  ensureAgain("routes by gateway", 400, 3),
  ensureAgain("rules", 1_000, 3),
  ensureAgain("veth pairs", 100, 3),
  ensureAgain("addresses", 1_000, 3),
  ensureAgain("neighbours", 1_000, 3),
  ensureAgain("nexthops", 1_000, 3),
  ensureAgain("namespaces", 16, 2),
  ensureRestore("routes by gateway", 400, 2),
  ensureRestore("rules", 1_000, 2),
  ensureRestore("veth pairs", 100, 2),
  ensureRestore("addresses", 1_000, 3),
  ensureRestore("neighbours", 1_000, 2),
  ensureRestore("nexthops", 1_000, 2),
  show("link", "veth pairs", 250, 3),
  show("address", "addresses", 1_000, 3),
  show("route", "routes by gateway", 16_000, 3),
  show("neighbour", "neighbours", 4_000, 3),
  monitor("link", "veth pairs", 100, 2),
  monitor("address", "addresses of links", 1_000, 3),
  monitor("route", "routes by gateway", 4_000, 3),
  monitor("neighbour", "neighbours", 1_000, 3),
];

const options = parseArgs(Deno.args, {
  string: ["rounds", "only", "checkout"],
  boolean: ["json", "help", "list", "write"],
  negatable: ["write"],
  default: { write: true },
});
if (options.help || options._.length > 0) {
  console.error(USAGE);
  Deno.exit(options.help ? 0 : 2);
}
if (options.list) {
  for (const { name } of CASES) console.log(name);
  Deno.exit(0);
}
chooseCheckout(options.checkout);
const rounds = Number(options.rounds ?? ROUNDS);
const chosen = CASES.filter(({ name }) => name.includes(options.only ?? ""));
const growths: Growth[] = [];
await interruptible(async () => {
  await using workshop = disposeOnInterrupt(new Workshop());
  const directory = await workshop.directory();
  meter = new Meter(await workshop.c("usage"), `${directory}/used.json`);
  for (const one of chosen) {
    growths.push(
      await grow(one, rounds, (size) => {
        progress(`scale ${one.name}: ${size.toLocaleString("en")}`);
      }),
    );
  }
  progress("");
});
const result = {
  topic: "scale",
  date: new Date().toISOString().slice(0, 10),
  machine: await machine(),
  settings: { rounds, ...isHere() ? {} : { checkout: checkout() } },
  goal: `${FACTOR}x the work at most ${MOST}x the cost`,
  growths,
};
const over = growths.filter(({ reached }) => !reached);
const failed = growths.flatMap(({ name, steps }) =>
  steps.flatMap(({ size, failed }) =>
    failed === undefined ? [] : [`- ${name}, ${size}: ${failed}`]
  )
);
const facts = Object.entries({ ...result.machine, ...result.settings })
  .map(([name, value]) => `${name} ${value}`);
const text = [
  growthTable(growths),
  ...failed.length === 0 ? [] : [`Failed:\n\n${failed.join("\n")}`],
  `Goal: ${result.goal}. Reached: ${growths.length - over.length} of ` +
  `${growths.length}.`,
  `Measured ${result.date}: ${facts.join(", ")}.`,
].join("\n\n");
console.log(options.json ? JSON.stringify(result) : text);
if (options.write && chosen.length === CASES.length && isHere()) {
  await publishText("scale", result, text);
}
Deno.exit(over.length > 0 ? 1 : 0);
