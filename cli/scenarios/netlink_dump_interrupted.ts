// 2024: "interrupted system call" from a program that listed links while they
// changed.
//
// The kernel sends a dump in several datagrams. When the table changes between
// two of them, it sets NLM_F_DUMP_INTR and leaves the rest to the program.

import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg, RTM_GETLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { decodeLink } from "../../lib/rtnetlink/link/link.ts";
import { routeNames } from "../../lib/rtnetlink/attribute_names.ts";
import {
  DumpInterruptedError,
  NetlinkConnection,
} from "../../lib/netlink/mod.ts";
import {
  addLink,
  deleteLinkGroup,
  RouteSocket,
} from "../../lib/rtnetlink/mod.ts";
import {
  acceptsMalformed,
  loopsForever,
  monitorNames,
  wrongNames,
} from "./netlink_dump_interrupted_monitor.ts";
import { type RawDump, RawNetlink } from "./raw_netlink.ts";
import type { Observation, Runner, Scenario } from "./runner.ts";
import { TestNetwork } from "./test_network.ts";

/** Pairs of links that stay, so that a dump takes many datagrams. */
const PAIRS = 100;
/** The link that is deleted and added again during a dump. */
const MOVED = "moved";
const MOVED_GROUP = 3;
/** An index before those of the other links: a dump is past it soon. */
const FIRST_INDEX = 2;

interface Links {
  readonly network: TestNetwork;
  /** Changes links between two receives. */
  readonly changer: RawNetlink;
}

function movedLink(index?: number) {
  return addLink({
    name: MOVED,
    kind: "veth",
    group: MOVED_GROUP,
    index,
    options: { peer: { name: "moved-peer" } },
  });
}

async function build(runner: Runner): Promise<Links> {
  const network = runner.use(await TestNetwork.create());
  const changer = runner.use(new RawNetlink(network.namespace));
  changer.apply(movedLink());
  await network.apply(
    Array.from({ length: PAIRS }, (_, pair) =>
      addLink({
        name: `left${pair}`,
        kind: "veth",
        options: { peer: { name: `right${pair}` } },
      })),
  );
  return { network, changer };
}

/** Deletes the link and adds it again, behind or before all others. */
function move({ changer }: Links, to: "end" | "start"): void {
  changer.apply(deleteLinkGroup(MOVED_GROUP));
  changer.apply(movedLink(to === "start" ? FIRST_INDEX : undefined));
}

const occurrences = (names: readonly string[]) =>
  names.filter((name) => name === MOVED).length;

// A dump that ignores the flag

function dumpDuringMove(
  links: Links,
  reader: RawNetlink,
  to: "end" | "start",
): RawDump {
  return reader.dumpLinks((datagram) => {
    if (datagram === 3) move(links, to);
  });
}

async function wrongDumps(links: Links): Promise<Observation> {
  await using reader = new RawNetlink(links.network.namespace);
  const dumps: readonly (readonly [string, RawDump])[] = [
    ["no change", reader.dumpLinks()],
    [
      `${MOVED} is deleted and added behind the others`,
      dumpDuringMove(links, reader, "end"),
    ],
    [
      `${MOVED} is deleted and added before the others`,
      dumpDuringMove(links, reader, "start"),
    ],
  ];
  const counts = dumps.map(([, { names }]) => occurrences(names));
  const flags = dumps.map(([, { interrupted }]) => interrupted);
  const [[, { names, datagrams }]] = dumps;
  return {
    ok: flags.join() === "false,true,true" && counts.join() === "1,2,0",
    observed:
      `${names.length} links arrive in ${datagrams} datagrams; a change ` +
      "between two of them makes the result wrong",
    measured: { datagrams, occurrences: counts },
    table: dumps.map(([change, { names, interrupted }]) => ({
      "during the dump": change,
      "NLM_F_DUMP_INTR": interrupted ? "set" : "not set",
      [`${MOVED} in the result`]: ["missing", "once", "twice"][
        occurrences(names)
      ],
      "in the kernel": "once",
    })),
  };
}

