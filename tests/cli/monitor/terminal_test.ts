// `netplumb monitor` on a terminal: columns, colours, and the terminal as it
// was.

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { installed } from "../../support/installed.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { Terminal } from "../../support/terminal.ts";

/** A shell on a terminal that has the command on its path. */
function shell(
  netns: Netns,
  path: string,
  env: Record<string, string> = {},
): Terminal {
  const PATH = `${path}:${Deno.env.get("PATH")}`;
  return new Terminal(netns, "bash --norc --noprofile -i", {
    PATH,
    HISTFILE: "/dev/null",
    NO_COLOR: "",
    ...env,
  });
}

// deno-lint-ignore no-control-regex -- the style's own
const COLORS = /\x1b\[\d+m/g;

Deno.test("monitor on a terminal: times, kinds and colours, in columns", async () => {
  await using lab = await Lab.open("ns");
  await using bin = await installed();
  await using terminal = shell(lab.ns, bin.path);
  await terminal.type("netplumb monitor link address --snapshot\n");
  await terminal.until(/127\.0\.0\.1\/8 \[snapshot\]/);
  await lab.ns.batch(`
    link add one up type ifb
    address add 192.0.2.1/24 dev one
    link set one mtu 1400
    link delete one`);
  const lines: string[] = [];
  while (!lines.at(-1)?.includes("one was removed")) {
    const [, line] = await terminal.until(/([^\n]*\d\d:\d\d:\d\d[^\n]*)\r\n/);
    lines.push(line);
  }
  const find = (text: string) => {
    const line = lines.find((line) => line.includes(text));
    assert(line, lines.join("\n"));
    return line;
  };
  const added = find("New network interface one");
  const address = find("192.0.2.1/24");
  assertMatch(
    added.replaceAll(COLORS, ""),
    /^\d\d:\d\d:\d\d\.\d{3} {2}link {7}\+ New network interface one, state: /,
  );
  assertMatch(
    address.replaceAll(COLORS, ""),
    /^\d\d:\d\d:\d\d\.\d{3} {2}address {4}\+ Interface one: new address /,
  );
  assertStringIncludes(added, "\x1b[32m+ New");
  assertStringIncludes(find("mtu 1500 -> 1400"), "\x1b[33m~ Network");
  assertStringIncludes(find("one was removed"), "\x1b[31m- Network");
  await terminal.type("\x03");
  await terminal.until(/events.* in \d+\.\d s/);
  await terminal.type("echo code=$?\n");
  await terminal.until(/code=0/);
});

Deno.test("monitor on a terminal keeps to NO_COLOR", async () => {
  await using lab = await Lab.open("ns");
  await using bin = await installed();
  await using terminal = shell(lab.ns, bin.path, { NO_COLOR: "1" });
  await terminal.type("netplumb monitor link --snapshot --count 1\n");
  const [, line] = await terminal.until(/(\d\d:\d\d:\d\d[^\n]*)\r\n/);
  assertEquals(line.includes("\x1b"), false);
  assertMatch(line, /^[\d:.]{12} {2}link {7}\+ New network interface lo/);
});
