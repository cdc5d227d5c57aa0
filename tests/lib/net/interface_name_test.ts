// Interface names against the kernel: what it takes and what we take agree,
// but for names it would truncate and bytes that would upset a terminal.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import {
  checkInterfaceName,
  checkInterfacePattern,
} from "../../../lib/net/interface_name.ts";
import { Lab } from "../../support/netns.ts";

const GOOD = [
  "a",
  "eth0",
  "wg-0",
  "x@y",
  "a.b",
  "...",
  "naïve",
  "fifteen-bytes-x",
];
const BAD = [
  "",
  ".",
  "..",
  "sixteen-bytes-xx",
  "ééééééé-é",
  "a/b",
  "a b",
  "a\tb",
  "a:b",
  "a\n",
  "à",
];

Deno.test("interface names: what is taken and refused is what `ip link add` takes and refuses", async () => {
  await using lab = await Lab.open("names");
  for (const name of GOOD) {
    assertEquals(checkInterfaceName(name), name);
    const { code, stderr } = await lab.names.output("ip", [
      "link",
      "add",
      "name",
      name,
      "type",
      "veth",
    ]);
    assert(code === 0, `${name}: ${stderr}`);
    await lab.names.output("ip", ["link", "delete", "dev", name]);
  }
  for (const name of BAD) {
    assertThrows(() => checkInterfaceName(name), ArgumentError);
    assertThrows(() => checkInterfacePattern(name), ArgumentError);
    const { code } = await lab.names.output("ip", [
      "link",
      "add",
      "name",
      name,
      "type",
      "veth",
    ]);
    assert(code !== 0, `the kernel took ${JSON.stringify(name)}`);
  }
});

Deno.test("interface names: a pattern holds one %d and nothing else with %", () => {
  for (const pattern of ["tun%d", "%d", "a%db", "plain"]) {
    assertEquals(checkInterfacePattern(pattern), pattern);
  }
  for (const pattern of ["tun%", "tun%s", "%d%d", "tun%%d", "tun%5d"]) {
    assertThrows(() => checkInterfacePattern(pattern), ArgumentError, "%d");
  }
  assertThrows(() => checkInterfaceName("tun%d"), ArgumentError);
});

Deno.test("interface names: control characters the kernel would take are refused", () => {
  for (const name of ["a\x1b[2J", "a\x07", "a\x7f"]) {
    assertThrows(() => checkInterfaceName(name), ArgumentError);
  }
});
