// The kinds of link beside what `ip link help KIND` says of them: no option of
// the reference is missing.

import { assert, assertEquals } from "@std/assert";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../../../lib/rtnetlink/kinds/mod.ts";
import { output } from "../../../support/netns.ts";

/** What the help of tunnels lists but `ip` does not take, or not there. */
const TUNNEL = [
  // Written so in the help, encap-udp6-csum where it is read.
  "encap-csum6",
];
const SIX_RD = ["6rd-prefix", "6rd-relay_prefix"];

/** Listed of all three kinds of GRE over IPv6, taken of ip6erspan. */
const ERSPAN = ["erspan_ver", "erspan", "erspan_dir", "erspan_hwid"];
/** Values that the help writes without braces. */
const VALUES = ["inherit", "version", "hwid"];

const NOT_TAKEN: Readonly<Record<string, readonly string[]>> = {
  gre: TUNNEL,
  gretap: TUNNEL,
  erspan: TUNNEL,
  ip6erspan: TUNNEL,
  ip6gre: [...TUNNEL, ...ERSPAN],
  ip6gretap: [...TUNNEL, ...ERSPAN],
  ip6tnl: TUNNEL,
  // Of SIT alone; the help of both is one.
  ipip: [...TUNNEL, ...SIX_RD, "6rd-reset"],
  // It ends ip with a segmentation fault; a 6rd-prefix 2002::/16 says the same.
  sit: [...TUNNEL, "6rd-reset"],
  // The link's own address, and what stands for values.
  macsec: ["address", "lladdr", "u64"],
  // A word in front of nopromisc and nodst that may be left out.
  macvlan: ["flag"],
  macvtap: ["flag"],
};

/** The options that a help text lists, without "no", "i" and "o" before them. */
function listed(help: string, kind: string): string[] {
  const [usage] = help.split(/\n\s*\n|\n\w+:/);
  return usage.replace(`Usage: ... ${kind}`, "")
    // The values of an option, but not the choice between two options.
    .replaceAll(/(\w) \{[^}]*\}/g, "$1")
    .replaceAll(/\[no\]|\[i\|o\]|no\[i\|o\]/g, "")
    .match(/(?<![A-Za-z0-9_-])[0-9a-z][0-9a-z_-]+/g) ?? [];
}

Deno.test("kinds: every option that ip's help lists is there", async () => {
  const kinds = [
    ...KIND_NAMES.map(kindNamed),
    ...PORT_KIND_NAMES.map((name) => portKind(name)!),
  ];
  let queried = 0;
  for (const { name, options } of kinds) {
    const said = await output("ip", ["link", "help", name]);
    const help = said.stdout + said.stderr;
    // For a kind without options it reports what options there are.
    if (!help.startsWith(`Usage: ... ${name}`)) continue;
    queried++;
    const missing = listed(help, name).filter((word) =>
      !Object.hasOwn(options, word) &&
      !(word.startsWith("no") && Object.hasOwn(options, word.slice(2))) &&
      !VALUES.includes(word) && !NOT_TAKEN[name]?.includes(word)
    );
    assertEquals(missing, [], `${name} lacks`);
  }
  assert(queried > 10, `${queried} kinds with help`);
});
