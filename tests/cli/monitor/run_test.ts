// How `netplumb monitor` runs: where it looks, when it ends, what it may do.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoRun, netplumb } from "../../support/command.ts";
import { Lab, run, UnmadeNetns } from "../../support/netns.ts";
import { RunningProgram } from "../../support/program.ts";
import { without } from "../../support/script.ts";
import { type Line, Watching } from "./watching.ts";

Deno.test("monitor --all-netns follows names that come and go", async () => {
  await using lab = await Lab.open("here");
  await using watching = await Watching.open(
    lab.here,
    ...["link", "--all-netns", "--json"],
  );
  await using late = new UnmadeNetns("late");
  const { name } = late;
  await run("sh", [
    "-ec",
    `ip netns add ${name}; ip -n ${name} link add one type ifb`,
  ]);
  const own = ({ namespace }: Line) => namespace === name;
  const events = await watching.events((event) =>
    own(event) && event.data?.ifname === "one"
  );
  await run("ip", ["netns", "delete", name]);
  events.push(
    ...await watching.events((event) =>
      own(event) && event.event === "removed"
    ),
  );
  const words = events.filter(own).map(({ event, snapshot, data }) =>
    [event, data?.ifname, snapshot ? "snapshot" : ""].join(" ").trim()
  );
  assertEquals([words[0], words.at(-1)], ["added", "removed"]);
  // A link that is reported while the snapshot is read may come before others.
  const reported = words.slice(1, 3).toSorted().join(", ");
  assert(/^new lo snapshot, new one( snapshot)?$/.test(reported), reported);
  // Its own namespace has no name, though it has one elsewhere.
  await lab.here.ip("link add own type ifb");
  const here = await watching.events(({ data }) => data?.ifname === "own");
  assertEquals(here.at(-1).namespace, null);
  const { code, stderr } = await watching.running.stop();
  assertEquals([code, stderr], [0, ""]);
});

/** A /run with nothing in it, for the program that follows. */
const BARE = "mount --make-rprivate / && mount -t tmpfs tmpfs /run && " +
  'echo $$ && exec "$@"';

Deno.test("monitor --all-netns: the first name ever, on any file system", async () => {
  await using lab = await Lab.open("here", "named");
  // A machine where nothing has had a name since it started.
  await using watching = new Watching(
    new RunningProgram(
      { netns: lab.here },
      ...["unshare", "--mount", "sh", "-ec", BARE, "sh"],
      ...[Deno.execPath(), ...denoRun()],
      ...["monitor", "link", "--all-netns", "--snapshot", "--json"],
    ),
  );
  await using sleeping = new RunningProgram(
    { netns: lab.named },
    ...["sh", "-c", "echo $$; exec sleep 60"],
  );
  const [pid] = await watching.until(/^\d+$/);
  const namespace = `/proc/${await sleeping.line()}/ns/net`;
  const until = (word: string, name: string | null) =>
    watching.events(({ event, namespace, data }) =>
      namespace === name && [event, data?.ifname].includes(word)
    );
  const inside = (...command: string[]) =>
    run("nsenter", ["--mount", "--target", pid, ...command]);
  await until("lo", null);
  await inside("mkdir", "/run/netns");
  await inside("ln", "-s", namespace, "/run/netns/linked");
  await until("added", "linked");
  await until("lo", "linked");
  // A file is no namespace before one is mounted on it, which no directory reports.
  await inside("touch", "/run/netns/bare");
  await inside("ip", "netns", "add", "mounted");
  await until("added", "mounted");
  await inside("mount", "--bind", namespace, "/run/netns/bare");
  await until("added", "bare");
  await inside("umount", "/run/netns/bare");
  await until("removed", "bare");
  await inside("rm", "/run/netns/linked");
  await until("removed", "linked");
  await inside("ip", "netns", "delete", "mounted");
  await until("removed", "mounted");
  const { code, stderr } = await watching.running.stop();
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("monitor stops after --count events, the snapshot not counted, or --duration", async () => {
  await using lab = await Lab.open("ns");
  await using watching = await Watching.open(
    lab.ns,
    ...["link", "--count", "2", "--json"],
  );
  await lab.ns.batch(`
    link add one type ifb
    link add two type ifb
    link add three type ifb`);
  const { code, stdout, stderr } = await watching.running.end();
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, stderr], [0, ""]);
  assertEquals(lines.map(({ data }) => data?.ifname), [
    "one",
    "two",
    undefined,
  ]);
  const { event, events } = lines[2];
  assertEquals({ event, events }, { event: "summary", events: 2 });
  const brief = await netplumb(lab.ns, "monitor", "--duration", "10ms");
  assertEquals(brief.code, 0);
  assert(/^\d+ events in \d+\.\d s\n$/.test(brief.stderr), brief.stderr);
});

Deno.test("monitor ends quietly when its reader is gone", async () => {
  await using lab = await Lab.open("ns");
  await using program = new RunningProgram(
    { netns: lab.ns },
    ...["sh", "-c", '"$@" | head -n 1', "sh"],
    ...[Deno.execPath(), ...denoRun(), "monitor", "--snapshot"],
  );
  assertStringIncludes(await program.line(), "lo");
  const ended = program.end();
  let over = false;
  ended.then(() => over = true);
  // It notices when it has something to say.
  while (!over) await lab.ns.batch("link add one type ifb\nlink delete one");
  const { code, stdout, stderr } = await ended;
  assertEquals({ code, stdout }, { code: 0, stdout: "" });
  assert(/^(\d+ events.*\n)?$/.test(stderr), stderr);
});

Deno.test("monitor says what cannot be watched, and with which exit code", async () => {
  await using lab = await Lab.open("ns");
  const refused = async (code: number, text: string, ...args: string[]) => {
    const result = await netplumb(lab.ns, "monitor", ...args);
    assertEquals(result.code, code, result.stderr);
    assertStringIncludes(result.stderr, text);
    assertEquals(result.stdout, "");
  };
  await refused(1, "ENOENT", "--netns", `${lab.ns.name}-none`);
  await refused(2, "interface", "interface");
  await refused(2, '"a/b" is not a name', "--netns", "a/b");
  await refused(2, "--receive-buffer", "--receive-buffer", "0");
  await refused(2, "--all-netns", "--all-netns", "--netns", lab.ns.name);
});

Deno.test("monitor takes no capability, but in other namespaces", async () => {
  await using lab = await Lab.open("ns", "other");
  const command = [...without("all"), Deno.execPath(), ...denoRun(), "monitor"];
  await using watching = new RunningProgram(
    { netns: lab.ns },
    ...[...command, "--snapshot", "--count", "1"],
  );
  assertStringIncludes(await watching.line(), "New network interface lo");
  await lab.ns.ip("link add one type ifb");
  const { code, stdout } = await watching.end();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "New network interface one");
  const other = await lab.ns.output(command[0], [
    ...command.slice(1),
    ...["--netns", lab.other.name],
  ], { env: { NO_COLOR: "1" } });
  assertEquals(other.code, 77);
  assertStringIncludes(other.stderr, "CAP_SYS_ADMIN");
});
