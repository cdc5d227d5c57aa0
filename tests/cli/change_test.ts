// netplumb address, route, neighbour, rule and nexthop: the messages of a
// command line are those of `ip` for the same, and they do what they say.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { netplumb } from "../support/command.ts";
import { Lab } from "../support/netns.ts";
import { assertSameRequests, sentBy, type Shape } from "../support/sent.ts";

const SETUP = `
  link add a0 type veth peer name a1
  link set a0 addrgenmode none up
  link set a1 addrgenmode none up
  address add 192.0.2.1/24 dev a0
  address add 2001:db8::1/64 dev a0`;

/** RTA_METRICS and RTA_MULTIPATH. */
const ROUTE: Shape = {
  8: { inside: {} },
  9: { skip: 8, structs: true, inside: {} },
};
const HEADERS = {
  address: 8,
  link: 16,
  neighbour: 12,
  nexthop: 8,
  route: 12,
  rule: 12,
};

type Case = [ours: string[], theirs: string];

const words = (line: string) => line.split(" ");

const CASES: Case[] = [
  [
    words(
      "address add 192.0.2.7/25 --dev a0 --broadcast + --label a0:x --metric 5",
    ),
    "address add 192.0.2.7/25 dev a0 brd + label a0:x metric 5",
  ],
  [
    words("address add 10.0.0.1 --peer 10.0.0.2 --dev a0 --scope link"),
    "address add 10.0.0.1 peer 10.0.0.2 dev a0 scope link",
  ],
  [
    words(
      "address replace 2001:db8::7/64 --dev a0 --valid-lft 900 --preferred-lft 5 --nodad --noprefixroute",
    ),
    "address replace 2001:db8::7/64 dev a0 valid_lft 900 preferred_lft 5 nodad noprefixroute",
  ],
  [
    words("address delete 192.0.2.1/24 --dev a0"),
    "address delete 192.0.2.1/24 dev a0",
  ],
  [
    words(
      "route add 10.0.0.0/8 --via 192.0.2.9 --table 100 --metric 7 --src 192.0.2.1 --mtu 1400 --lock mtu --protocol static",
    ),
    "route add 10.0.0.0/8 via 192.0.2.9 table 100 metric 7 src 192.0.2.1 mtu lock 1400 protocol static",
  ],
  [
    [
      ...words("route add default --nexthop"),
      "via 192.0.2.2 weight 2",
      "--nexthop",
      "via 192.0.2.3 dev a0 onlink",
    ],
    "route add default nexthop via 192.0.2.2 weight 2 nexthop via 192.0.2.3 dev a0 onlink",
  ],
  [
    words("route append 2001:db8:9::/48 --via 2001:db8::9 --pref low"),
    "route append 2001:db8:9::/48 via 2001:db8::9 pref low",
  ],
  [
    words("route replace 203.0.113.0/24 --type blackhole --realms 4/5"),
    "route replace blackhole 203.0.113.0/24 realms 4/5",
  ],
  [
    words("route delete 10.0.0.0/8 --table 100"),
    "route delete 10.0.0.0/8 table 100",
  ],
  [
    words(
      "neighbour add 192.0.2.2 --dev a0 --lladdr 02:00:00:00:00:02 --nud stale --router",
    ),
    "neighbour add 192.0.2.2 dev a0 lladdr 02:00:00:00:00:02 nud stale router",
  ],
  [
    words("neighbour replace 2001:db8::2 --dev a0 --lladdr 2:0:0:0:0:2"),
    "neighbour replace 2001:db8::2 dev a0 lladdr 2:0:0:0:0:2",
  ],
  [
    words("neighbour delete 192.0.2.3 --dev a0 --proxy"),
    "neighbour delete proxy 192.0.2.3 dev a0",
  ],
  [
    words(
      "rule add --from 192.0.2.0/24 --not --fwmark 0x10/0xf0 --table 70000 --priority 9",
    ),
    "rule add not from 192.0.2.0/24 fwmark 0x10/0xf0 table 70000 priority 9",
  ],
  [
    words(
      "rule add --iif a0 --ipproto 17 --dport 53-54 --suppress-prefixlength 0 --table main",
    ),
    "rule add iif a0 ipproto 17 dport 53-54 suppress_prefixlength 0 table main",
  ],
  [
    words("rule delete --priority 5 --action unreachable --family inet6"),
    "-6 rule delete priority 5 unreachable",
  ],
  [
    words("nexthop add 1 --via 192.0.2.2 --dev a0 --onlink"),
    "nexthop add id 1 via 192.0.2.2 dev a0 onlink",
  ],
  [
    words("nexthop replace 9 --group 1,2/3 --type resilient --buckets 32"),
    "nexthop replace id 9 group 1,2/3 type resilient buckets 32",
  ],
  [words("nexthop delete 9"), "nexthop delete id 9"],
  [
    words("link vlan add a0 10-20 --untagged"),
    "bridge vlan add dev a0 vid 10-20 untagged",
  ],
  [
    words("link vlan delete a0 10 --self --master"),
    "bridge vlan delete dev a0 vid 10 self master",
  ],
];

