// netplumb netns, beside ip netns.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoRun, netplumb, Running } from "../support/command.ts";
import { Lab, type Netns, output, run, UnmadeNetns } from "../support/netns.ts";

Deno.test("netns: add, list, exec and delete", async () => {
  await using made = new UnmadeNetns("cli");
  const add = await netplumb(undefined, "netns", "add", made.name, "--json");
  assertEquals(add.code, 0, add.stderr);
  assertEquals(JSON.parse(add.stdout), {
    event: "done",
    what: `add network namespace ${made.name}`,
  });
  const theirs = JSON.parse(await run("ip", ["-j", "netns", "list"]));
  const ours = (await netplumb(undefined, "netns", "list", "--json")).stdout
    .trim().split("\n").map((line) => JSON.parse(line));
  const mine = ({ name }: { name: string }) => name === made.name;
  assertEquals(ours.find(mine), theirs.find(mine));

  const exec = (...words: string[]) =>
    netplumb(undefined, "netns", "exec", made.name, ...words);
  assertEquals(
    JSON.parse((await exec("ip", "-j", "link")).stdout)[0].ifname,
    "lo",
  );
  assertEquals((await exec("--", "sh", "-c", "exit 7")).code, 7);
  assertEquals(
    (await exec("echo", "-n", "--json", "--", "-x")).stdout,
    "--json -- -x",
  );
  assertEquals((await exec()).code, 2);
  assertEquals((await exec("./no-such-program")).code, 127);
  assertEquals((await exec("/dev/null")).code, 126);

  const deleted = await netplumb(undefined, "netns", "delete", made.name);
  assertEquals([deleted.code, deleted.stdout], [0, ""]);
  const again = await netplumb(undefined, "netns", "delete", made.name);
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "ENOENT");
});

Deno.test("netns: an id is the one ip prints", async () => {
  await using lab = await Lab.open("a", "b");
  await lab.a.ip(`netns set ${lab.b.name} 5`);
  const { stdout } = await netplumb(lab.a, "netns", "list");
  assert(stdout.split("\n").includes(`${lab.b.name} (id: 5)`), stdout);
});

Deno.test("netns: an id that is set is the one ip prints, and is kept", async () => {
  await using lab = await Lab.open("a", "b", "c");
  const set = (netns: Netns, id: string, ...more: string[]) =>
    netplumb(lab.a, "netns", "set", netns.name, id, "--json", ...more);
  const dry = JSON.parse((await set(lab.b, "7", "--dry-run")).stdout);
  assertEquals(dry.type, "RTM_NEWNSID");
  const done = await set(lab.b, "7");
  assertEquals([done.code, done.stderr], [0, ""]);
  assertEquals(JSON.parse(done.stdout).event, "done");
  assertEquals((await set(lab.c, "auto")).code, 0);
  const list = await lab.a.json("netns list");
  const idOf = (netns: Netns) =>
    list.find(({ name }) => name === netns.name)?.id;
  assertEquals([idOf(lab.b), idOf(lab.c)], [7, 0]);
  const again = await set(lab.b, "8");
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "EEXIST");
  assertStringIncludes(
    again.stderr,
    "already has an id here, which cannot change",
  );
  assertEquals((await set(lab.b, "-1")).code, 2);
});

Deno.test("netns: --dry-run makes and deletes nothing", async () => {
  await using made = new UnmadeNetns("dry");
  const add = await netplumb(undefined, "netns", "add", made.name, "--dry-run");
  assertEquals(add.stdout, `would add network namespace ${made.name}\n`);
  assert(!(await run("ip", ["netns", "list"])).includes(made.name));
});

Deno.test("netns: exec hands signals on and ends as its program does", async () => {
  await using lab = await Lab.open("a");
  const script =
    "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.1; done";
  await using running = new Running(
    undefined,
    "netns",
    "exec",
    lab.a.name,
    "sh",
    "-c",
    script,
  );
  assertEquals(await running.line(), "ready");
  const { code, stdout } = await running.stop("SIGTERM");
  assertEquals([code, stdout], [3, "bye\n"]);
});

Deno.test("netns: exec hands on a signal that comes as its program starts", async () => {
  await using lab = await Lab.open("a");
  const script = "trap 'exit 3' TERM; kill -TERM $PPID; " +
    "for turn in $(seq 100); do sleep 0.1; done";
  const words = ["netns", "exec", lab.a.name, "sh", "-c", script];
  for (let turn = 0; turn < 5; turn++) {
    assertEquals((await netplumb(undefined, ...words)).code, 3);
  }
});

Deno.test("netns: exec shows /sys of the namespace and files of /etc/netns", async () => {
  await using lab = await Lab.open("a");
  await lab.a.ip("link add only-here type veth peer name and-here");
  const directory = `/etc/netns/${lab.a.name}`;
  await Deno.mkdir(directory, { recursive: true });
  try {
    await Deno.writeTextFile(`${directory}/hosts`, "192.0.2.7 over-there\n");
    const script = "ls /sys/class/net; cat /etc/hosts; pwd";
    const words = ["netns", "exec", lab.a.name, "sh", "-c", script];
    const { stdout, stderr } = await netplumb(undefined, ...words);
    const expected = await run("ip", words);
    assertEquals(stdout, expected, stderr);
    assertStringIncludes(stdout, "192.0.2.7 over-there\n");
    assertStringIncludes(stdout, "only-here\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
    // Others may have theirs there.
    await Deno.remove("/etc/netns").catch(() => {});
  }
});

Deno.test("netns: exec works after a chroot, as it does in a rescue system", async () => {
  await using lab = await Lab.open("a");
  const root = await Deno.makeTempDir({ prefix: "netplumb-root-" });
  try {
    const words = [
      "netns",
      "exec",
      lab.a.name,
      "sh",
      "-c",
      "pwd; ls /; exit 4",
    ];
    // The mounts are gone with the only process of their namespace.
    const inside = (...command: string[]) =>
      output("unshare", [
        "--mount",
        "sh",
        "-c",
        // A directory that is there after the chroot, and not without it.
        `mount --rbind / "$0" && mount -t tmpfs none "$0/mnt" &&
        mkdir "$0/mnt/here" && exec chroot "$0" env -C /mnt/here "$@"`,
        root,
        ...command,
      ]);
    const theirs = await inside("ip", ...words);
    const ours = await inside(Deno.execPath(), ...denoRun(), ...words);
    assertEquals([theirs.code, theirs.stdout.split("\n")[0]], [4, "/mnt/here"]);
    assertEquals(ours, theirs);
  } finally {
    await Deno.remove(root);
  }
});
