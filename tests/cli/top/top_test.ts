// What goes through links, as `netplumb top` shows it, beside what was sent.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoRun, Running } from "../../support/command.ts";
import { installed } from "../../support/installed.ts";
import { Lab, type Netns, run } from "../../support/netns.ts";
import { Terminal } from "../../support/terminal.ts";
import { Tmux } from "../../support/tmux.ts";
import type { Line } from "../monitor/watching.ts";

/** Two namespaces, a packet from one to the other every 10 ms. */
async function talking(): Promise<
  Lab<"left" | "right"> & { readonly left: Netns; readonly right: Netns }
> {
  const lab = await Lab.open("left", "right");
  await lab.veth("left", "eth0", "right", "eth0");
  await lab.left.ip("address add 192.0.2.1/24 dev eth0");
  await lab.right.ip("address add 192.0.2.2/24 dev eth0");
  lab.left.spawn("ping", [
    ..."-q -i 0.01 -s 972 192.0.2.2".split(" "),
  ], { stdin: "null", stdout: "null", stderr: "null" }).unref();
  return lab;
}

Deno.test("top --json: as many packets and bytes as go by", async () => {
  await using lab = await talking();
  await using running = new Running(
    lab.left,
    ..."top --json --interval 500ms".split(" "),
    ...["--netns", lab.left.name, "--netns", lab.right.name],
  );
  const seen: Line[] = [];
  // The first may have been measured before the first answer.
  while (
    seen.filter(({ ifname, rx }) => ifname === "eth0" && rx.packets > 10)
      .length < 2
  ) seen.push(await running.object());
  for (const { event, ifname, rx, tx } of seen.slice(-4)) {
    assertEquals(event, "statistics");
    if (ifname !== "eth0") continue;
    // However late ping gets its turn, each packet has 1014 bytes.
    for (const { packets, bytes } of [rx, tx]) {
      if (packets < 10) continue;
      assert(packets < 150, `${packets}`);
      const size = bytes / packets;
      assert(size > 700 && size < 1015, `${size}`);
    }
  }
  assertEquals(
    new Set(seen.map(({ namespace }) => namespace)),
    new Set([lab.left.name, lab.right.name]),
  );
  // A namespace that goes is no error.
  await run("ip", ["netns", "delete", lab.right.name]);
  let last: Line;
  const pictures = new Set<string>();
  while (pictures.size < 4) {
    last = await running.object();
    pictures.add(last.time);
  }
  assertEquals(last.namespace, lab.left.name);
  const { code, stderr } = await running.stop();
  assertEquals([code, stderr], [0, ""]);
});

