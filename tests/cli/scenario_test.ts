// The scenarios on this kernel: as expected, failing with an injected fault, and
// leaving nothing behind.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SCENARIOS } from "../../cli/scenarios/list.ts";
import type {
  ResultEvent,
  RunnerEvent,
  StepEvent,
} from "../../cli/scenarios/runner.ts";
import { denoRun, netplumb } from "../support/command.ts";
import { type Output, output } from "../support/netns.ts";

function parse(stdout: string): {
  steps: StepEvent[];
  results: ResultEvent[];
} {
  const events: RunnerEvent[] = stdout.trim().split("\n")
    .map((line) => JSON.parse(line));
  return {
    steps: events.filter((event) => event.event === "step"),
    results: events.filter((event) => event.event === "result"),
  };
}

/** The documentation, without line breaks. */
const STORIES = Deno.readTextFileSync(
  new URL("../../docs/field-reports.md", import.meta.url),
).replaceAll(/\s+/g, " ");

/** The steps that are not as expected. */
function unexpected(steps: StepEvent[]): string[] {
  return steps
    .filter(({ outcome }) => outcome !== "done" && outcome !== "as expected")
    .map(({ kind, title, observed }) => `${kind} ${title}: ${observed}`);
}

for (const { name, faults } of SCENARIOS) {
  Deno.test(`scenario ${name}: problem and fix as expected`, async () => {
    const { code, stdout, stderr } = await netplumb(
      undefined,
      "scenario",
      name,
      "--json",
    );
    const { steps, results } = parse(stdout);
    assertEquals({ code, stderr, steps: unexpected(steps) }, {
      code: 0,
      stderr: "",
      steps: [],
    });
    assertEquals(results.map(({ result }) => result), ["as expected"]);
    for (const { kind, title, expected } of steps) {
      if (kind === "setup") continue;
      assertStringIncludes(STORIES, `${kind} ${title} expected ${expected}`);
    }
    assert(steps.some(({ kind }) => kind === "problem"), "no problem");
    assert(steps.some(({ kind }) => kind === "fix"), "no fix");
  });

  for (const fault of faults) {
    Deno.test(`scenario ${name} fails with the fault ${fault.name}`, async () => {
      assertStringIncludes(STORIES, `\`${name}\` | \`${fault.name}\` |`);
      const { code, stdout } = await netplumb(
        undefined,
        "scenario",
        name,
        "--fault",
        fault.name,
        "--json",
      );
      const { steps, results } = parse(stdout);
      assertEquals(code, 1);
      assertEquals(results.map(({ result }) => result), ["failed"]);
      const failed = unexpected(steps);
      assert(failed.length > 0);
      for (const step of failed) assertStringIncludes(step, "fix");
    });
  }
}

/**
 * Runs a script in network and PID namespaces of its own, where only the script
 * can leave anything behind; "$@" is the command.
 */
function alone(script: string, ...args: string[]): Promise<Output> {
  const words = [Deno.execPath(), ...denoRun(), "scenario", ...args];
  return output(
    "unshare",
    [
      ...["--fork", "--pid", "--mount-proc", "--net"],
      ...["bash", "-c", script, "bash", ...words],
    ],
    { env: { NO_COLOR: "1" } },
  );
}

const LOOK = `
  for try in $(seq 100); do
    left=$(ps -e -o comm= | grep -vxE 'bash|ps|grep|sleep')
    [ -z "$left" ] && break
    sleep 0.05
  done
  echo "processes: $left"
  echo "namespaces: $(lsns --type net --noheadings --output NS | wc -l)"
  echo "links: $(ip -oneline link | wc -l)"
`;
const NOTHING = "processes: \nnamespaces: 1\nlinks: 1\n";

Deno.test("scenarios need no other program", async () => {
  const [deno, ...args] = [Deno.execPath(), ...denoRun()];
  const { code, stderr } = await output(deno, [...args, "scenario", "all"], {
    env: { PATH: "/nonexistent" },
  });
  const summary =
    `${SCENARIOS.length} of ${SCENARIOS.length} scenarios as expected\n`;
  assertEquals({ code, stderr }, { code: 0, stderr: summary });
});

