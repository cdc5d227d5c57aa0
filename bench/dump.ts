// deno task bench:dump: dumps of kernel tables, by running programs and by
// commands that print them.

import { Lab, type Netns } from "../tests/support/netns.ts";
import { bench } from "./harness/bench.ts";
import type { Case, Contestant, Sample } from "./harness/case.ts";
import { fillRoutes, numbered } from "./harness/routes.ts";
import { netplumb, own, peer, type Workshop } from "./harness/workshop.ts";

const OBJECTS = "netplumb, objects";
const LAZY = "netplumb, lazy list";
const NOTHING = "netplumb, nothing decoded";
const MNL = "C, libmnl, array of structs";
const RECEIVE = "C, libmnl, nothing decoded";
const GO = "Go, vishvananda/netlink";
const RUST = "Rust, rtnetlink";
const PYTHON = "Python, pyroute2";
const IP = "ip -j, whole process";
const SHOW = "netplumb show --json, whole process";
const IP_TEXT = "ip, whole process";
const SHOW_TEXT = "netplumb show, whole process";

const MNL_HEADER = "/usr/include/libmnl/libmnl.h";
// The directory of Debian's Python packages; another python3 in PATH does not
// have them.
const DEBIAN_PYTHON = "/usr/bin/python3";
const PYROUTE2 = "/usr/lib/python3/dist-packages/pyroute2";

const ROUTES = 100_000;
/** About the size of a full Internet table. */
const MANY_ROUTES = 1_000_000;
const PAIRS = 1_000;
const ENTRIES = 5_000;

/** Dumps in one turn, so that it takes some tenths of a second. */
const LARGE = 10;
const SMALL = 50;
/**
 * Seconds of dumps before the first measurement, so that all code is compiled.
 */
const WARM = 2;

/** Links, and addresses and neighbours of one of them. */
async function fillOthers(netns: Netns): Promise<void> {
  await netns.batch(`
    ${numbered(PAIRS, (i) => `link add a${i} type veth peer name b${i}`)}
    link set a0 up
    ${numbered(ENTRIES, (i) => `address add ${host(0, i)}/16 dev a0`)}
    ${
    numbered(ENTRIES, (i) =>
      `neighbour add ${host(128, i)} lladdr 02:00:00:00:${hex(i >> 8)}:\
${hex(i & 255)} dev a0 nud permanent`)
  }`);
}

