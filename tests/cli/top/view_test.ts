// The table of `netplumb top`, and what its keys do.

import { assertEquals, assertMatch } from "@std/assert";
import { style } from "../../../cli/output/style.ts";
import type { LinkRates } from "../../../cli/rates/meter.ts";
import { pressed, type State } from "../../../cli/top/state.ts";
import { amount, rateTable, select } from "../../../cli/top/view.ts";

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
    kind: undefined,
    up: true,
    rx: rate(rx),
    tx: rate(tx, rx === 0 ? 0 : 3),
  };
}

Deno.test("the table of rates: bars beside each other, columns below headings", () => {
  const lines = rateTable(
    [link("a\x1b[31m", 1_000_000, 500_000), link("idle", 0, 0)],
    style(false),
  );
  assertEquals(lines.length, 3);
  assertMatch(
    lines[1],
    /^a\\x1b\[31m {2}up {5}█{10} +1\.0M +10\.0k {2}█{5} .* ! 3\.0 +0$/,
  );
  assertMatch(lines[2], /^idle +up +0 +0 +0 +0 +0 +0$/);
  assertEquals(lines[0].indexOf("out"), lines[1].lastIndexOf(" █") + 1);
  for (const width of [50, 70, 80, 100, 200]) {
    const widths = rateTable([link("eth0", 1, 2)], style(false), width)
      .map((line) => line.length);
    assertEquals(widths[0], widths[1]);
    // Bars fill the line up to 20 characters each.
    if (width > 60 && width < 110) assertEquals(widths[0] >= width - 1, true);
    if (width > 60) assertEquals(widths[0] <= width, true, `${width}`);
  }
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

Deno.test("links are selected by name, namespace or kind, and sorted", () => {
  const links = [
    { ...link("b", 10, 10), namespace: "blue" },
    { ...link("a", 10, 10), kind: "bridge" },
    link("c", 0, 50),
  ];
  const names = (selection: Partial<State>) =>
    select(links, { sort: "bytes", reversed: false, filter: "", ...selection })
      .map(({ ifname }) => ifname).join("");
  assertEquals(names({}), "cab");
  assertEquals(names({ sort: "name" }), "abc");
  assertEquals(names({ sort: "name", reversed: true }), "cba");
  assertEquals(names({ sort: "drops" }), "abc");
  assertEquals(names({ filter: "B" }), "ab");
  assertEquals(names({ filter: "blue" }), "b");
});

Deno.test("keys of top", () => {
  const state: State = {
    sort: "bytes",
    reversed: false,
    filter: "",
    typing: false,
    offset: 0,
  };
  const after = (...keys: string[]) =>
    keys.reduce<State | undefined>(
      (state, key) => state && pressed(state, key, 10),
      state,
    );
  assertEquals(after("e", "r"), { ...state, sort: "errors", reversed: true });
  assertEquals(after("\x1b[6~", "\x1b[A")?.offset, 9);
  assertEquals(after("\x1b[A")?.offset, 0);
  assertEquals(after("/", "q", "x", "\x7f", "\r"), { ...state, filter: "q" });
  assertEquals(after("/", "q", "\x1b"), state);
  assertEquals(after("q"), undefined);
  assertEquals(after("/", "\x03"), undefined);
  assertEquals(after("z", "\x1b[Z"), state);
});
