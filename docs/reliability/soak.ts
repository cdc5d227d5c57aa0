/**
 * What docs/reliability.md says of the soak.
 *
 * @module
 */

import { STEP } from "../../tests/soak/judge.ts";
import record from "./soak.json" with { type: "json" };

const WHAT: Record<string, string> = {
  echo: "`netplumb echo`",
  socket: "a `UdpSocket` in the main thread",
  monitor: "a `Monitor` of a network that changes all the time",
  tun: "two TUN devices with a loop between them",
};

const number = (value: number) => value.toLocaleString("en");
const MiB = (bytes: number) => (bytes / (1 << 20)).toFixed(1);

/** How the run ended, by what was wrong. */
function ended(faults: readonly string[]): string {
  return faults.length === 0
    ? "Nothing of that was passed: it ended with 0."
    : `It ended with 1: ${faults.join("; ")}.`;
}

/** The run, its figures and its picture. */
export function soakSection(): string {
  const subjects = record.subjects.map(
    ({ subject, rss, heap, external, rest, descriptors: [before, after] }) =>
      `| ${WHAT[subject]} | ${rss.map(MiB).join(", ")} | ${MiB(heap)} | ${
        MiB(external)
      } | ${MiB(rest)} | ${before}, ${after} |`,
  );
  const askers = record.askers.map((asker) => {
    const { answered, lost, allowed, wrong } = asker;
    const late = "late" in asker ? Number(asker.late) : 0;
    return `| ${asker.asker} | ${number(answered)} | ${lost} | ${allowed} | ${
      late + wrong
    } |`;
  });
  const hourly = record.askers.reduce(
    (least, { answered }) => Math.min(least, answered / record.minutes * 60),
    Infinity,
  );
  const each = (record.bound / hourly).toFixed(1);
  const { stop, flap, namespace, clock } = record.happened;
  return `Four programs at full load at the same time, each in its own process: two UDP
servers asked without a pause, a monitor under churn, and packets passed between
two TUN devices. Programs in C ask, and compare every answer with its question.
One thing after the other happens meanwhile: a program is stopped for two seconds
(SIGSTOP, ${stop} times), a link goes down and up (${flap}), a namespace with a
device, a socket and a monitor in it is deleted (${namespace}), and the clock jumps
by an hour or a day (${clock}; for the programs alone, by libfaketime: no namespace has a clock of its own to set).

On ${record.date}, Deno ${record.deno}, Linux ${record.kernel}, ${record.machine}, ${record.minutes} minutes:

| program | resident, MiB | heap | external | rest | descriptors |
| --- | --- | ---: | ---: | ---: | --- |
${subjects.join("\n")}

Of resident memory this is the median of each third of the time after a warm-up of
${record.warmUp} seconds; the last may be ${MiB(record.step)}${
    record.step === STEP ? "" : ` (${MiB(STEP)} since then)`
  } MiB above the one before,
for V8 doubles the room for young objects when as much of them has survived in
all, at any time, up to 64 MiB. What it uses of its heap, what hangs on it
outside (external), and the rest, which is what is resident and not V8's heap, are
in MiB an hour: the slope, by Theil and Sen, through the lowest value of each
minute. None may pass ${
    MiB(record.bound)
  }, which is ${each} bytes for each datagram of
the least asked. Descriptors are those of the first and of the last third.
${ended(record.faults)}

| asked | answered | lost | lost at most | late, twice or changed |
| --- | ---: | ---: | ---: | ---: |
${askers.join("\n")}

No more may be lost than was on its way when a link went down: ${record.window}
datagrams each time. What has no answer for five seconds counts as lost, and an
answer after that as late: a window at a time, when the machine has other work and
the programs have to wait. The monitor told of ${
    number(record.counts.monitor.events)
  } events
and lost none to overruns (${record.counts.monitor.overruns}).

![Memory, descriptors and answers over the time of the soak](reliability/soak.svg)

\`\`\`sh
deno task soak --minutes 30 --record docs/reliability/soak.json
deno task reliability && deno fmt docs/reliability.md
\`\`\``;
}
