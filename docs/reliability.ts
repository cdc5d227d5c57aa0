/**
 * Prints docs/reliability.md from what the long runs recorded:
 * `deno task reliability`.
 *
 * @module
 */

import { faultTables } from "./reliability/faults.ts";
import record from "./reliability/fuzz.json" with { type: "json" };
import { kernelSection } from "./reliability/kernels.ts";
import { soakSection } from "./reliability/soak.ts";

/** What each target of tests/fuzz/ reads. */
const READS: Record<string, string> = {
  control: "control messages of recvmsg, and the reply rule on them",
  netlink: "netlink messages, attributes and acknowledgements",
  route: "links, addresses, routes, neighbours, rules, nexthops, as JSON",
  ip: "IP packets, in text and as JSON",
  ethernet: "Ethernet frames, in text and as JSON",
  offload: "packets with an offload header, split",
};

const rows = record.runs.map(({ target, cases, seed, seconds, findings }) =>
  `| ${target} | ${READS[target]} | ${
    cases.toLocaleString("en")
  } | ${seed} | ${seconds} | ${findings} |`
);

console.log(`# Reliability

netplumb calls the kernel with memory laid out by hand and reads what strangers
send. This page says what was done to make that trustworthy, and how to do it
again. [SECURITY.md](../SECURITY.md) has the threat model.

## Layouts

Every struct, offset, size, constant and ioctl number under \`ffi/uapi/\`, and
the CMSG and NLMSG macros, are compared with C's by static assertions, compiled
for x86_64 and for aarch64: \`tests/ffi/uapi_test.ts\` takes whatever a layout
file exports, so nothing can be added without its proof.

## Fuzzing

Well-formed inputs, among them what a kernel sent of a network with a bit of
everything, are changed in one to six places. Each input is read twice, with
different bytes around it: an answer that differs has read outside. A target must
not throw, not hang, and where it can write what it read, that must read the same.

On ${record.date}, Deno ${record.deno}, Linux ${record.kernel}, ${record.machine}:

| target | what is read | inputs | seed | seconds | findings |
| --- | --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}

\`\`\`sh
deno task fuzz --cases 10000000 --record docs/reliability/fuzz.json
deno task reliability && deno fmt docs/reliability.md
\`\`\`

A finding is kept under \`tests/fuzz/corpus/\` and tried in every later run. CI
tries the corpus and 20,000 other inputs of each target, others each day.

## Faults

${faultTables()}

What waits is given up before it begins, given up, timed out and closed while it
waits, one and several at a time, in \`tests/faults/pending_test.ts\`.

## Properties

With fast-check, each run with other inputs: attributes of any kind and depth are
read as they were written, and what a kernel sent is written again byte for byte;
addresses, routes, neighbours and rules are read as the changes write them;
attributes nobody knows are kept; the offload header comes out as it went in;
tshark and editcap read any capture as it was written; packets of any bytes are
decoded and shown; any text for an argument is taken or refused in words.

## Other kernels

${kernelSection()}

## Soak

${soakSection()}`);
