// Options of addresses, neighbours, nexthop objects and routes that drift: the
// reported word and values, and that the correction ends the difference.

import { assertEquals } from "@std/assert";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import { kernelEncapsulates, testUnless } from "../../../support/kinds.ts";
import { Lab } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";

/** How an option is wanted, what `ip` does to it, and what is reported. */
type Drift = readonly [
  wanted: object,
  drift: string,
  reasons: readonly string[],
];

const inet = (options: object) => ({ address: "10.9.0.1/24", ...options });
const inet6 = (options: object) => ({
  address: "2001:db8:9::1/64",
  nodad: true,
  ...options,
});
const again = (address: string, words: string) =>
  `address delete ${address} dev d0
   address add ${address} dev d0 ${words}`;

const ADDRESSES: readonly Drift[] = [
  [
    inet({ metric: 7 }),
    "address change 10.9.0.1/24 dev d0 metric 3",
    ["metric is 3, wanted 7"],
  ],
  [
    inet({ broadcast: "+" }),
    again("10.9.0.1/24", "broadcast 10.9.0.77"),
    ["broadcast is 10.9.0.77, wanted 10.9.0.255"],
  ],
  [
    inet({ label: "d0:b" }),
    again("10.9.0.1/24", "label d0:a"),
    ["label is d0:a, wanted d0:b"],
  ],
  [
    inet({ scope: "link" }),
    again("10.9.0.1/24", "scope global"),
    ["scope is global, wanted link"],
  ],
  [
    inet({ valid_lft: "forever" }),
    "address change 10.9.0.1/24 dev d0 valid_lft 900 preferred_lft 500",
    ["valid_lft is N s, wanted forever"],
  ],
  [
    inet({ valid_lft: 900, preferred_lft: 500 }),
    "address change 10.9.0.1/24 dev d0 valid_lft forever preferred_lft forever",
    [
      "valid_lft is forever, wanted N s",
      "preferred_lft is forever, wanted N s",
    ],
  ],
  [
    inet({ noprefixroute: true }),
    again("10.9.0.1/24", ""),
    ["noprefixroute is off, wanted on"],
  ],
  [
    { address: "239.9.9.9/32", autojoin: true },
    again("239.9.9.9/32", ""),
    ["autojoin is off, wanted on"],
  ],
  [
    inet6({}),
    `address delete 2001:db8:9::1/64 dev d0
     address add 2001:db8:9::1/65 dev d0 nodad`,
    ["address is 2001:db8:9::1/65, wanted 2001:db8:9::1/64"],
  ],
  [
    { address: "2001:db8:9::1", peer: "2001:db8:9::2/64", nodad: true },
    `address delete 2001:db8:9::1 peer 2001:db8:9::2/64 dev d0
     address add 2001:db8:9::1 peer 2001:db8:9::3/64 dev d0 nodad`,
    ["peer is 2001:db8:9::3/64, wanted 2001:db8:9::2/64"],
  ],
  [
    inet6({ nodad: true }),
    "address change 2001:db8:9::1/64 dev d0",
    ["nodad is off, wanted on"],
  ],
  [
    inet6({ home: true, mngtmpaddr: true, noprefixroute: true }),
    "address change 2001:db8:9::1/64 dev d0 nodad",
    [
      "home is off, wanted on",
      "mngtmpaddr is off, wanted on",
      "noprefixroute is off, wanted on",
    ],
  ],
];

const peer = (options: object) => ({
  to: "192.0.2.9",
  dev: "d0",
  lladdr: "02:00:5e:00:53:09",
  ...options,
});
const change = "neighbour replace 192.0.2.9 dev d0";
const LLADDR = "lladdr 02:00:5e:00:53:09";

const NEIGHBOURS: readonly Drift[] = [
  [peer({}), `${change} lladdr 02:00:5e:00:53:77 nud permanent`, [
    "lladdr is 02:00:5e:00:53:77, wanted 02:00:5e:00:53:09",
  ]],
  [peer({}), `${change} ${LLADDR} nud noarp`, [
    "nud is noarp, wanted permanent",
  ]],
  [peer({ nud: "noarp" }), `${change} ${LLADDR} nud permanent`, [
    "nud is permanent, wanted noarp",
  ]],
  [
    peer({ router: true }),
    `neighbour delete 192.0.2.9 dev d0
     ${change} ${LLADDR} nud permanent`,
    ["router is off, wanted on"],
  ],
  [
    peer({ extern_learn: true }),
    `neighbour delete 192.0.2.9 dev d0
     ${change} ${LLADDR} nud permanent`,
    ["extern_learn is off, wanted on"],
  ],
  [
    peer({ protocol: "static" }),
    `${change} ${LLADDR} nud permanent protocol dhcp`,
    ["protocol is dhcp, wanted static"],
  ],
];