// A dump that fails on the flag

/** Starts a thread that adds and deletes links until it is disposed of. */
function startChurn({ namespace }: TestNetwork): Promise<AsyncDisposable> {
  const worker = new Worker(
    new URL("./link_churn_worker.ts", import.meta.url),
    { type: "module" },
  );
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.onmessage = () =>
      resolve({
        [Symbol.asyncDispose]() {
          worker.terminate();
          return Promise.resolve();
        },
      });
    worker.postMessage(namespace);
  });
}

const INTERRUPTIONS = 10;
const MAX_DUMPS = 3000;

/** Dumps until some are interrupted. */
async function failingDumps(
  { network }: Links,
  { signal }: Runner,
): Promise<Observation> {
  await using reader = new RawNetlink(network.namespace);
  let dumps = 0;
  let interrupted = 0;
  while (interrupted < INTERRUPTIONS && dumps < MAX_DUMPS) {
    signal.throwIfAborted();
    dumps++;
    if (reader.dumpLinks().interrupted) interrupted++;
    await new Promise((resolve) => setTimeout(resolve));
  }
  return {
    ok: interrupted > 0,
    observed: `${interrupted} of ${dumps} dumps are interrupted: each is an ` +
      "error in a program that does not retry",
    measured: { dumps, interrupted },
  };
}

// The library

/** A dump of the library that is interrupted this many times. */
async function libraryDump(
  links: Links,
  interruptions: number,
  onInterrupt: "retry" | "throw" | "partial",
) {
  await using connection = NetlinkConnection.open({
    protocol: NETLINK_ROUTE,
    names: routeNames,
    namespace: links.network.namespace,
  });
  let left = interruptions;
  let isFirst = true;
  return await connection.dump(
    { type: RTM_GETLINK, body: ifinfomsg.build({}) },
    (message) => {
      const link = decodeLink(message);
      // Each attempt starts with the loopback interface.
      if (link?.name === "lo") isFirst = true;
      else if (isFirst && left > 0 && link?.name === "left5") {
        isFirst = false;
        left--;
        move(links, "end");
      }
      return link;
    },
    { onInterrupt },
  );
}

async function retries(links: Links, runner: Runner): Promise<Observation> {
  move(links, "start");
  let names: string[];
  let attempts = 1;
  if (runner.fault === "ignore-dump-intr") {
    await using reader = new RawNetlink(links.network.namespace);
    ({ names } = dumpDuringMove(links, reader, "end"));
  } else {
    const dump = await libraryDump(links, 2, "retry");
    names = dump.map(({ name }) => name);
    ({ attempts } = dump);
  }
  const count = occurrences(names);
  return {
    ok: count === 1 && attempts === 3,
    observed: `attempts: ${attempts}; ${MOVED} in the result: ${count}`,
    measured: { attempts, occurrences: count },
  };
}

async function reports(links: Links): Promise<Observation> {
  const partial = await libraryDump(links, 1, "partial");
  const thrown = await libraryDump(links, 1, "throw").catch((error) => error);
  const typed = thrown instanceof DumpInterruptedError;
  return {
    ok: partial.interrupted && typed && thrown.attempts === 1,
    observed:
      `"partial" returns a list with interrupted ${partial.interrupted}` +
      `; "throw" ${
        typed ? `throws ${thrown.name}: ${thrown.message}` : "does not throw"
      }`,
    measured: { partial: partial.interrupted, thrown: typed },
  };
}

const DUMPS = 40;