for (const [how, end] of [["Ctrl-C", "\x03"], ["SIGTERM", "SIGTERM"]]) {
  Deno.test(`top leaves the terminal as it was after ${how}`, async () => {
    await using lab = await talking();
    await using bin = await installed();
    await using terminal = new Terminal(
      lab.left,
      "bash --norc --noprofile -i",
      {
        PATH: `${bin.path}:${Deno.env.get("PATH")}`,
        HISTFILE: "/dev/null",
        NO_COLOR: "1",
      },
    );
    await terminal.type("netplumb top --interval 200ms\n");
    // Another screen, no cursor.
    await terminal.until(/\[\?1049h.\[\?25l/);
    await terminal.until(/packets\/s[^]*eth0 +up +█+/);
    if (end === "SIGTERM") {
      const pids = await lab.left.pids();
      for (const pid of pids) {
        const words = await Deno.readTextFile(`/proc/${pid}/cmdline`);
        if (/top\0--interval/.test(words)) Deno.kill(pid, "SIGTERM");
      }
    } else await terminal.type(end);
    await terminal.until(/\[\?25h.\[\?1049l/);
    await terminal.type("echo code=$?\n");
    await terminal.until(/code=0/);
  });
}

Deno.test("top in a pipe prints one sample after another", async () => {
  await using lab = await talking();
  const { code, stdout, stderr } = await lab.left.output(Deno.execPath(), [
    ...denoRun(),
    ..."top --interval 200ms --count 3 --sort name --filter ETH".split(" "),
  ]);
  assertEquals([code, stderr], [0, ""]);
  const samples = stdout.trimEnd().split("\n\n").map((a) => a.split("\n"));
  assertEquals(samples.length, 3);
  for (const [heading, columns, ...links] of samples) {
    assertMatch(
      heading,
      /^\d\d:\d\d:\d\d, each 0.2 s, sorted by name, 1 of 2 links, filter: ETH$/,
    );
    assertMatch(columns, /^link +state +in +bytes\/s +packets\/s +out /);
    assertEquals(links.length, 1);
    assertMatch(links[0], /^eth0 +up +█/);
  }
});

Deno.test("top in tmux: sort, filter, scroll, drops, resize, quit", async () => {
  await using lab = await talking();
  await lab.left.batch(
    Array.from({ length: 30 }, (_, i) => `link add v${i} type bridge`)
      .join("\n"),
  );
  // Packets that do not fit into the other end are dropped.
  await lab.left.ip("link add big type veth peer name small");
  await lab.left.batch(`
    link set small mtu 1000 up
    link set big up
    address add 198.51.100.1/24 dev big
    neighbour add 198.51.100.2 lladdr 02:00:00:00:00:01 dev big`);
  lab.left.spawn("ping", "-q -i 0.02 -s 1400 198.51.100.2".split(" "), {
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).unref();
  await using bin = await installed();
  await using tmux = await Tmux.open(lab.left, {
    columns: 110,
    rows: 12,
    env: { PATH: `${bin.path}:${Deno.env.get("PATH")}` },
  });
  await tmux.press("echo before", "Enter");
  await tmux.until((lines) => lines.includes("before"));
  await tmux.press("netplumb top --interval 200ms --filter v", "Enter");
  const names = (lines: string[]) =>
    lines.slice(3).map((line) => /^\S+/.exec(line)?.[0]).filter(Boolean);

  // 12 rows: three of headings and an empty last one.
  await tmux.until((lines) => names(lines).length === 8);
  await tmux.press("Escape");
  // The busiest first, of 34 links.
  const all = await tmux.until((lines) => names(lines)[0] === "eth0");
  assertMatch(all[0], /sorted by bytes, 34 of 34 links$/);

  await tmux.press("d");
  const drops = await tmux.until((lines) => names(lines)[0] === "big");
  assertMatch(drops[3], /^big +up .* ! [\d.]+ +0$/);
  await tmux.press("n", "r");
  await tmux.until((lines) => names(lines)[0] === "v9");
  await tmux.press("r", "NPage");
  await tmux.until((lines) => names(lines)[0] === "v12");
  await tmux.press("Home");
  await tmux.until((lines) => names(lines)[0] === "big");

  await tmux.press("/", "v", "q", "BSpace", "2", "Enter");
  const found = await tmux.until((lines) => names(lines)[0] === "v2");
  assertEquals(names(found), [
    "v2",
    ...Array.from({ length: 7 }, (_, i) => `v2${i}`),
  ]);
  await tmux.resize(66, 16);
  const narrow = await tmux.until((lines) => names(lines).length === 11);
  // Packets do not fit, drops and errors do.
  assertMatch(narrow[2], /^link +state +i.* bytes\/s +o.* errors\/s$/);

  // A new link, and one that goes.
  await lab.left.ip("link add v2new type bridge");
  await lab.left.ip("link delete v21");
  await tmux.until((lines) =>
    names(lines).includes("v2new") && !names(lines).includes("v21")
  );

  await tmux.press("q");
  const after = await tmux.until((lines) => lines.includes("before"));
  assert(!after.some((line) => line.includes("errors/s")));
  // The shell echoes again.
  await tmux.press("echo code=$?", "Enter");
  await tmux.until((lines) => lines.includes("code=0"));
  await tmux.press("stty -a | grep -oE ' -?(icanon|echo) '", "Enter");
  await tmux.until((lines) =>
    lines.includes(" icanon") && lines.includes(" echo")
  );
});
