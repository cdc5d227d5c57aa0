// 2024: "interrupted system call" from a program that listed links while they
// changed.
//
// The kernel hands a list out in parts. When the table changes between two of
// them it says so with NLM_F_DUMP_INTR, and leaves the rest to the program.

import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg, RTM_GETLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { NetlinkConnection } from "../../lib/netlink/connection.ts";
import { DumpInterruptedError } from "../../lib/netlink/errors.ts";
import { decodeLink } from "../../lib/rtnetlink/link/link.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { routeNames } from "../../lib/rtnetlink/attribute_names.ts";
import { BareNetlink } from "./bare/netlink.ts";
import {
  loopsForEver,
  rightNames,
  walksOn,
  wrongNames,
} from "./netlink_dump_interrupted_monitor.ts";
import { spawnChild } from "./child/child.ts";
import { lines } from "./stage/lines.ts";
import { Scene } from "./stage/scene.ts";
import type { Scenario } from "./stage/scenario.ts";
import type { Observation, Stage } from "./stage/stage.ts";

/** Pairs of links that stay, so that a list takes many parts. */
const PAIRS = 100;
/** The link that is deleted and made anew while somebody reads. */
const HOP = "hop";
/** An index before those of all other links, behind which a reader is soon. */
const LOW = 2;

interface Table {
  readonly network: Scene;
  /** Changes the table between two receives. */
  readonly changer: BareNetlink;
}

async function build(stage: Stage): Promise<Table> {
  const network = stage.use(await Scene.create());
  const changer = stage.use(new BareNetlink(network.namespace));
  changer.addVeth(HOP, "hop-peer", { index: LOW });
  for (let pair = 0; pair < PAIRS; pair++) {
    changer.addVeth(`left${pair}`, `right${pair}`);
  }
  return { network, changer };
}

/** Deletes the link and makes it again, at the end of the table or its start. */
function hop({ changer }: Table, to: "the end" | "the start"): void {
  changer.deleteLink(HOP);
  changer.addVeth(HOP, "hop-peer", { index: to === "the start" ? LOW : 0 });
}

const times = (names: readonly string[]) =>
  names.filter((name) => name === HOP).length;

// What a list is worth that was read while it changed

/** Takes a list as it comes, whatever the kernel says of it. */
function ignoring(
  table: Table,
  reader: BareNetlink,
  to: "the end" | "the start",
): { names: string[]; interrupted: boolean } {
  return reader.dumpLinks((part) => {
    if (part === 3) hop(table, to);
  });
}

async function wrongLists(table: Table): Promise<Observation> {
  await using reader = new BareNetlink(table.network.namespace);
  const still = reader.dumpLinks();
  const doubled = ignoring(table, reader, "the end");
  const missing = ignoring(table, reader, "the start");
  const row = (
    what: string,
    { names, interrupted }: { names: string[]; interrupted: boolean },
  ) => ({
    "while the list is read": what,
    "NLM_F_DUMP_INTR": interrupted ? "set" : "not set",
    [`${HOP} in the list`]: ["not there", "once", "twice"][times(names)],
    "in truth": "once",
  });
  const counts = [still, doubled, missing].map(({ names }) => times(names));
  return {
    held: doubled.interrupted && missing.interrupted && !still.interrupted &&
      counts.join() === "1,2,0",
    happened:
      `${still.names.length} links come in ${still.parts} parts; what changes ` +
      "between two of them makes the list wrong",
    measured: { parts: still.parts, times: counts },
    table: [
      row("nothing changes", still),
      row(`${HOP} is deleted, and made anew behind the others`, doubled),
      row(`${HOP} is deleted, and made anew before the others`, missing),
    ],
  };
}

// What it costs to fail at once

/** A process that makes and deletes links as long as it lives. */
async function churning(network: Scene): Promise<AsyncDisposable> {
  const child = spawnChild({ part: "churn" }, network);
  const output = lines(child.stdout);
  await output.next();
  return {
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended by itself */ }
      await child.stdin.abort().catch(() => {});
      await child.status;
      await output.return();
    },
  };
}

/** Dumps until this many were interrupted, but not for ever. */
const INTERRUPTIONS = 10;
const MOST_DUMPS = 3000;

const pause = () => new Promise<void>((resolve) => setTimeout(resolve));

async function failing(
  { network }: Table,
  stage: Stage,
): Promise<Observation> {
  await using reader = new BareNetlink(network.namespace);
  let dumps = 0;
  let interrupted = 0;
  while (interrupted < INTERRUPTIONS && dumps < MOST_DUMPS) {
    stage.signal.throwIfAborted();
    dumps++;
    if (reader.dumpLinks().interrupted) interrupted++;
    await pause();
  }
  return {
    held: interrupted > 0,
    happened: `${interrupted} of ${dumps} lists were interrupted: as many ` +
      "errors for a program that fails at once",
    measured: { dumps, interrupted },
  };
}

// The cure

/** One list of the library's, interrupted this many times on purpose. */
async function read(
  table: Table,
  interruptions: number,
  onInterrupt: "retry" | "throw" | "partial",
): Promise<{ names: string[]; interrupted: boolean; attempts: number }> {
  await using connection = NetlinkConnection.open({
    protocol: NETLINK_ROUTE,
    names: routeNames,
    namespace: table.network.namespace,
  });
  let left = interruptions;
  let first = true;
  const links = await connection.dump(
    { type: RTM_GETLINK, body: ifinfomsg.build({}) },
    (message) => {
      const link = decodeLink(message);
      // The loopback interface comes first: another reading has begun.
      if (link?.name === "lo") first = true;
      else if (first && left > 0 && link?.name === "left5") {
        first = false;
        left--;
        hop(table, "the end");
      }
      return link;
    },
    { onInterrupt },
  );
  const { attempts, interrupted } = links;
  return { names: links.map(({ name }) => name), interrupted, attempts };
}