async function dumpsDuringChurn(
  { network: { namespace } }: Links,
  { signal }: Runner,
): Promise<Observation> {
  await using route = RouteSocket.open({ namespace });
  const attempts: number[] = [];
  let inconsistent = 0;
  let failed = 0;
  for (let dump = 0; dump < DUMPS; dump++) {
    signal.throwIfAborted();
    try {
      const links = await route.links({ statistics: false });
      attempts.push(links.attempts);
      const names = links.map(({ name }) => name);
      if (links.interrupted || !isConsistent(names)) inconsistent++;
    } catch (error) {
      if (!(error instanceof DumpInterruptedError)) throw error;
      failed++;
    }
  }
  const max = attempts.reduce((max, n) => Math.max(max, n), 0);
  const mean = attempts.reduce((sum, n) => sum + n, 0) / attempts.length;
  return {
    ok: inconsistent === 0 && attempts.length > 0,
    observed: `${attempts.length - inconsistent} of ${DUMPS} dumps are ` +
      `consistent, after ${
        mean.toFixed(1)
      } attempts on average and ${max} at ` +
      `most; ${failed} end with DumpInterruptedError`,
    measured: { dumps: DUMPS, inconsistent, failed, mean, max },
  };
}

/** Whether each link that stays occurs, and none occurs twice. */
function isConsistent(names: string[]): boolean {
  const set = new Set(names);
  if (set.size !== names.length) return false;
  for (let pair = 0; pair < PAIRS; pair++) {
    if (!set.has(`left${pair}`) || !set.has(`right${pair}`)) return false;
  }
  return true;
}

async function run(runner: Runner): Promise<void> {
  const links = await runner.setup(
    `a network namespace with ${2 * PAIRS + 3} links`,
    () => build(runner),
  );
  await runner.problem(
    "links change during a dump; the program ignores NLM_F_DUMP_INTR",
    "the kernel sets NLM_F_DUMP_INTR; the result contains a link twice, or not " +
      "at all although it exists before and after",
    () => wrongDumps(links),
  );
  await runner.fix(
    "a dump of the library is interrupted twice",
    "it reads each to its end, discards both and returns the third",
    () => retries(links, runner),
  );
  await runner.fix(
    "the same without retries",
    "the result is marked as interrupted, or a typed error is thrown",
    () => reports(links),
  );
  const churn = await runner.setup(
    "another thread adds and deletes links, in bursts of 50 pairs",
    async () => runner.use(await startChurn(links.network)),
  );
  await runner.problem(
    "dumps are read meanwhile, until some are interrupted",
    "a program that treats the flag as an error fails occasionally",
    () => failingDumps(links, runner),
  );
  await runner.fix(
    `RouteSocket.links() lists the links meanwhile, ${DUMPS} times`,
    "each result is consistent",
    () => dumpsDuringChurn(links, runner),
  );
  await churn[Symbol.asyncDispose]();
  await runner.problem(
    "the C monitor of the report receives a message with a length of 0",
    "it prints errors forever: its loop does not advance",
    () => loopsForever(links.network),
  );
  await runner.fix(
    "a Monitor receives the same",
    "messages of other processes are ignored and reported, malformed ones are " +
      "counted, and events are reported as before",
    () => acceptsMalformed(links.network, runner),
  );
  await runner.problem(
    "the C monitor receives notifications of links, addresses and routes",
    "it prints the bytes at the position of a link name, or at a position from an " +
      "earlier message",
    () => wrongNames(runner),
  );
  await runner.fix(
    "a Monitor receives the same",
    "it reports the interface of each message",
    () => monitorNames(runner),
  );
}

export const netlinkDumpInterrupted: Scenario = {
  name: "netlink-dump-interrupted",
  year: 2024,
  program: "a network monitor",
  title: "dumps that are interrupted by changes",
  report:
    "A program that listed links on a busy machine failed occasionally with " +
    '"interrupted system call". Programs that ignored the flag behind that ' +
    "error got inconsistent lists.",
  faults: [{
    name: "ignore-dump-intr",
    summary: "accept the dump although NLM_F_DUMP_INTR is set",
  }, {
    name: "loop-on-bad-length",
    summary: "iterate over messages as the C monitor does",
  }, {
    name: "name-by-position",
    summary: "find interface names as the C monitor does",
  }],
  run,
};
