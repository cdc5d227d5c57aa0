// deno task bench:ensure: a configuration of 100 veth pairs and 1,600 routes,
// applied, compared and reconciled.

import { bench } from "./harness/bench.ts";
import type { Case, Contestant } from "./harness/case.ts";
import { KINDS } from "./harness/network.ts";
import { Meter } from "./harness/once.ts";
import { Reconciled, Site } from "./harness/site.ts";
import { netplumb, type Workshop } from "./harness/workshop.ts";

const ROUTES = 1_600;
const KIND = KINDS["routes by gateway"];

const ENSURE = "netplumb ensure --once";
const KEEP = "netplumb ensure";
const HELP = "netplumb ensure --help";
const ONE_LINK = "netplumb ensure --once, one link";
const BATCH = "ip -batch";
const READ = "ip -j link, address, route";

const ROUNDS = 5;
const TIME = { unit: "ms", better: "less", rounds: ROUNDS } as const;

async function cases(workshop: Workshop): Promise<Case[]> {
  if (!await workshop.has("every program", "gcc")) return [];
  const directory = await workshop.directory();
  const meter = new Meter(await workshop.c("usage"), `${directory}/used.json`);
  const oneLink = `${directory}/one-link.yaml`;
  await Deno.writeTextFile(oneLink, "links: [{ name: lo, up: true }]\n");
  const made = workshop.use(await Site.made(KIND, ROUTES));
  const running = (name: string, command: readonly string[]): Contestant => ({
    name,
    async measure() {
      const { seconds, cpu, peak } = await meter.run(command);
      return { value: seconds * 1e3, cpu: cpu * 1e6, resident: peak };
    },
  });
  const read = [made.near, made.far].flatMap((name) =>
    ["-d link", "address", "route show table all"].map((words) =>
      `ip -n ${name} -j ${words} > /dev/null`
    )
  ).join("; ");
  let reconciled: Reconciled | undefined;
  const title = `100 veth pairs and ${ROUTES.toLocaleString("en")} routes`;
  return [
    {
      ...TIME,
      name: "first",
      title: `${title}, first run`,
      work: "run",
      contestants: [
        {
          name: ENSURE,
          async measure() {
            await using site = await Site.open(KIND, ROUTES);
            const { seconds, cpu, peak } = await meter.run(
              netplumb("ensure", site.file, "--once", "--quiet"),
            );
            return { value: seconds * 1e3, cpu: cpu * 1e6, resident: peak };
          },
        },
        {
          name: BATCH,
          async measure() {
            await using site = await Site.open(KIND, ROUTES);
            let [value, cpu] = [0, 0];
            await site.make(async (words, options) => {
              const used = await meter.run(words, options);
              value += used.seconds * 1e3;
              cpu += used.cpu * 1e6;
            });
            return { value, cpu };
          },
        },
      ],
      goals: [],
    },
    {
      ...TIME,
      name: "second",
      title: `${title}, second run`,
      work: "run",
      contestants: [
        running(ENSURE, netplumb("ensure", made.file, "--once", "--quiet")),
        running(ONE_LINK, netplumb("ensure", oneLink, "--once", "--quiet")),
        running(HELP, netplumb("ensure", "--help")),
        running(READ, ["sh", "-c", read]),
      ],
      goals: [{ ours: ENSURE, against: HELP, above: 300 }],
    },
    {
      ...TIME,
      name: "restore",
      title: `${title}, one deleted route back`,
      work: "route",
      contestants: [{
        name: KEEP,
        async measure() {
          reconciled ??= workshop.use(
            await Reconciled.start(made, KIND.restorable!),
          );
          const { seconds, cpu, peak } = await reconciled.restore();
          return { value: seconds * 1e3, cpu: cpu * 1e6, resident: peak };
        },
      }],
      goals: [{ ours: KEEP, limit: 100 }],
    },
  ];
}

await bench({
  name: "ensure",
  rounds: ROUNDS,
  seconds: 0,
  free: true,
  anyCheckout: true,
  ours: (name) => name.startsWith("netplumb"),
  cases,
});
