/**
 * Results of the soak test, for docs/reliability.md.
 *
 * @module
 */

import { RESTORED } from "../../tests/soak/drift.ts";
import { STEP } from "../../tests/soak/judge.ts";
import record from "./soak.json" with { type: "json" };

const PROGRAMS: Readonly<Record<string, string>> = {
  echo: "`netplumb echo`",
  socket: "a `UdpSocket` in the main thread",
  monitor: "a `Monitor` of a network that changes constantly",
  tun: "two TUN devices with a forwarder between them",
  ensure: "a reconciler of 3 links, an address and 100 routes",
};

function program(subject: string): string {
  const text = PROGRAMS[subject];
  if (text === undefined) throw new TypeError(`no text for ${subject}`);
  return text;
}

const number = (value: number) => value.toLocaleString("en");
const MiB = (bytes: number) => (bytes / (1 << 20)).toFixed(1);

/** The result, with the limits that were exceeded. */
function result(faults: readonly string[]): string {
  if (faults.length === 0) return "**Result: passed.** No limit was exceeded.";
  return `**Result: FAILED**: ${faults.join("; ")}.`;
}

/** The run with its figures and chart. */
export function soakSection(): string {
  const subjects = record.subjects.map(
    ({ subject, rss, heap, external, rest, descriptors: [before, after] }) =>
      `| ${program(subject)} | ${rss.map(MiB).join(", ")} | ${MiB(heap)} | ${
        MiB(external)
      } | ${MiB(rest)} | ${before}, ${after} |`,
  );
  const clients = record.clients.map((client) => {
    const { answered, lost, allowed, wrong } = client;
    const late = "late" in client ? Number(client.late) : 0;
    return `| ${client.client} | ${number(answered)} | ${lost} | ${allowed} | ${
      late + wrong
    } |`;
  });
  const hourly = record.clients.reduce(
    (least, { answered }) => Math.min(least, answered / record.minutes * 60),
    Infinity,
  );
  const each = (record.bound / hourly).toFixed(1);
  const { stop, flap, namespace, clock, drift, routes } = record.happened;
  const { corrections, conflicts } = record.counts.ensure;
  const { there, known } = record.objects;
  const delayed = record.netem
    ? " The link of the UDP clients delays by 1 ms (netem)."
    : " This kernel has no netem, which would delay the link of the UDP clients.";
  return `Five programs run at full load at the same time, each in its own process: two UDP
servers with continuous requests, a monitor under churn, a forwarder between two
TUN devices, and a reconciler. Clients in C compare every reply with its request. Meanwhile
faults are injected one after the other: a program is stopped for two seconds
(SIGSTOP, ${stop} times), a link goes down and up (${flap}), a namespace with a
device, a socket and a monitor in it is deleted (${namespace}), and the clock jumps
by an hour or a day (${clock}; only for the programs, by libfaketime, because a
namespace has no clock of its own). BIRD adds or withdraws ${
    number(record.routes)
  } routes
beside the monitor (${routes} times). In the reconciler's network an MTU is changed,
routes or addresses are removed or a link is deleted (${drift} times); it must
be restored within ${RESTORED} seconds, and the longest restoration took ${
    number(record.restored)
  } ms.${delayed}

On ${record.date}, Deno ${record.deno}, Linux ${record.kernel}, ${record.machine}, ${record.minutes} minutes:

| program | resident, MiB | heap | external | rest | descriptors |
| --- | --- | ---: | ---: | ---: | --- |
${subjects.join("\n")}

${result(record.faults)}

- **Resident** memory is the median of each third of the time after a warm-up of
  ${record.warmUp} seconds. The last one may be ${
    MiB(STEP)
  } MiB above the one before: V8 doubles the young generation when as much has
  survived in total, at any time, up to 64 MiB.
- **Heap**, **external** (memory outside of V8's heap that it owns) and **rest**
  (resident memory that is not V8's heap) are growth in MiB an hour: the slope, by
  Theil and Sen, through the lowest value of each minute. The limit is ${
    MiB(record.bound)
  }, which is ${each} bytes for each datagram of the client with the fewest.
- **Descriptors** are those of the first and of the last third.

| client of | replies | lost | limit | late, duplicate or changed |
| --- | ---: | ---: | ---: | ---: |
${clients.join("\n")}

The limit is what was outstanding when a link went down: ${record.window}
datagrams each time. A request without a reply for five seconds counts as lost, and
a later reply as late: one window at a time, when the machine has other load and
the programs have to wait. The monitor reported ${
    number(record.counts.monitor.events)
  } events, with ${record.counts.monitor.overruns} overruns; in the end it knew ${known} links and
routes, and the kernel had ${there}. The reconciler made ${
    number(corrections)
  } corrections and reported ${conflicts} conflicts.

![Memory, descriptors and replies over the time of the soak test](reliability/soak.svg)

\`\`\`sh
deno task soak --minutes 30 --record docs/reliability/soak.json
deno task reliability && deno fmt docs/reliability.md
\`\`\``;
}
