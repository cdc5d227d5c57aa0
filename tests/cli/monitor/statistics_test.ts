// What goes through links, as `netplumb monitor --statistics` shows it, beside
// what was sent.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Running } from "../../support/command.ts";
import { installed } from "../../support/installed.ts";
import { Lab, type Netns, run } from "../../support/netns.ts";
import { Terminal } from "../../support/terminal.ts";
import { amount, rateView } from "../../../cli/rates/rate_view.ts";
import type { LinkRates } from "../../../cli/rates/meter.ts";
import { style } from "../../../cli/output/style.ts";
import type { Line } from "./watching.ts";

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

Deno.test("monitor --statistics --json: as many packets and bytes as go by", async () => {
  await using lab = await talking();
  await using running = new Running(
    lab.left,
    ..."monitor --statistics --json --interval 500ms".split(" "),
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
  Deno.test(`monitor --statistics leaves the terminal as it was after ${how}`, async () => {
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
    await terminal.type("netplumb monitor --statistics --interval 200ms\n");
    // Another screen, no cursor.
    await terminal.until(/\[\?1049h.\[\?25l/);
    await terminal.until(/packets\/s[^]*eth0 +█+/);
    if (end === "SIGTERM") {
      const pids = await lab.left.pids();
      for (const pid of pids) {
        const words = await Deno.readTextFile(`/proc/${pid}/cmdline`);
        if (/--statistics/.test(words)) Deno.kill(pid, "SIGTERM");
      }
    } else await terminal.type(end);
    await terminal.until(/\[\?25h.\[\?1049l/);
    await terminal.type("echo code=$?\n");
    await terminal.until(/code=0/);
  });
}

const rate = (bytes: number, dropped = 0) => ({
  packets: bytes / 100,
  bytes,
  dropped,
  errors: 0,
});

function link(ifname: string, rx: number, tx: number): LinkRates {
  return {
    namespace: undefined,
    ifindex: 1,
    ifname,
    up: true,
    rx: rate(rx),
    tx: rate(tx, rx === 0 ? 0 : 3),
  };
}

Deno.test("the picture of rates: bars beside each other's, columns under each other", () => {
  const lines = rateView(
    [link("a\x1b[31m", 1_000_000, 500_000), link("idle", 0, 0)],
    style(false),
  );
  assertEquals(lines.length, 3);
  assertMatch(lines[1], /^a\\x1b\[31m {2}█{10} +10\.0k +1\.0M +0 {2}█{5} /);
  assertMatch(lines[2], /^idle +0 +0 +0 +0 +0 +0$/);
  assertEquals(lines[0].indexOf("out"), lines[1].lastIndexOf(" █") + 1);
});

Deno.test("amounts take four characters and a unit", () => {
  for (
    const [value, text] of [
      [0, "0"],
      [0.26, "0.3"],
      [99.94, "99.9"],
      [100, "100"],
      [999.4, "999"],
      [999.6, "1.0k"],
      [12_345, "12.3k"],
      [4.2e9, "4.2G"],
      [3e15, "3000T"],
    ] as const
  ) assertEquals(amount(value), text);
});
