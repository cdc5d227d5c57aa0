// deno task bench:change: routes added by the library and by `ip -batch`.

import { Lab, type Netns } from "../tests/support/netns.ts";
import { bench } from "./harness/bench.ts";
import type { Case, Contestant, Sample } from "./harness/case.ts";
import { addLinkForRoutes, numbered, routeLine } from "./harness/routes.ts";
import { own, type Workshop } from "./harness/workshop.ts";

const APPLY = "netplumb, Network.apply";
const BATCH = "ip -batch, whole process";

const ROUTES = 100_000;
/** Turns of the library before the first measurement. */
const WARM = 2;

/** A namespace with a link for routes. */
async function place(workshop: Workshop): Promise<Netns> {
  const { here } = workshop.use(await Lab.open("here"));
  await addLinkForRoutes(here);
  return here;
}

/** Deletes the routes after each turn. */
function adding(
  name: string,
  { name: netns, exec }: Netns,
  add: () => Promise<Sample>,
): Contestant {
  return {
    name,
    async measure() {
      const sample = await add();
      const [command, ...args] = [
        ...exec,
        ...["ip", "route", "flush", "proto", "static"],
      ];
      const { success } = await new Deno.Command(command, { args }).output();
      if (!success) throw new Error(`no flush of the routes of ${netns}`);
      return sample;
    },
  };
}

async function cases(workshop: Workshop): Promise<Case[]> {
  const ours = await place(workshop);
  const theirs = await place(workshop);
  const program = await workshop.start([
    ...ours.exec,
    ...own("apply.ts", "eth0"),
  ], {
    ready: "ready",
  });
  const apply = adding(APPLY, ours, async () => {
    const before = program.cpuSeconds();
    const { seconds } = JSON.parse(await program.request(String(ROUTES)));
    const cpu = program.cpuSeconds() - before;
    return {
      value: seconds * 1e3,
      cpu: cpu * 1e6 / ROUTES,
      resident: program.resident(),
    };
  });
  for (let turn = 0; turn < WARM; turn++) await apply.measure();
  const file = `${await workshop.directory()}/routes`;
  await Deno.writeTextFile(file, numbered(ROUTES, routeLine) + "\n");
  const batch = adding(BATCH, theirs, async () => {
    const begin = performance.now();
    const { success } = await new Deno.Command("ip", {
      args: ["-n", theirs.name, "-batch", file],
    }).output();
    if (!success) throw new Error("ip -batch failed");
    return { value: performance.now() - begin };
  });
  return [{
    name: "routes",
    title: `${ROUTES.toLocaleString("en")} routes added`,
    unit: "ms",
    better: "less",
    work: "route",
    contestants: [apply, batch],
    goals: [{ ours: APPLY, against: BATCH, most: 1.2 }],
  }];
}

await bench({
  name: "change",
  rounds: 11,
  seconds: 0,
  free: true,
  ours: (name) => name.startsWith("netplumb"),
  cases,
});