function host(first: number, index: number): string {
  return `10.1.${first + (index >> 8)}.${index & 255}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/**
 * Starts programs that run this many dumps in a turn: with several, each turn
 * has its share of occasional work, above all garbage collection.
 */
function starter(workshop: Workshop, netns: Netns, dumps: number) {
  return async (
    name: string,
    command: readonly string[],
  ): Promise<Contestant> => {
    const words = [...netns.exec, ...command];
    const program = await workshop.start(words, { ready: "ready" });
    const warm = performance.now() + WARM * 1e3;
    while (dumps > 1 && performance.now() < warm) {
      await program.request(String(dumps));
    }
    return {
      name,
      async measure(): Promise<Sample> {
        const before = program.cpuSeconds();
        const done: { objects: number; seconds: number } = JSON.parse(
          await program.request(String(dumps)),
        );
        const cpu = program.cpuSeconds() - before;
        return {
          value: done.seconds * 1e3 / dumps,
          cpu: cpu * 1e6 / done.objects,
          resident: program.resident(),
        };
      },
    };
  };
}

/** Runs a program with its output in a file. */
function printing(
  name: string,
  file: string,
  command: readonly string[],
): Contestant {
  return {
    name,
    async measure(): Promise<Sample> {
      const begin = performance.now();
      const { success } = await new Deno.Command("sh", {
        args: ["-c", 'exec "$@" > "$0"', file, ...command],
        stderr: "inherit",
      }).spawn().status;
      const value = performance.now() - begin;
      if (!success) throw new Error(`${command.join(" ")} failed`);
      return { value };
    },
  };
}

/** The programs that this machine has. */
async function installed(workshop: Workshop) {
  const mnl = await workshop.has(MNL, "gcc") &&
    await workshop.has(MNL, MNL_HEADER);
  const python = await workshop.has(PYTHON, DEBIAN_PYTHON) &&
    await workshop.has(PYTHON, PYROUTE2);
  return {
    mnl: mnl ? await workshop.c("dump_mnl", "-lmnl") : undefined,
    go: await workshop.go(GO, "dump"),
    rust: await workshop.rust(RUST, "dump_rtnetlink"),
    python: python ? [DEBIAN_PYTHON, peer("dump_python.py")] : undefined,
  };
}

const TIME = { unit: "ms", better: "less" } as const;

async function cases(workshop: Workshop): Promise<Case[]> {
  const { routes, many, others } = workshop.use(
    await Lab.open("routes", "many", "others"),
  );
  await fillRoutes(routes, ROUTES);
  await fillRoutes(many, MANY_ROUTES);
  await fillOthers(others);
  const { mnl, go, rust, python } = await installed(workshop);
  const file = `${await workshop.directory()}/printed`;

  const large = starter(workshop, routes, LARGE);
  const objects = await large(OBJECTS, own("dump.ts", "routes"));
  const ip = printing(IP, file, ["ip", "-n", routes.name, "-j", "route"]);
  const title = `Dump of ${ROUTES.toLocaleString("en")} routes`;
  const all: Case[] = [{
    ...TIME,
    name: "routes",
    title,
    work: "route",
    contestants: [
      objects,
      await large(LAZY, own("dump.ts", "lazy")),
      await large(NOTHING, own("dump.ts", "nothing")),
      ...mnl
        ? [
          await large(MNL, [mnl, "route"]),
          await large(RECEIVE, [mnl, "receive"]),
        ]
        : [],
      ...rust ? [await large(RUST, [rust])] : [],
      ...go ? [await large(GO, [go])] : [],
      ip,
    ],
    goals: [
      { ours: OBJECTS, against: MNL, most: 1.1 },
      { ours: LAZY, against: MNL, most: 0.85 },
      { ours: OBJECTS, against: RUST, faster: 2 },
      { ours: OBJECTS, against: GO, faster: 4 },
      { ours: OBJECTS, against: IP, faster: 1.8 },
    ],
  }];
  if (python !== undefined) {
    all.push({
      ...TIME,
      name: "python",
      title: `${title}, beside Python`,
      work: "route",
      rounds: 3,
      contestants: [
        objects,
        await starter(workshop, routes, 1)(PYTHON, python),
      ],
      goals: [{ ours: OBJECTS, against: PYTHON, faster: 80 }],
    });
  }
  const small = starter(workshop, others, SMALL);
  for (
    const [what, count] of [
      ["link", 2 * PAIRS],
      ["neighbour", ENTRIES],
      ["address", ENTRIES],
    ] as const
  ) {
    const plural = what === "address" ? "addresses" : `${what}s`;
    all.push({
      ...TIME,
      name: plural,
      title: `Dump of ${count.toLocaleString("en")} ${plural}`,
      work: what,
      contestants: [
        await small(OBJECTS, own("dump.ts", plural)),
        ...mnl ? [await small(MNL, [mnl, what])] : [],
      ],
      goals: [{ ours: OBJECTS, against: MNL, most: 1.1 }],
    });
  }
  const show = netplumb("show", "route", "--json", "--netns", routes.name);
  all.push({
    ...TIME,
    name: "show",
    title: `${ROUTES.toLocaleString("en")} routes printed as JSON to a file`,
    contestants: [printing(SHOW, file, show), ip],
    goals: [{ ours: SHOW, against: IP, most: 1.25 }],
  });
  const count = MANY_ROUTES.toLocaleString("en");
  const showMany = (...words: string[]) =>
    netplumb("show", "route", ...words, "--netns", many.name);
  all.push({
    ...TIME,
    name: "show-many",
    title: `${count} routes printed as JSON to a file`,
    rounds: 5,
    contestants: [
      printing(SHOW, file, showMany("--json")),
      printing(IP, file, ["ip", "-n", many.name, "-j", "route"]),
    ],
    goals: [{ ours: SHOW, against: IP, most: 0.4 }],
  }, {
    ...TIME,
    name: "show-many-text",
    title: `${count} routes printed as text to a file`,
    rounds: 5,
    contestants: [
      printing(SHOW_TEXT, file, showMany()),
      printing(IP_TEXT, file, ["ip", "-n", many.name, "route"]),
    ],
    goals: [{ ours: SHOW_TEXT, against: IP_TEXT, most: 0.9 }],
  });
  return all;
}

await bench({
  name: "dump",
  rounds: 15,
  seconds: 0,
  free: true,
  ours: (name) => name.startsWith("netplumb"),
  cases,
});