Deno.test("all scenarios, one after the other and again, leave nothing behind", async () => {
  const { stdout, stderr } = await alone(
    `for round in 1 2 3; do "$@" >/dev/null || exit; done; ${LOOK}`,
    "all",
    "--quiet",
  );
  assertEquals({ stdout, stderr }, { stdout: NOTHING, stderr: "" });
});

for (const [signal, code] of [["INT", 1], ["TERM", 1], ["KILL", 137]]) {
  Deno.test(`a scenario ended by SIG${signal} leaves nothing behind`, async () => {
    const { stdout } = await alone(
      `
      exec 3< <("$@" & echo $!; wait $!; echo "code $?")
      read -r pid <&3
      while read -r line <&3; do [[ $line = *'"kind":"problem"'* ]] && break; done
      kill -${signal} "$pid"
      cat <&3
      exec 3<&-
      ${LOOK}`,
      "all",
      "--json",
    );
    assertStringIncludes(stdout, `code ${code}\n${NOTHING}`);
    if (signal !== "KILL") {
      assertStringIncludes(stdout, '"result":"interrupted"');
    }
  });
}

/** After how many steps: of netlink-shutdown, in the reconcile loop. */
const MIDDLE: Readonly<Record<string, number>> = { "netlink-shutdown": 7 };
const EARLY = 1;

for (const { name } of SCENARIOS) {
  Deno.test(`scenario ${name} ended by SIGINT in its middle leaves nothing behind`, async () => {
    const interrupted = () =>
      alone(
        `
      exec 3< <("$@" & echo $!; wait $!; echo "code $?")
      read -r pid <&3
      steps=0
      while [ $steps -lt ${MIDDLE[name] ?? EARLY} ] && read -r line <&3; do
        [[ $line = *'"event":"step"'* ]] && steps=$((steps + 1))
      done
      kill -INT "$pid"
      cat <&3
      exec 3<&-
      ${LOOK}`,
        name,
        "--json",
      );
    let { stdout } = await interrupted();
    // A scenario of some milliseconds may end before the signal: run it again.
    for (let run = 1; run < 10 && stdout.includes("code 0"); run++) {
      assertStringIncludes(stdout, NOTHING);
      ({ stdout } = await interrupted());
    }
    assertStringIncludes(stdout, `code 1\n${NOTHING}`);
    assertStringIncludes(stdout, '"result":"interrupted"');
  });
}

for (const capability of ["sys_admin", "net_admin"]) {
  Deno.test(`scenario without CAP_${capability.toUpperCase()} exits 77`, async () => {
    const { code, stdout, stderr } = await output("setpriv", [
      `--bounding-set=-${capability}`,
      "--inh-caps=-all",
      Deno.execPath(),
      ...denoRun(),
      "scenario",
      "all",
    ]);
    assertEquals({ code, stdout }, { code: 77, stdout: "" });
    assertStringIncludes(stderr, `CAP_${capability.toUpperCase()}`);
  });
}

Deno.test("scenario without a name lists them with their faults", async () => {
  const { code, stdout } = await netplumb(undefined, "scenario");
  assertEquals(code, 0);
  for (const { name, faults } of SCENARIOS) {
    assertStringIncludes(stdout, `\n${name} `);
    for (const fault of faults) assertStringIncludes(stdout, fault.name);
  }
});

Deno.test("scenario refuses a fault that is not the scenario's", async () => {
  const { code, stderr } = await netplumb(
    undefined,
    "scenario",
    "pktinfo-close",
    "--fault",
    "ipi-addr-only",
  );
  assertEquals(code, 2);
  assertStringIncludes(stderr, "blocking-receive");
  const all = ["scenario", "all", "--fault", "ipi-addr-only"];
  assertEquals((await netplumb(undefined, ...all)).code, 2);
});