for (const [ours, theirs] of CASES) {
  Deno.test(`netplumb ${ours.join(" ")}: as ip requests it`, async () => {
    await using lab = await Lab.open("a");
    await lab.a.batch(SETUP);
    const { stdout, stderr } = await netplumb(
      lab.a,
      ...ours,
      "--dry-run",
      "--json",
    );
    assertEquals(stderr, "");
    const requests = stdout.trim().split("\n").map((line) => {
      const bytes = Uint8Array.fromHex(JSON.parse(line).hex);
      const view = new DataView(bytes.buffer);
      return {
        type: view.getUint16(4, true),
        flags: view.getUint16(6, true) & ~5,
        body: bytes.slice(16),
      };
    });
    const command = theirs.split(" ");
    if (command[0] !== "bridge") command.unshift("ip");
    const { sent } = await sentBy(lab.a, ...command);
    const header = HEADERS[ours[0] as keyof typeof HEADERS];
    assertSameRequests(requests, sent, header, ROUTE);
  });
}

Deno.test("netplumb address, route, neighbour, rule, nexthop: do it, say it, refuse it", async () => {
  await using lab = await Lab.open("a");
  await lab.a.batch(SETUP);
  const run = (line: string) =>
    netplumb(undefined, ...line.split(" "), "--netns", lab.a.name, "--json");
  for (
    const [line, what] of [
      [
        "address add 198.51.100.1/24 --dev a0",
        "add address 198.51.100.1/24 of a0",
      ],
      ["nexthop add 5 --via 198.51.100.2 --dev a0", "add nexthop 5"],
      ["route add 203.0.113.0/24 --nhid 5", "add route 203.0.113.0/24"],
      [
        "neighbour add 192.0.2.2 --dev a0 --lladdr 2:0:0:0:0:2",
        "add neighbour 192.0.2.2 of a0",
      ],
      ["rule add --fwmark 7 --table 77 --priority 50", "add rule 50"],
    ]
  ) {
    const { code, stdout, stderr } = await run(line);
    assertEquals([code, stderr], [0, ""], line);
    assertEquals(JSON.parse(stdout), { event: "done", what, warnings: [] });
  }
  const [route] = await lab.a.json("route show 203.0.113.0/24");
  assertEquals([route.nhid, route.gateway], [5, "198.51.100.2"]);
  const [neighbour] = await lab.a.json("neighbour show 192.0.2.2");
  assertEquals(neighbour.lladdr, "02:00:00:00:00:02");
  const rules = await lab.a.json("rule");
  assert(
    rules.some(({ priority, table }) => priority === 50 && table === "77"),
  );
  const flush = await run("address flush a0 --family inet");
  assertEquals(JSON.parse(flush.stdout).count, 2);

  const refused = await run("route add 10.0.0.0/8 --via 192.0.2.9");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "ENETUNREACH");
  assertStringIncludes(refused.stderr, "Nexthop has invalid gateway");
  assertEquals(JSON.parse(refused.stdout).error.code, "ENETUNREACH");
  for (
    const line of [
      "address add 192.0.2.1/33 --dev a0",
      "address add 192.0.2.1/24",
      "route add nowhere",
      "route add default --via",
      "route add default --table galaxy",
      "neighbour add 192.0.2.2",
      "rule add",
      "nexthop add 0",
    ]
  ) {
    const { code, stdout, stderr } = await run(line);
    assertEquals([code, stdout], [2, ""], `${line}: ${stderr}`);
  }
});
