/**
 * Results of the tests on other kernels, for docs/reliability.md.
 *
 * @module
 */

import { kernels } from "../../tests/kernels/kernels.ts";
import runs from "./kernels.json" with { type: "json" };

/** Result of one test file on one kernel. */
interface Outcome {
  readonly date: string;
  readonly passed: number;
  readonly ignored: readonly string[];
  readonly failed: readonly string[];
}

/** A table of the kernels, and the tests that did not run on each. */
export function kernelSection(): string {
  const rows: string[] = [];
  const left: string[] = [];
  for (const run of runs) {
    const outcomes: Outcome[] = Object.values(run.files);
    const dates = outcomes.map(({ date }) => date).toSorted();
    const names = (kind: "ignored" | "failed") =>
      outcomes.flatMap((outcome) => outcome[kind]);
    const passed = outcomes.reduce((sum, { passed }) => sum + passed, 0);
    const cells = [
      run.release,
      run.package,
      run.machine,
      // Test files run on different days.
      [...new Set([dates[0], dates.at(-1)])].join(" to "),
      outcomes.length,
      passed,
      names("failed").length,
      names("ignored").length,
    ];
    rows.push(`| ${cells.join(" | ")} |`);
    const reasons = [
      ...Object.entries(run.without).map(([file, why]) =>
        `\`${file}\` (${why})`
      ),
      // The name of an ignored test contains the missing feature.
      ...names("ignored"),
    ];
    left.push(`- ${run.release}: ${reasons.join("; ") || "nothing"}`);
    for (const name of names("failed")) {
      left.push(`- ${run.release}, failed: ${name}`);
    }
  }
  const missing = kernels.filter(({ name }) =>
    !runs.some((run) => run.name === name)
  ).map(({ name }) => `\`${name}\``);
  const partial = runs.filter(({ files }) => Object.keys(files).length < 20)
    .map(({ release, files }) =>
      `only ${Object.keys(files).join(", ")} ran on ${release}`
    );
  return `The whole test suite runs on the kernel of the machine that CI uses. The tests of
link kinds that this kernel does not have (vlan, bond, vrf, wireguard, tunnels
...), and other tests that depend on the kernel, also run on Debian's kernels in
virtual machines. Their root file system is that of the host. CI runs the tests
of link kinds and of ensure's options on user-mode Linux each time, and those of
layouts, netlink messages and packets with Deno for aarch64, emulated by
qemu-user. The table has the longer runs of \`deno task kernels\`, with Deno ${
    runs[0].deno
  }:

| kernel | package | machine | date | test files | passed | failed | ignored |
| --- | --- | --- | --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}

Only test files that ran to their end are counted. Excluded files and ignored
tests, with the reason:

${left.join("\n")}

Not covered by the table: ${
    [
      ...partial,
      ...missing.length === 0
        ? []
        : [`there is no recorded run of ${missing.join(", ")}`],
    ].map((text) => `${text}; `).join("")
  }kernels of other distributions, kernels before 6.1, aarch64 hardware, musl, and
network cards: all interfaces are virtual.

\`\`\`sh
apt-get install --yes qemu-system-x86
deno task kernels --record docs/reliability/kernels.json
deno task reliability && deno fmt docs/reliability.md
\`\`\``;
}
