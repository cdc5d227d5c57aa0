// The scenarios on this kernel: as told, failing where the cure is broken on
// purpose, and gone without a trace.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SCENARIOS } from "../../cli/scenarios/all.ts";
import type {
  Closing,
  StageEvent,
  StepEvent,
} from "../../cli/scenarios/stage/events.ts";
import { denoRun, netplumb } from "../support/command.ts";
import { type Output, output } from "../support/netns.ts";

function parse(stdout: string): {
  steps: StepEvent[];
  verdicts: Closing[];
} {
  const events: StageEvent[] = stdout.trim().split("\n")
    .map((line) => JSON.parse(line));
  return {
    steps: events.filter((event) => event.event === "step"),
    verdicts: events.filter((event) => event.event === "verdict"),
  };
}

/** The stories as they are told, without line breaks. */
const STORIES = Deno.readTextFileSync(
  new URL("../../docs/stories.md", import.meta.url),
).replaceAll(/\s+/g, " ");

/** The steps that are not as told, to be shown where none should be. */
function unexpected(steps: StepEvent[]): string[] {
  return steps
    .filter(({ outcome }) => outcome !== "done" && outcome !== "as told")
    .map(({ kind, title, happened }) => `${kind} ${title}: ${happened}`);
}

for (const { name, faults } of SCENARIOS) {
  Deno.test(`scenario ${name}: trap and cure as told`, async () => {
    const { code, stdout, stderr } = await netplumb(
      undefined,
      "scenario",
      name,
      "--json",
    );
    const { steps, verdicts } = parse(stdout);
    assertEquals({ code, stderr, steps: unexpected(steps) }, {
      code: 0,
      stderr: "",
      steps: [],
    });
    assertEquals(verdicts.map(({ verdict }) => verdict), ["as told"]);
    for (const { kind, title, expected } of steps) {
      if (kind === "setup") continue;
      assertStringIncludes(STORIES, `${kind} ${title} expected ${expected}`);
    }
    assert(steps.some(({ kind }) => kind === "trap"), "shows no trap");
    assert(steps.some(({ kind }) => kind === "cure"), "shows no cure");
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
      const { steps, verdicts } = parse(stdout);
      assertEquals(code, 1);
      assertEquals(verdicts.map(({ verdict }) => verdict), ["failed"]);
      const failed = unexpected(steps);
      assert(failed.length > 0);
      for (const step of failed) assertStringIncludes(step, "cure");
    });
  }
}

/**
 * Runs a script in a network and a world of processes of its own, where nothing
 * but the script can leave anything behind; "$@" is the command.
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
  const said = `${SCENARIOS.length} of ${SCENARIOS.length} scenarios as told\n`;
  assertEquals({ code, stderr }, { code: 0, stderr: said });
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
      while read -r line <&3; do [[ $line = *'"kind":"trap"'* ]] && break; done
      kill -${signal} "$pid"
      cat <&3
      exec 3<&-
      ${LOOK}`,
      "all",
      "--json",
    );
    assertStringIncludes(stdout, `code ${code}\n${NOTHING}`);
    if (signal !== "KILL") {
      assertStringIncludes(stdout, '"verdict":"interrupted"');
    }
  });
}

/** After how many steps: of netlink-shutdown, while the device is kept. */
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
    assertStringIncludes(stdout, '"verdict":"interrupted"');
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
