// Routes added, replaced, appended and deleted: the messages beside those of
// `ip`, and what comes of them.

import { assert, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import {
  addRoute,
  appendRoute,
  deleteRoute,
  replaceRoute,
  ROUTE,
  type RouteSpec,
} from "../../../../lib/rtnetlink/route.ts";
import { NEXTHOP } from "../../../../lib/rtnetlink/route_nexthop.ts";
import { Beside } from "../../../support/beside.ts";
import { assertAllTried } from "../../../support/tried.ts";

const BUILD = {
  add: addRoute,
  replace: replaceRoute,
  append: appendRoute,
  delete: deleteRoute,
};

type Case = [verb: keyof typeof BUILD, words: string, spec: RouteSpec];

const SETUP = `
  link add a0 type veth peer name a1
  link add b0 type veth peer name b1
  link set a0 addrgenmode none up
  link set a1 addrgenmode none up
  link set b0 addrgenmode none up
  link set b1 addrgenmode none up
  address add 192.0.2.1/24 dev a0
  address add 198.51.100.1/24 dev b0
  address add 2001:db8::1/64 dev a0
  address add 2001:db8:b::1/64 dev b0
  address add fe80::1/64 dev a0
  nexthop add id 7 via 192.0.2.7 dev a0
  nexthop add id 8 via 2001:db8::8 dev a0
`;

const METRICS: [words: string, spec: Omit<RouteSpec, "to">][] = [
  ["mtu 1400", { mtu: 1400 }],
  ["mtu lock 1400", { mtu: 1400, lock: ["mtu"] }],
  ["advmss 1360 hoplimit 9", { advmss: 1360, hoplimit: 9 }],
  ["reordering 5 window 7000", { reordering: 5, window: 7000 }],
  ["rtt 100ms rttvar 50ms", { rtt: 100, rttvar: 50 }],
  ["rto_min 30ms", { rto_min: 30 }],
  ["rto_min 20ms", { rto_min: "20ms" }],
  ["rtt 1.5s rttvar 2.5msecs rto_min 2sec", {
    rtt: "1.5s",
    rttvar: "2.5msecs",
    rto_min: "2sec",
  }],
  ["cwnd lock 20 initcwnd 30 initrwnd 40", {
    cwnd: 20,
    lock: ["cwnd"],
    initcwnd: 30,
    initrwnd: 40,
  }],
  ["ssthresh lock 50 features ecn", {
    ssthresh: 50,
    lock: ["ssthresh"],
    features: "ecn",
  }],
  ["quickack 1 fastopen_no_cookie 1", {
    quickack: true,
    fastopen_no_cookie: true,
  }],
  ["congctl lock cubic", { congctl: "cubic", lock: ["congctl"] }],
  ["congctl nosuch", { congctl: "nosuch" }],
  [
    "hoplimit lock 8 advmss lock 99 reordering lock 3 rtt lock 9ms rttvar lock 8ms window lock 5 initcwnd lock 4 initrwnd lock 3",
    {
      hoplimit: 8,
      advmss: 99,
      reordering: 3,
      rtt: 9,
      rttvar: 8,
      window: 5,
      initcwnd: 4,
      initrwnd: 3,
      lock: [
        "hoplimit",
        "advmss",
        "reordering",
        "rtt",
        "rttvar",
        "window",
        "initcwnd",
        "initrwnd",
      ],
    },
  ],
];

const CASES: Case[] = [
  ["add", "10.0.0.0/8 dev a0", { to: "10.0.0.0/8", dev: "a0" }],
  ["add", "10.0.0.0/8 dev a0", { to: "10.0.0.0/8", dev: "a0" }],
  ["add", "default via 192.0.2.254", { to: "default", via: "192.0.2.254" }],
  ["replace", "default via 192.0.2.253", {
    to: "default",
    via: "192.0.2.253",
  }],
  ["append", "default via 192.0.2.252 metric 0", {
    to: "default",
    via: "192.0.2.252",
    metric: 0,
  }],
  ["add", "default via 192.0.2.251 metric 77 table 100", {
    to: "default",
    via: "192.0.2.251",
    metric: 77,
    table: 100,
  }],
  ["add", "10.1.0.1 via 192.0.2.9 dev a0 src 192.0.2.1 table 70000", {
    to: "10.1.0.1",
    via: "192.0.2.9",
    dev: "a0",
    src: "192.0.2.1",
    table: 70000,
  }],
  ["add", "10.1.0.2 dev a0 table local", {
    to: "10.1.0.2",
    dev: "a0",
    table: "local",
  }],
  ["add", "10.2.0.0/16 via 192.0.2.9 protocol static scope site tos 8", {
    to: "10.2.0.0/16",
    via: "192.0.2.9",
    protocol: "static",
    scope: "site",
    tos: 8,
  }],
  ["add", "10.2/16 via 192.0.2.9 tos 20", {
    to: "10.2/16",
    via: "192.0.2.9",
    tos: "20",
  }],
  ["add", "10.2.0.0/255.255.0.0 via 192.0.2.9 tos AF11", {
    to: "10.2.0.0/255.255.0.0",
    via: "192.0.2.9",
    tos: "AF11",
  }],
  ["add", "0/0 via 192.0.2.9 metric 8", {
    to: "0/0",
    via: "192.0.2.9",
    metric: 8,
  }],
  ["add", "10.2.1.0/24 via 192.0.2.9 protocol 99 realms 4/5", {
    to: "10.2.1.0/24",
    via: "192.0.2.9",
    protocol: 99,
    realms: "4/5",
  }],
  ["add", "10.3.0.0/16 via 203.0.113.1 dev a0 onlink", {
    to: "10.3.0.0/16",
    via: "203.0.113.1",
    dev: "a0",
    onlink: true,
  }],
  ["add", "10.4.0.0/16 via inet6 2001:db8::9 dev a0", {
    to: "10.4.0.0/16",
    via: "2001:db8::9",
    dev: "a0",
  }],
  ["add", "10.5.0.0/16 nhid 7", { to: "10.5.0.0/16", nhid: 7 }],
  ["add", "10.5.1.0/24 nhid 99", { to: "10.5.1.0/24", nhid: 99 }],
  [
    "add",
    "10.6.0.0/16 nexthop via 192.0.2.2 weight 3 nexthop via 198.51.100.2 dev b0 nexthop via 203.0.113.9 dev a0 onlink weight 256",
    {
      to: "10.6.0.0/16",
      nexthops: [
        { via: "192.0.2.2", weight: 3 },
        { via: "198.51.100.2", dev: "b0" },
        { via: "203.0.113.9", dev: "a0", onlink: true, weight: 256 },
      ],
    },
  ],
  [
    "add",
    "10.6.1.0/24 nexthop dev a0 nexthop via inet6 2001:db8::2 dev a0 nexthop dev b0 realms 7",
    {
      to: "10.6.1.0/24",
      nexthops: [
        { dev: "a0" },
        { via: "2001:db8::2", dev: "a0" },
        { dev: "b0", realms: 7 },
      ],
    },
  ],
  ...(["blackhole", "unreachable", "prohibit", "throw"] as const).flatMap(
    (type, index): Case[] => [
      ["add", `${type} 10.7.${index}.0/24`, { to: `10.7.${index}.0/24`, type }],
      ["add", `${type} 2001:db8:7:${index}::/64`, {
        to: `2001:db8:7:${index}::/64`,
        type,
      }],
    ],
  ),
  ["add", "local 10.8.0.1 dev a0", {
    to: "10.8.0.1",
    type: "local",
    dev: "a0",
  }],
  ["add", "broadcast 10.8.0.255 dev a0", {
    to: "10.8.0.255",
    type: "broadcast",
    dev: "a0",
  }],
  ["add", "multicast 239.0.0.0/8 dev a0", {
    to: "239.0.0.0/8",
    type: "multicast",
    dev: "a0",
  }],
  ["add", "unicast 10.8.1.0/24 dev a0", {
    to: "10.8.1.0/24",
    type: "unicast",
    dev: "a0",
  }],
  ["add", "anycast 2001:db8:8:: dev a0", {
    to: "2001:db8:8::",
    type: "anycast",
    dev: "a0",
  }],
  ["add", "2001:db8:1::/48 via 2001:db8::2", {
    to: "2001:db8:1::/48",
    via: "2001:db8::2",
  }],
  ["append", "2001:db8:1::/48 via 2001:db8:b::2", {
    to: "2001:db8:1::/48",
    via: "2001:db8:b::2",
  }],
  ["add", "default via fe80::2 dev a0 metric 5 pref high", {
    to: "default",
    via: "fe80::2",
    dev: "a0",
    metric: 5,
    pref: "high",
  }],
  ["add", "2001:db8:2::/48 dev a0 from 2001:db8:f::/48 pref low", {
    to: "2001:db8:2::/48",
    dev: "a0",
    from: "2001:db8:f::/48",
    pref: "low",
  }],
  ["add", "2001:db8:3::/48 dev a0 expires 1000 pref medium", {
    to: "2001:db8:3::/48",
    dev: "a0",
    expires: 1000,
    pref: "medium",
  }],
  ["add", "2001:db8:4::/48 nhid 8 src 2001:db8::1", {
    to: "2001:db8:4::/48",
    nhid: 8,
    src: "2001:db8::1",
  }],
  [
    "add",
    "2001:db8:5::/48 nexthop via 2001:db8::2 dev a0 weight 2 nexthop via 2001:db8:b::2 dev b0",
    {
      to: "2001:db8:5::/48",
      nexthops: [
        { via: "2001:db8::2", dev: "a0", weight: 2 },
        { via: "2001:db8:b::2", dev: "b0" },
      ],
    },
  ],
  ...[
    "10.20.0.0/16 encap mpls 100/200 ttl 5 via 192.0.2.2",
    "10.20.1.0/24 encap mpls 16 via 192.0.2.2",
    "10.20.2.0/24 encap ip id 42 src 192.0.2.1 dst 192.0.2.77 tos 20 ttl 9 key csum seq dev a0",
    "10.20.3.0/24 encap ip6 id 0x10 src 2001:db8::1 dst 2001:db8::7 tc 20 hoplimit 9 csum dev a0",
    "2001:db8:20::/48 encap seg6 mode encap segs 2001:db8::a,2001:db8::b dev a0",
    "2001:db8:21::/48 encap seg6 mode inline segs 2001:db8::a dev a0",
    "2001:db8:22::1 encap seg6local action End.DT6 table 100 dev a0",
    "2001:db8:22::2 encap seg6local action End.X nh6 2001:db8::2 flavors psp,usp count dev a0",
    "2001:db8:22::3 encap seg6local action End.DX4 nh4 192.0.2.2 dev a0",
    "2001:db8:22::4 encap seg6local action End.B6.Encaps srh segs 2001:db8::a,2001:db8::b dev a0",
    "2001:db8:22::5 encap seg6local action End.B6 srh segs 2001:db8::a dev a0",
    "2001:db8:22::6 encap seg6local action End.DX2 oif b0 dev a0",
    "2001:db8:22::7 encap seg6local action End flavors next-csid lblen 48 nflen 16 dev a0",
    "2001:db8:23::/48 encap rpl segs 2001:db8::a,2001:db8::b dev a0",
    "2001:db8:24::/48 encap ioam6 trace prealloc type 0x800000 ns 1 size 12 dev a0",
    "2001:db8:24::/48 encap ioam6 freq 1/5 mode encap tundst 2001:db8::9 trace prealloc type 0x800000 ns 1 size 12 dev a0",
  ].map((words): Case => {
    const [, to = "", encap, hop, value] =
      /^(\S+) encap (.*) (via|dev) (\S+)$/.exec(words) ?? [];
    return ["add", words, { to, encap, [hop!]: value } as RouteSpec];
  }),
  [
    "add",
    "10.20.4.0/24 nexthop encap ip id 7 dst 192.0.2.9 via 192.0.2.3 dev a0 nexthop via 192.0.2.2",
    {
      to: "10.20.4.0/24",
      nexthops: [
        { encap: "ip id 7 dst 192.0.2.9", via: "192.0.2.3", dev: "a0" },
        { via: "192.0.2.2" },
      ],
    },
  ],
  ["add", "10.9.0.0/16 via 192.0.9.9", { to: "10.9.0.0/16", via: "192.0.9.9" }],
  ["delete", "10.0.0.0/8", { to: "10.0.0.0/8" }],
  ["delete", "10.0.0.0/8", { to: "10.0.0.0/8" }],
  ["delete", "default via 192.0.2.253", {
    to: "default",
    via: "192.0.2.253",
  }],
  ["delete", "default table 100 metric 77", {
    to: "default",
    table: 100,
    metric: 77,
  }],
  ["delete", "blackhole 10.7.0.0/24", { to: "10.7.0.0/24", type: "blackhole" }],
  ["delete", "2001:db8:1::/48 via 2001:db8:b::2", {
    to: "2001:db8:1::/48",
    via: "2001:db8:b::2",
  }],
  ["delete", "2001:db8:1::/48", { to: "2001:db8:1::/48" }],
  ["delete", "local 10.8.0.1 dev a0", {
    to: "10.8.0.1",
    type: "local",
    dev: "a0",
  }],
];

/** Words after `ip -f mpls`; a kernel without MPLS refuses them alike. */
const MPLS_CASES: Case[] = [
  ["add", "104 as 200/300 via inet 192.0.2.4 dev a0 ttl-propagate disabled", {
    to: "104",
    family: "mpls",
    as: "200/300",
    via: "192.0.2.4",
    dev: "a0",
    "ttl-propagate": "disabled",
  }],
  ["replace", "104 via inet6 2001:db8::4 dev a0 ttl-propagate enabled", {
    to: "104",
    family: "mpls",
    via: "2001:db8::4",
    dev: "a0",
    "ttl-propagate": "enabled",
  }],
  ["add", "105 nexthop as 7 via inet 192.0.2.4 dev a0 nexthop dev b0", {
    to: "105",
    family: "mpls",
    nexthops: [{ via: "192.0.2.4", dev: "a0", as: "7" }, { dev: "b0" }],
  }],
  ["delete", "104", { to: "104", family: "mpls" }],
  ["delete", "105", { to: "105", family: "mpls" }],
];

Deno.test("route: MPLS routes as ip requests them", async () => {
  await using beside = await Beside.open(SETUP);
  for (const [verb, words, spec] of MPLS_CASES) {
    await beside.compare(
      `-f mpls route ${verb} ${words}`,
      BUILD[verb](spec),
    );
  }
  await beside.assertNothingLeft();
});

Deno.test("route: add, replace, append and delete as ip requests them", async () => {
  await using beside = await Beside.open(SETUP);
  const settled = { done: 0, refused: 0 };
  for (const [verb, words, spec] of CASES) {
    // ip takes a family for an address of "default" only from -6.
    const done = await beside.compare(
      `route ${verb} ${words}`,
      BUILD[verb](spec),
    );
    settled[done ? "done" : "refused"]++;
  }
  assert(settled.refused >= 4 && settled.done > 30, JSON.stringify(settled));
  for (const [, , spec] of CASES) await beside.undo(deleteRoute(spec));
  await beside.assertNothingLeft();
});

Deno.test("route: every option, every type and every metric is tried", () => {
  const tried = [
    ...[...CASES, ...MPLS_CASES].map(([, , spec]) => spec),
    ...METRICS.map(([, spec]) => spec),
    { family: "inet" },
    { family: "inet6" },
  ];
  assertAllTried("routes", ROUTE.options, tried);
  const nexthops = [...CASES, ...MPLS_CASES].flatMap(([, , spec]) =>
    spec.nexthops ?? []
  );
  assertAllTried("the ways of a route", NEXTHOP.options, nexthops);
});

Deno.test("route: -6 default is IPv6's, of a device alone too", async () => {
  await using beside = await Beside.open(SETUP);
  await beside.compare(
    "-6 route add default dev a0",
    addRoute({ to: "default", dev: "a0", family: "inet6" }),
  );
  await beside.compare(
    "-6 route delete default",
    deleteRoute({ to: "default", family: "inet6" }),
  );
});

Deno.test("route: every metric as ip requests it", async () => {
  await using beside = await Beside.open(SETUP);
  for (const [index, [words, spec]] of METRICS.entries()) {
    for (const to of [`10.${index}.0.0/16`, `2001:db8:${index}a::/48`]) {
      await beside.compare(
        `route add ${to} dev a0 ${words}`,
        addRoute({ to, dev: "a0", ...spec }),
      );
    }
  }
});

Deno.test("route: what cannot be right is refused before anything is sent", () => {
  const base = { to: "10.0.0.0/8", dev: "a0" };
  const wrong: RouteSpec[] = [
    { to: "10.0.0.0/33" },
    { to: "nowhere" },
    { ...base, src: "2001:db8::1" },
    { ...base, from: "2001:db8::/32" },
    { ...base, via: "10.0.0.0/8" },
    { ...base, table: "no-such-table" },
    { ...base, table: 2 ** 32 },
    { ...base, protocol: 256 },
    { ...base, metric: -1 },
    { ...base, family: "inet6" },
    { ...base, nexthops: [] },
    { ...base, nexthops: [{ weight: 0 }] },
    { ...base, nexthops: [{ weight: 257 }] },
    // @ts-expect-error: no such word
    { ...base, nexthops: [{ gateway: "10.0.0.1" }] },
    { ...base, hoplimit: 256 },
    { ...base, lock: ["mtu"] },
    { ...base, realms: "a/b" },
    // @ts-expect-error: no such word
    { ...base, gateway: "10.0.0.1" },
    // @ts-expect-error: no destination
    { dev: "a0" },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addRoute(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
});