async function retries(table: Table, stage: Stage): Promise<Observation> {
  hop(table, "the start");
  if (stage.fault === "ignore-dump-intr") {
    await using reader = new BareNetlink(table.network.namespace);
    const { names } = ignoring(table, reader, "the end");
    return judge(names, 1);
  }
  const { names, attempts } = await read(table, 2, "retry");
  return judge(names, attempts);
}

function judge(names: string[], attempts: number): Observation {
  return {
    held: times(names) === 1 && attempts === 3,
    happened: `attempts: ${attempts}; times that ${HOP} is in the list: ${
      times(names)
    }`,
    measured: { attempts, times: times(names) },
  };
}

async function tells(table: Table): Promise<Observation> {
  const partial = await read(table, 1, "partial");
  const thrown = await read(table, 1, "throw").catch((error) => error);
  const typed = thrown instanceof DumpInterruptedError;
  const said = typed ? `${thrown.name}: ${thrown.message}` : "a list";
  return {
    held: partial.interrupted && typed && thrown.attempts === 1,
    happened:
      `"partial" gives a list with interrupted ${partial.interrupted}; ` +
      `"throw" ends with ${said}`,
    measured: { partial: partial.interrupted, thrown: typed },
  };
}

const LISTS = 40;

async function underChurn(table: Table, stage: Stage): Promise<Observation> {
  const { namespace } = table.network;
  await using route = RouteSocket.open({ namespace });
  const attempts: number[] = [];
  let torn = 0;
  let refused = 0;
  for (let list = 0; list < LISTS; list++) {
    stage.signal.throwIfAborted();
    try {
      const links = await route.links({ statistics: false });
      attempts.push(links.attempts);
      if (links.interrupted || !complete(links.map(({ name }) => name))) torn++;
    } catch (error) {
      if (!(error instanceof DumpInterruptedError)) throw error;
      refused++;
    }
  }
  const most = attempts.reduce((most, n) => Math.max(most, n), 0);
  const mean = attempts.reduce((sum, n) => sum + n, 0) / attempts.length;
  return {
    held: torn === 0 && attempts.length > 0,
    happened: `${attempts.length} of ${LISTS} lists, each whole, after ` +
      `${mean.toFixed(1)} attempts on average and ${most} at most; ` +
      `${refused} given up with DumpInterruptedError`,
    measured: { lists: LISTS, torn, refused, mean, most },
  };
}

/** Whether every link that stays is there, and none twice. */
function complete(names: string[]): boolean {
  const set = new Set(names);
  if (set.size !== names.length) return false;
  for (let pair = 0; pair < PAIRS; pair++) {
    if (!set.has(`left${pair}`) || !set.has(`right${pair}`)) return false;
  }
  return true;
}

async function play(stage: Stage): Promise<void> {
  const table = await stage.setup(
    `a network with ${2 * PAIRS + 3} links`,
    () => build(stage),
  );
  await stage.trap(
    "a list is read part by part, and taken as it comes, while links change",
    "the kernel sets NLM_F_DUMP_INTR; the list names a link twice, or leaves " +
      "out one that was there before and after",
    () => wrongLists(table),
  );
  await stage.cure(
    "the library's dump is interrupted twice",
    "it reads to the end, throws both away and gives the third",
    () => retries(table, stage),
  );
  await stage.cure(
    "it is told not to read again",
    "the list says that it was interrupted, or a typed error is thrown",
    () => tells(table),
  );
  const churn = await stage.setup(
    "another process makes and deletes links, in bursts of 50 pairs",
    async () => stage.use(await churning(table.network)),
  );
  await stage.trap(
    "lists are read meanwhile, until some are interrupted",
    "a program that takes the flag for an error fails now and then",
    () => failing(table, stage),
  );
  await stage.cure(
    `RouteSocket.links() lists them meanwhile, ${LISTS} times`,
    "no list is torn",
    () => underChurn(table, stage),
  );
  await churn[Symbol.asyncDispose]();
  await stage.trap(
    "the C monitor of the report is sent a message that says it is 0 bytes long",
    "it prints an error for ever: its loop goes on without moving on",
    () => loopsForEver(table.network),
  );
  await stage.cure(
    "a Monitor is sent the same",
    "what no kernel sent is left out and told of, what cannot be read is " +
      "counted, and events come as before",
    () => walksOn(table.network, stage),
  );
  await stage.trap(
    "the C monitor hears of links, addresses and routes",
    "it prints the name that it finds where a link's would be, or what is now " +
      "where it found one before",
    () => wrongNames(stage),
  );
  await stage.cure(
    "a Monitor hears of the same",
    "it names the interface that each message is about",
    () => rightNames(stage),
  );
}

export const netlinkDumpInterrupted: Scenario = {
  name: "netlink-dump-interrupted",
  year: 2024,
  who: "a network monitor",
  title: "links listed while links change",
  story:
    "A program that listed links on a busy machine failed now and then with " +
    '"interrupted system call". Others that ignored the flag behind it were ' +
    "given lists that were never true.",
  faults: [{
    name: "ignore-dump-intr",
    summary: "take the list as it comes, whatever NLM_F_DUMP_INTR says",
  }, {
    name: "loop-on-bad-length",
    summary: "go over messages as the C monitor does",
  }, {
    name: "name-by-position",
    summary: "name interfaces as the C monitor does",
  }],
  play,
};