const NEXTHOPS: readonly Drift[] = [
  [
    { id: 7, via: "192.0.2.8", dev: "d0" },
    "nexthop replace id 7 via 192.0.2.9 dev d0",
    ["via is 192.0.2.9, wanted 192.0.2.8"],
  ],
  [
    { id: 7, via: "192.0.2.8", dev: "d0", onlink: true },
    "nexthop replace id 7 via 192.0.2.8 dev d0",
    ["onlink is off, wanted on"],
  ],
  [
    { id: 7, via: "192.0.2.8", dev: "d0", protocol: "static" },
    "nexthop replace id 7 via 192.0.2.8 dev d0 protocol dhcp",
    ["protocol is dhcp, wanted static"],
  ],
  [
    { id: 7, dev: "d0", via: "192.0.2.8" },
    "nexthop replace id 7 via 198.51.100.8 dev d1 onlink",
    ["via is 198.51.100.8, wanted 192.0.2.8", "dev is d1, wanted d0"],
  ],
  [
    { id: 7, via: "192.0.2.8", dev: "d0", encap: "ip id 5 dst 192.0.2.9 key" },
    "nexthop replace id 7 via 192.0.2.8 dev d0 encap ip id 5 dst 192.0.2.9",
    [
      "encap is ip id 5 dst 192.0.2.9, wanted ip id 5 dst 192.0.2.9 key",
    ],
  ],
  [
    { id: 7, blackhole: true },
    "nexthop replace id 7 via 192.0.2.8 dev d0",
    ["via is 192.0.2.8, wanted not set", "blackhole is off, wanted on"],
  ],
  [
    { id: 9, group: "1,2/2" },
    "nexthop replace id 9 group 1/2",
    ["group is 1/2, wanted 1,2/2"],
  ],
  [
    {
      id: 8,
      group: "1/2",
      type: "resilient",
      buckets: 8,
      idle_timer: 5,
      unbalanced_timer: 6,
    },
    "nexthop replace id 8 group 1/2 type resilient buckets 8 " +
    "idle_timer 7 unbalanced_timer 9",
    ["idle_timer is 7, wanted 5", "unbalanced_timer is 9, wanted 6"],
  ],
];

const to = "10.77.0.0/16";
const route = (options: object) => ({ to, via: "192.0.2.8", ...options });
const replace = `route replace ${to} via 192.0.2.8`;

const ROUTES: readonly Drift[] = [
  [{ to, type: "blackhole" }, `route replace unreachable ${to}`, [
    "type is unreachable, wanted blackhole",
  ]],
  [route({}), `route replace ${to} via 192.0.2.9`, [
    "via is 192.0.2.9, wanted 192.0.2.8",
  ]],
  [route({ via: "2001:db8::8", dev: "d0" }), replace, [
    "via is 192.0.2.8, wanted 2001:db8::8",
  ]],
  [{ to, dev: "d0" }, `route replace ${to} dev d1`, ["dev is d1, wanted d0"]],
  [route({ dev: "d0", onlink: true }), replace, ["onlink is off, wanted on"]],
  [{ to, nhid: 1 }, `route replace ${to} nhid 2`, ["nhid is 2, wanted 1"]],
  [
    { to, nexthops: [{ via: "192.0.2.8", weight: 2 }, { via: "192.0.2.9" }] },
    `route replace ${to} nexthop via 192.0.2.8 nexthop via 192.0.2.9`,
    [
      "nexthops is (via 192.0.2.8 dev d0, via 192.0.2.9 dev d0), wanted " +
      "(via 192.0.2.8 weight 2, via 192.0.2.9)",
    ],
  ],
  [
    route({}),
    `route replace ${to} nexthop via 192.0.2.8 nexthop via 192.0.2.9`,
    ["via is 192.0.2.8,192.0.2.9, wanted 192.0.2.8"],
  ],
  // A route that looks the same but for its encapsulation is another one.
  [route({}), `${replace} encap ip id 42 dst 192.0.2.77`, [
    "encap is ip id 42 dst 192.0.2.77, wanted not set",
  ]],
  [
    route({ encap: "ip id 42 dst 192.0.2.77 ttl 9" }),
    `${replace} encap ip id 42 dst 192.0.2.78 ttl 9`,
    [
      "encap is ip id 42 dst 192.0.2.78 ttl 9, " +
      "wanted ip id 42 dst 192.0.2.77 ttl 9",
    ],
  ],
  [route({ src: "192.0.2.1" }), `${replace} src 192.0.2.2`, [
    "src is 192.0.2.2, wanted 192.0.2.1",
  ]],
  [{ to, dev: "d0", scope: "global" }, `route replace ${to} dev d0`, [
    "scope is link, wanted global",
  ]],
  [route({ protocol: "static" }), `${replace} protocol dhcp`, [
    "protocol is dhcp, wanted static",
  ]],
  [
    {
      to: "2001:db8:77::/48",
      via: "2001:db8::8",
      pref: "high",
    },
    "route replace 2001:db8:77::/48 via 2001:db8::8 pref low",
    ["pref is low, wanted high"],
  ],
  [
    route({ mtu: 1400, lock: ["mtu"] }),
    `${replace} mtu 1400`,
    ["lock is none, wanted mtu"],
  ],
  [
    route({
      advmss: 1300,
      hoplimit: 9,
      reordering: 4,
      rtt: 30,
      rttvar: 20,
      rto_min: 40,
      window: 1000,
      initcwnd: 5,
      initrwnd: 6,
      features: "ecn",
      quickack: true,
      congctl: "cubic",
      fastopen_no_cookie: true,
    }),
    `${replace} advmss 1200 hoplimit 8 rtt 31ms rttvar 21ms`,
    [
      "advmss is 1200, wanted 1300",
      "hoplimit is 8, wanted 9",
      "reordering is not set, wanted 4",
      "rtt is 31, wanted 30",
      "rttvar is 21, wanted 20",
      "rto_min is not set, wanted 40",
      "window is not set, wanted 1000",
      "initcwnd is not set, wanted 5",
      "initrwnd is not set, wanted 6",
      "features is not set, wanted ecn",
      "quickack is off, wanted on",
      "congctl is not set, wanted cubic",
      "fastopen_no_cookie is off, wanted on",
    ],
  ],
  [
    route({ cwnd: 5, ssthresh: 7, lock: ["cwnd", "ssthresh"] }),
    replace,
    [
      "cwnd is not set, wanted 5",
      "ssthresh is not set, wanted 7",
      "lock is none, wanted cwnd,ssthresh",
    ],
  ],
];

