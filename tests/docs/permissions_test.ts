// The table of docs/permissions.md: each command runs with the flags in its row,
// fails without any one of them, and fails without its capability.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SUBCOMMANDS } from "../../cli/subcommands.ts";
import { Lab, type Netns, type Output, output } from "../support/netns.ts";

const ROOT = new URL("../../", import.meta.url);
const REFUSED = 77;

interface Row {
  readonly command: string;
  readonly flags: readonly string[];
  readonly capability: string | undefined;
}

// Still the user root, whose files are readable.
const WITHOUT_CAPABILITIES = [
  "setpriv",
  "--bounding-set=-all",
  "--inh-caps=-all",
];

const document = await Deno.readTextFile(
  new URL("docs/permissions.md", ROOT),
);

const rows = [...document.matchAll(
  /^\| `netplumb ([^`]+)` +\| (.+?) +\| (.+?) +\|$/gm,
)].map(([, command, flags, capability]): Row => ({
  command,
  flags: flags.match(/--[\w-]+|-A/g) ?? [],
  capability: /CAP_\w+/.exec(capability)?.[0],
}));

function run(
  { command }: Row,
  flags: readonly string[],
  netns: Netns,
  as: readonly string[] = [],
): Promise<Output> {
  const other = `${netns.name}-new`;
  const words = command.replace("NAME", netns.name).replace("OTHER", other)
    .split(" ");
  // Enters the network namespace only: the mounts of `ip netns exec` prevent the
  // creation of a namespace.
  const [program, ...args] = [
    "nsenter",
    `--net=/run/netns/${netns.name}`,
    ...as,
    Deno.execPath(),
    "run",
    "--no-prompt",
    ...flags,
    new URL("cli/main.ts", ROOT).pathname,
    ...words,
  ];
  return output(program, args, { env: { NO_COLOR: "1" } });
}

Deno.test("docs/permissions.md has a row for each subcommand", () => {
  const named = new Set(rows.map(({ command }) => command.split(" ")[0]));
  for (const { name } of SUBCOMMANDS) assert(named.has(name), name);
});

for (const row of rows) {
  const { command, flags, capability } = row;
  Deno.test(`netplumb ${command}: ${flags.join(" ") || "no flag"}, ${capability ?? "no capability"}`, async () => {
    await using lab = await Lab.open("here");
    await using _cleanup = {
      async [Symbol.asyncDispose]() {
        await output("ip", ["netns", "delete", `${lab.here.name}-new`]);
      },
    };
    const allowed = await run(row, flags, lab.here);
    // 4: the network differs from the file.
    assert(
      [0, 1, 4].includes(allowed.code) && !/Requires/.test(allowed.stderr),
      allowed.stderr,
    );
    // Refused commands change nothing, so they can run in parallel.
    const without = flags.map(async (flag) => {
      const rest = flags.filter((other) => other !== flag);
      const { code, stderr } = await run(row, rest, lab.here);
      assertEquals(code, REFUSED, `without ${flag}: ${stderr}`);
      assertStringIncludes(stderr, flag === "-A" ? "--allow-" : flag);
    });
    const [{ code, stderr }] = await Promise.all([
      run(row, flags, lab.here, WITHOUT_CAPABILITIES),
      ...without,
    ]);
    assertEquals(code, capability ? REFUSED : allowed.code, stderr);
    if (capability) assertStringIncludes(stderr, capability);
  });
}
