// `deno run --watch` ends a program in the middle of its waits and starts it
// again in the same process: the same port and device are free, nothing grows.

import { assert, assertEquals } from "@std/assert";
import { Lab, type Netns } from "../../support/netns.ts";
import { RunningProgram } from "../../support/program.ts";
import { SLOWNESS } from "../../support/timing.ts";
import { within } from "./run_program.ts";
import type { Started } from "./programs/watched.ts";

/** NETPLUMB_TEST_RESTARTS=100 tries more. */
const RESTARTS = Number(Deno.env.get("NETPLUMB_TEST_RESTARTS") ?? 20);
/** From here on a restart adds nothing that Deno makes once. */
const SETTLED = 3;
const WATCHED = new URL("programs/watched.ts", import.meta.url);

/** Descriptors and threads of a process that are not Deno's caches. */
function heldBy(pid: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      const target = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      const kind = /^(socket|anon_inode:\[\w+|\/dev\/net\/tun)/.exec(target);
      if (kind !== null) counts[kind[1]] = (counts[kind[1]] ?? 0) + 1;
    } catch { /* closed meanwhile */ }
  }
  counts.threads = [...Deno.readDirSync(`/proc/${pid}/task`)].length;
  return counts;
}

/** What a process holds beyond `before`, once that does not get less. */
async function grownSince(
  before: Record<string, number>,
  pid: number,
): Promise<Record<string, number>> {
  const end = performance.now() + 15_000 * SLOWNESS;
  for (;;) {
    const now = Object.entries(heldBy(pid));
    const grown = now.filter(([kind, count]) =>
      // Deno's thread pool keeps idle threads for ten seconds.
      count > (before[kind] ?? 0) + (kind === "threads" ? 4 : 0)
    );
    if (grown.length === 0 || performance.now() > end) {
      return Object.fromEntries(grown);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function devices(namespace: Netns): Promise<string[]> {
  const links = await namespace.json<{ ifname: string }>("link show");
  return links.map(({ ifname }) => ifname);
}

for (const flag of ["--watch", "--watch-hmr"]) {
  Deno.test(`watch: ${flag} starts again on the same port and device`, async () => {
    await using lab = await Lab.open("host");
    const directory = await Deno.makeTempDir();
    try {
      const path = `${directory}/main.ts`;
      // A change outside of functions is one that --watch-hmr restarts for.
      const write = (generation: number) =>
        Deno.writeTextFileSync(
          path,
          `import { watched } from "${WATCHED}";\nawait watched(${generation});\n`,
        );
      write(0);
      const flags = ["--quiet", "-A", flag, "--no-clear-screen"];
      await using program = new RunningProgram(
        { netns: lab.host },
        ...[Deno.execPath(), "run", ...flags, path],
      );
      let before: Record<string, number> = {};
      let pid = 0;
      for (let generation = 0; generation <= RESTARTS; generation++) {
        if (generation > 0) write(generation);
        const started: Started = await within(30_000, program.object());
        assertEquals(started.error, undefined, `start ${generation}`);
        assertEquals(started.generation, generation);
        if (generation === 0) pid = started.pid;
        // Otherwise the port would be free in any case.
        assertEquals(started.pid, pid);
        if (generation === SETTLED) before = heldBy(pid);
      }
      assertEquals(await grownSince(before, pid), {});
      assertEquals(await devices(lab.host), ["lo", "watched0"]);
      assert(RESTARTS > SETTLED);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
