// The soak: `deno task soak [--minutes N] [--record FILE.json] [--samples FILE]`.
// Echo at full load, a monitor under churn and TUN under traffic, with faults all
// the time; ends with 1 and says what grew or was lost. Needs root, gcc and
// Debian's libfaketime, which it fetches itself.

import { parseArgs } from "@std/cli/parse-args";
import { unpack } from "../support/debian.ts";
import { disturb } from "./disturb.ts";
import {
  faults,
  losses,
  MEMORY,
  type Objects,
  STEP,
  verdicts,
} from "./judge.ts";
import { openScene, ROUTES, type Scene, WINDOW } from "./lab.ts";
import { plot } from "./plot.ts";
import { type Sample, sample } from "./sample.ts";
import { sleep } from "./sleep.ts";

/** Seconds between two samples. */
const EVERY = 5;

const args = parseArgs(Deno.args, {
  string: ["minutes", "record", "samples"],
  default: { minutes: "30" },
});
const seconds = Number(args.minutes) * 60;
/** Code is compiled and buffers grow to their size in a fifth of the time. */
const warmUp = Math.min(300, seconds / 5);

/** Names of what happened, and how often. */
const happened: Record<string, number> = {};
/** How often the links of an client were down. */
const flaps: Record<string, number> = {};

let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => stopped = true);
}

async function soak(scene: Scene, clock: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  const started = performance.now();
  const passed = () => (performance.now() - started) / 1000;
  const look = () => samples.push(sample(scene, passed()));
  const timer = setInterval(look, EVERY * 1000);
  const all = [...scene.subjects, ...scene.clients];
  const failed = Promise.race(all.map(({ failed }) => failed));
  const disturbances = disturb(scene, clock);
  try {
    while (passed() < seconds && !stopped) {
      const { value } = await Promise.race([disturbances.next(), failed]);
      happened[value.what] = (happened[value.what] ?? 0) + 1;
      for (const client of value.losers) {
        flaps[client] = (flaps[client] ?? 0) + 1;
      }
      await Promise.race([sleep(3000), failed]);
    }
    // The losses of the last one are known after the clients' timeout.
    await Promise.race([sleep(10_000), failed]);
    look();
  } finally {
    clearInterval(timer);
  }
  return samples;
}

/** Waits until the monitor knows as many objects as the kernel has. */
async function compareMonitor(scene: Scene): Promise<Objects> {
  await scene.endChanges();
  const monitor = scene.subjects.find(({ name }) => name === "monitor")!;
  const end = performance.now() + 30_000;
  for (;;) {
    const there = await scene.countObjects();
    const known = monitor.last!.counts.known;
    if (known === there || performance.now() > end) return { there, known };
    await sleep(1000);
  }
}

const { folder } = await unpack("libfaketime");
const clock = await Deno.makeTempFile({ prefix: "netplumb-clock-" });
await Deno.writeTextFile(clock, "+0");
const library = "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
const env = {
  LD_PRELOAD: `${folder}/${library}`,
  FAKETIME_TIMESTAMP_FILE: clock,
  FAKETIME_CACHE_DURATION: "1",
  DONT_FAKE_MONOTONIC: "1",
  FAKETIME_DONT_FAKE_MONOTONIC: "1",
};
let samples: Sample[];
/** What is known when all programs have ended, beside the samples. */
let end: {
  readonly netem: boolean;
  /** Milliseconds that the longest restoration of the reconciler took. */
  readonly restored: number;
  readonly objects: Objects;
};
try {
  await using scene = await openScene(env);
  samples = await soak(scene, clock);
  end = {
    netem: scene.netem,
    restored: Math.round(scene.kept.longest),
    objects: await compareMonitor(scene),
  };
} finally {
  await Deno.remove(clock);
}
const last = samples.at(-1)!;
const subjects = verdicts(samples, warmUp);
const clients = losses(last, flaps);
const wrong = faults(subjects, clients, end.objects);
const record = {
  date: new Date().toISOString().slice(0, 10),
  deno: Deno.version.deno,
  kernel: Deno.osRelease().split("-")[0],
  machine: Deno.build.arch,
  minutes: Math.round(last.seconds / 60),
  warmUp,
  bound: MEMORY,
  step: STEP,
  window: WINDOW,
  routes: ROUTES,
  ...end,
  happened,
  subjects,
  clients,
  faults: wrong,
  counts: Object.fromEntries(
    Object.entries(last.subjects).map(([name, { counts }]) => [name, counts]),
  ),
};
console.log(JSON.stringify(record, null, 2));
for (const line of wrong) console.error(line);
if (args.samples !== undefined) {
  await Deno.writeTextFile(args.samples, JSON.stringify(samples));
}
if (args.record !== undefined) {
  await Deno.writeTextFile(args.record, JSON.stringify(record, null, 2) + "\n");
  await Deno.writeTextFile(
    args.record.replace(/\.json$/, ".svg"),
    plot(samples),
  );
}
Deno.exitCode = wrong.length === 0 ? 0 : 1;
