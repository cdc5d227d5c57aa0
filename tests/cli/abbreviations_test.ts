// Abbreviated subcommands, as iproute2 accepts them.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { withoutAbbreviations } from "../../cli/abbreviations.ts";
import { libc } from "../../ffi/libc.ts";
import { netplumb } from "../support/command.ts";
import { Lab } from "../support/netns.ts";

// Subcommands open it; the leak sanitizer compares before and after a test.
libc();

Deno.test("subcommands can be abbreviated, other words stay", async () => {
  for (
    const [typed, meant] of [
      ["neigh del 192.0.2.1", "neighbour delete 192.0.2.1"],
      ["addr add x", "address add x"],
      ["route del default", "route delete default"],
      ["help", "--help"],
      ["route help", "route --help"],
      ["ne add", "ne add"],
      ["ip neigh del", "ip neigh del"],
      ["netns exec q del", "netns exec q del"],
      ["show neigh", "show neighbour"],
      ["link --json del", "link --json del"],
      ["--json neigh", "--json neigh"],
      ["", ""],
    ] as const
  ) {
    const words = typed === "" ? [] : typed.split(" ");
    assertEquals((await withoutAbbreviations(words)).join(" "), meant);
  }
});

Deno.test("netplumb addr, neigh and del", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const run = async (line: string) =>
    assertEquals((await netplumb(one, ...line.split(" "))).code, 0, line);
  await run("addr add 192.0.2.1/24 --dev lo");
  await run("addr del 192.0.2.1/24 --dev lo");
  assertEquals((await one.ip("-4 address show to 192.0.2.1")).trim(), "");
  assertStringIncludes(
    (await netplumb(one, "help")).stdout,
    "netplumb <subcommand>",
  );
});
