/**
 * What docs/reliability.md says of the tests on other kernels.
 *
 * @module
 */

import runs from "./kernels.json" with { type: "json" };

/** Of one test file on one kernel. */
interface Outcome {
  readonly date: string;
  readonly passed: number;
  readonly ignored: readonly string[];
  readonly failed: readonly string[];
}

/** A table of the kernels, and what each could not be asked. */
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
      dates.at(-1),
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
      // The name of an ignored test says itself what the kernel lacks.
      ...names("ignored"),
    ];
    left.push(`- ${run.release}: ${reasons.join("; ") || "nothing"}`);
    for (const name of names("failed")) {
      left.push(`- ${run.release}, failed: ${name}`);
    }
  }
  return `Kinds of links that the kernel of the build machine lacks (vlan, bond, vrf,
wireguard, tunnels ...) are made, changed and shown on kernels of Debian's that
have them, beside \`ip\`; and whatever asks the kernel is asked of more than one
generation. The root file system there is the machine's own. With Deno ${
    runs[0].deno
  }:

| kernel | package | run by | on | test files | passed | failed | ignored |
| --- | --- | --- | --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}

A file that did not come to its end there is not counted. What is left out, and
why:

${left.join("\n")}

\`\`\`sh
apt-get install --yes qemu-system-x86
deno task kernels --record docs/reliability/kernels.json
deno task reliability && deno fmt docs/reliability.md
\`\`\``;
}
