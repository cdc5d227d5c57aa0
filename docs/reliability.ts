/**
 * Generates docs/reliability.md from the recorded results of long runs: `deno
 * task reliability`.
 *
 * @module
 */

import { targets } from "../tests/fuzz/targets/mod.ts";
import { faultTables } from "./reliability/faults.ts";
import record from "./reliability/fuzz.json" with { type: "json" };
import { kernelSection } from "./reliability/kernels.ts";
import { soakSection } from "./reliability/soak.ts";

/** Descriptions of the fuzzing targets in tests/fuzz/. */
const INPUTS: Readonly<Record<string, string>> = {
  control: "control messages of recvmsg, and the reply rule for them",
  netlink: "netlink messages, attributes and acknowledgements",
  route: "links, addresses, routes, neighbours, rules, nexthops, as JSON",
  ip: "IP packets, as text and as JSON",
  ethernet: "Ethernet frames, as text and as JSON",
  offload: "packets with an offload header, segmented",
  description: "configuration files of netplumb ensure, in YAML",
  configuration: "configuration files of netplumb ensure, in YAML",
};

function input(target: string): string {
  const text = INPUTS[target];
  if (text === undefined) throw new TypeError(`no text for target ${target}`);
  return text;
}

// A new target requires a description before its first long run.
for (const { name } of targets) input(name);

const rows = record.runs.map(({ target, cases, seed, seconds, findings }) =>
  `| ${target} | ${input(target)} | ${
    cases.toLocaleString("en")
  } | ${seed} | ${seconds} | ${findings} |`
);

console.log(`# Reliability

netplumb calls the kernel with memory layouts of its own and reads data from
untrusted senders. This page describes how that is tested, with the latest results
and the commands to repeat the tests. [SECURITY.md](../SECURITY.md) has the threat
model.

## Memory layouts

Every struct, offset, size, constant and ioctl number under \`ffi/uapi/\`, and
the CMSG and NLMSG macros, are compared with C's by static assertions, compiled
for x86_64 and for aarch64. \`tests/ffi/uapi_test.ts\` includes everything that a
layout file exports, so a new layout cannot be added untested.

## Fuzzing

Valid inputs, including messages of the kernel for a network with objects of all
types, are modified in one to six places. Each input is decoded twice, with
different surrounding bytes: a different result means an out-of-bounds read. A
target must not throw and not hang. If it can encode what it decoded, decoding
that must give the same result.

On ${record.date}, Deno ${record.deno}, Linux ${record.kernel}, ${record.machine}:

| target | inputs | number of inputs | seed | seconds | findings |
| --- | --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}

\`\`\`sh
deno task fuzz --cases 10000000 --record docs/reliability/fuzz.json
deno task reliability && deno fmt docs/reliability.md
\`\`\`

Findings are stored under \`tests/fuzz/corpus/\` and repeated in every later run.
CI runs the corpus and 20,000 further inputs of each target, different ones each
day.

## Fault injection

${faultTables()}

Pending operations are cancelled before they begin, cancelled, timed out and
closed while they wait, one and several at a time, in
\`tests/faults/pending_test.ts\`.

## Property-based tests

With fast-check, with new random inputs in each run: attributes of any type and
depth are decoded as they were encoded, and messages of the kernel are encoded
again byte for byte; addresses, routes, neighbours and rules are decoded as the
changes encode them; unknown attributes are preserved; the offload header is
decoded as it was encoded; tshark and editcap read every capture as it was written;
packets of random bytes are decoded and described; any text as an argument is
accepted or rejected with a message.

## Other kernels

${kernelSection()}

## Soak test

${soakSection()}`);
