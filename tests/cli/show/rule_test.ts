// `show rule` beside `ip -j [-d] rule`.

import { assert } from "@std/assert";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertShows } from "./compare.ts";

Deno.test("show rule: every selector and action", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add eth0 type ifb
    rule add from 192.0.2.0/24 table 100
    rule add from 192.0.2.1 to 198.51.100.0/24 table 101 priority 50
    rule add not from 10.0.0.0/8 table 100
    rule add fwmark 7 table 100
    rule add fwmark 0x10/0xf0 table 100
    rule add iif eth0 table 100
    rule add oif gone0 table 100
    rule add iif gone1 table 100
    rule add uidrange 1000-2000 table 100
    rule add tos 0x10 table 100
    rule add ipproto tcp sport 100-200 dport 443 table 100
    rule add ipproto 77 sport 5 dport 1-65534 table 100
    rule add table main suppress_prefixlength 0 priority 60
    rule add table main suppress_ifgroup 42 priority 61
    rule add tun_id 4711 table 100
    rule add from 192.0.2.9 table 100 protocol static
    rule add from 192.0.2.9 realms 3/7 table 100
    rule add from 192.0.2.10 realms 5 table 1000000
    rule add from 192.0.2.11 blackhole
    rule add from 192.0.2.12 unreachable
    rule add from 192.0.2.13 prohibit
    rule add from 192.0.2.14 goto 32766
    rule add from 192.0.2.15 goto 40000
    rule add from 192.0.2.16 nop
`);
  for (
    const rule of [
      "from 2001:db8::/32 table 100",
      "to 2001:db8::1 iif lo fwmark 0xffffffff table 100",
    ]
  ) await here.run("ip", ["-6", "rule", "add", ...rule.split(" ")]);
  const rules = await assertShows(here, "rule", "rule", {});
  assert(rules.length > 20);
  await assertShows(here, "rule", "-6 rule", { family: "inet6" });
  await assertShows(here, "rule", "rule show table 100", { table: 100 });
});

Deno.test("show rule: of an interface's VRF table (l3mdev)", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  const { code } = await here.output("ip", ["rule", "add", "l3mdev"]);
  // Without CONFIG_NET_L3_MASTER_DEV the kernel refuses it; nothing to show.
  if (code === 0) await assertShows(here, "rule", "rule", {});
});
