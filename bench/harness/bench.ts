// Common part of all bench tasks: build, measure in turns, print, record.

import { parseArgs } from "@std/cli";
import { type Case, measure } from "./case.ts";
import { checkout, chooseCheckout, isHere } from "./checkout.ts";
import { disposeOnInterrupt, interruptible } from "./cleanup.ts";
import { machine } from "./machine.ts";
import { publish } from "./report.ts";
import { judge, type TopicResult } from "./result.ts";
import { markdown } from "./table.ts";
import { Workshop } from "./workshop.ts";

const USAGE = `Options of a bench task:
  --rounds N     number of turns of each program
  --seconds S    duration of a turn, for work without an end
  --only TEXT    run the cases whose name contains the text
  --free         let the scheduler choose processors; default: servers on the
                 first, clients on the last
  --json         print JSON instead of tables
  --no-write     do not update docs/engineering-log.md
  --checkout DIR measure the library and the command of another checkout, and
                 do not update docs/engineering-log.md (wait, ensure, scale)`;

/** The settings of a topic. */
export interface Settings {
  /** The duration of a turn, in seconds. */
  readonly seconds: number;
  /** The processor for servers; undefined for any. */
  readonly server: number | undefined;
  /** The processor for clients. */
  readonly client: number | undefined;
}

/** A topic: its cases, built from the available programs. */
export interface Topic {
  readonly name: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Without client and server: the scheduler chooses the processors. */
  readonly free?: boolean;
  /** Whether all its programs can use the library of another checkout. */
  readonly anyCheckout?: boolean;
  /** Whether a program is part of netplumb, by name. */
  ours(name: string): boolean;
  cases(workshop: Workshop, settings: Settings): Promise<Case[]>;
}

/** Runs a topic. */
export function bench(topic: Topic): Promise<void> {
  return interruptible(() => runTopic(topic));
}

async function runTopic(topic: Topic): Promise<void> {
  const options = parseArgs(Deno.args, {
    string: ["rounds", "seconds", "only", "checkout"],
    boolean: ["free", "json", "help", "write"],
    negatable: ["write"],
    default: { write: true },
  });
  const wrong = options._.length > 0 ||
    options.checkout !== undefined && !topic.anyCheckout;
  if (options.help || wrong) {
    console.error(USAGE);
    Deno.exit(options.help ? 0 : 2);
  }
  chooseCheckout(options.checkout);
  const rounds = Number(options.rounds ?? topic.rounds);
  const seconds = Number(options.seconds ?? topic.seconds);
  const processors = navigator.hardwareConcurrency;
  const pinned = !options.free && !topic.free && processors > 1;
  await using workshop = disposeOnInterrupt(new Workshop());
  const all = await topic.cases(workshop, {
    seconds,
    server: pinned ? 0 : undefined,
    client: pinned ? processors - 1 : undefined,
  });
  const chosen = all.filter(({ name }) => name.includes(options.only ?? ""));
  const cases = [];
  for (const one of chosen) {
    const turns = Math.min(rounds, one.rounds ?? rounds);
    const measured = await measure(one, turns, (round) => {
      progress(`${topic.name} ${one.name}: round ${round + 1} of ${turns}`);
    });
    cases.push(judge(measured));
  }
  progress("");
  const result: TopicResult = {
    topic: topic.name,
    date: new Date().toISOString().slice(0, 10),
    machine: await machine(),
    settings: {
      rounds,
      "seconds a turn": seconds,
      processors: pinned ? "one for each side" : "as scheduled",
      ...isHere() ? {} : { checkout: checkout() },
    },
    absent: workshop.absent,
    cases,
  };
  console.log(
    options.json ? JSON.stringify(result) : markdown(result, topic.ours),
  );
  // A part of a topic is not recorded.
  const whole = chosen.length === all.length && !options.free && isHere();
  if (options.write && whole) await publish(result, topic.ours);
}

/** Prints the current measurement on a terminal. */
export function progress(text: string): void {
  if (!Deno.stderr.isTerminal()) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}
