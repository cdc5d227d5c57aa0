// deno task bench:ensure: a configuration of 100 veth pairs and 1,600 routes,
// applied, compared and reconciled.

import { Lab } from "../tests/support/netns.ts";
import { bench } from "./harness/bench.ts";
import type { Case, Contestant } from "./harness/case.ts";
import { KINDS } from "./harness/network.ts";
import { Meter, once } from "./harness/once.ts";
import { Reconciled, Site } from "./harness/site.ts";
import { netplumb, type Workshop } from "./harness/workshop.ts";

const PAIRS = 100;
const ROUTES = 1_600;
const KIND = KINDS["routes by gateway"];

const ENSURE = "netplumb ensure --once";
const KEEP = "netplumb ensure";
const HELP = "netplumb ensure --help";
const ONE_LINK = "netplumb ensure --once, one link";
const BATCH = "ip -batch";
const READ = "ip -j link, address, route";
const IFSTATE = "ifstate";

const ROUNDS = 5;
const TIME = { unit: "ms", better: "less", rounds: ROUNDS } as const;

/** Veth pairs of one namespace, with addresses, in ifstate's format and ours. */
function pairsOf(count: number): { ifstate: object; ensure: object } {
  const pairs = Array.from({ length: count }, (_, index) => ({
    name: `a${index}`,
    peer: `b${index}`,
    addresses: [`10.0.${index}.1/24`],
  }));
  return {
    ifstate: {
      interfaces: Object.fromEntries(
        pairs.flatMap(({ name, peer, addresses }) => [
          [name, { addresses, link: { kind: "veth", state: "up", peer } }],
          [peer, {
            addresses: [],
            link: { kind: "veth", state: "up", peer: name },
          }],
        ]),
      ),
    },
    ensure: {
      links: pairs.map(({ name, peer, addresses }) => ({
        name,
        kind: "veth",
        up: true,
        addresses,
        options: { peer: { name: peer, up: true } },
      })),
    },
  };
}

/** Two runs of each, in namespaces of their own. */
async function besideIfstate(workshop: Workshop): Promise<Case[]> {
  const program = await workshop.pip(IFSTATE, "ifstate==2.5.1", "ifstatecli");
  if (program === undefined) return [];
  const { ours, theirs } = workshop.use(await Lab.open("ours", "theirs"));
  const directory = await workshop.directory();
  const { ifstate, ensure } = pairsOf(PAIRS);
  const file = (name: string) => `${directory}/${name}.json`;
  await Deno.writeTextFile(file("ifstate"), JSON.stringify(ifstate));
  await Deno.writeTextFile(file("ensure"), JSON.stringify(ensure));
  // It deletes named network namespaces: here it sees none.
  const hidden = 'mount -t tmpfs tmpfs /run/netns; exec "$@"';
  const timed = (name: string, command: readonly string[]): Contestant => ({
    name,
    async measure() {
      const begin = performance.now();
      await once(command, { timeout: 600 });
      return { value: performance.now() - begin };
    },
  });
  const contestants = [
    timed(ENSURE, [
      ...ours.exec,
      ...netplumb("ensure", file("ensure"), "--once", "--quiet"),
    ]),
    timed(IFSTATE, [
      ...theirs.exec,
      ...["unshare", "--mount", "sh", "-ec", hidden, "", program],
      ...["-q", "-c", file("ifstate"), "apply"],
    ]),
  ];
  return ["first", "second"].map((run) => ({
    ...TIME,
    name: `ifstate-${run}`,
    title: `${PAIRS} veth pairs of one namespace, ${run} run`,
    rounds: 1,
    contestants,
    goals: [{ ours: ENSURE, against: IFSTATE, faster: 50 }],
  }));
}

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
      // 150 ms, and about 100 ms for the start of the command.
      goals: [{ ours: ENSURE, against: BATCH, factor: 1.5, above: 250 }],
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
      goals: [{ ours: ENSURE, limit: 250 }],
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
      goals: [{ ours: KEEP, limit: 50 }],
    },
    ...await besideIfstate(workshop),
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