/** Where the kernel has segment routing. */
const SEGMENT_ROUTES: readonly Drift[] = [
  [
    {
      to: "2001:db8:77::/48",
      dev: "d0",
      encap: "seg6 mode inline segs 2001:db8::a,2001:db8::b",
    },
    "route replace 2001:db8:77::/48 dev d0 encap seg6 mode encap segs 2001:db8::a",
    [
      "encap is seg6 mode encap segs 2001:db8::a, " +
      "wanted seg6 mode inline segs 2001:db8::a,2001:db8::b",
    ],
  ],
];

const TYPES = {
  addresses: ADDRESSES,
  neighbours: NEIGHBOURS,
  nexthops: NEXTHOPS,
  routes: ROUTES,
};

for (const [type, drifts] of Object.entries(TYPES)) {
  Deno.test(`ensure reports and corrects options of ${type}`, () =>
    correct(type, drifts));
}

testUnless(
  await kernelEncapsulates("seg6 mode encap segs ::1")
    ? undefined
    : "has no segment routing",
  "ensure reports and corrects segments of routes",
  () => correct("routes", SEGMENT_ROUTES),
);

async function correct(type: string, drifts: readonly Drift[]): Promise<void> {
  await using lab = await Lab.open("ns");
  const { ns } = lab;
  await ns.batch(`
      link add d0 type veth peer name d1
      link set d0 up
      link set d1 up
      address add 192.0.2.1/24 dev d0
      address add 192.0.2.2/24 dev d0
      address add 198.51.100.1/24 dev d1
      address add 2001:db8::1/64 dev d0 nodad
      nexthop add id 1 via 192.0.2.8 dev d0
      nexthop add id 2 via 192.0.2.9 dev d0`);
  for (const [wanted, drift, reasons] of drifts) {
    const desired = parseConfiguration(
      type === "addresses"
        ? { links: [{ name: "d0", addresses: [wanted] }] }
        : { [type]: [wanted] },
    );
    await using reconciler = await Reconciler.open(desired, {
      namespace: ns.name,
    });
    const what = JSON.stringify(wanted);
    assertEquals((await reconciler.apply()).refused, undefined, what);
    assertEquals((await reconciler.plan()).actions, [], what);

    await ns.batch(drift);
    const { actions } = await reconciler.plan();
    assertEquals(
      actions.flatMap(({ reasons }) => reasons)
        .map((reason) => reason.replace(/\d+ s\b/, "N s")).toSorted(),
      reasons.toSorted(),
      what,
    );
    const corrected = await reconciler.apply();
    assertEquals(corrected.refused, undefined, what);
    assertEquals(corrected.unresolved, [], what);
    assertEquals((await reconciler.plan()).actions, [], what);
  }
}

Deno.test("ensure recognizes a rule with one port", async () => {
  // From Linux 6.15 the kernel adds a mask to the port.
  await using lab = await Lab.open("ns");
  const { ns } = lab;
  const desired = parseConfiguration({
    exclusive: ["rules"],
    rules: [{ priority: 50, ipproto: 17, dport: 53, table: 100 }],
  });
  for (const round of [1, 2]) {
    await using reconciler = await Reconciler.open(desired, {
      namespace: ns.name,
    });
    const { applied } = await reconciler.apply();
    assertEquals(applied.length, round === 1 ? 1 : 0);
  }
  assertEquals((await ns.json("rule show priority 50")).length, 1);
});
