// Tables of addresses, neighbours, rules, nexthop objects and routes: the
// decoders written by hand agree with them, and each option is compared and
// reported in the user's words.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ADDRESS, decodeAddress } from "../../../lib/rtnetlink/address.ts";
import { NUMBERED } from "../../../lib/rtnetlink/changes/change.ts";
import {
  decodeNeighbour,
  NEIGHBOUR,
} from "../../../lib/rtnetlink/neighbour.ts";
import { NEXTHOP_OBJECT } from "../../../lib/rtnetlink/nexthop.ts";
import { decodeRoute, ROUTE } from "../../../lib/rtnetlink/route.ts";
import { RULE, type Rule } from "../../../lib/rtnetlink/rule.ts";
import { noCounts } from "../../../lib/netlink/counters.ts";
import { NetlinkBuffer } from "../../../lib/netlink/buffer.ts";
import { MessageReader } from "../../../lib/netlink/message.ts";
import type { OptionValues } from "../../../lib/rtnetlink/spec/attribute.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { readCorpus } from "../../fuzz/corpus.ts";
import { type Bytes, message, reader, spoil } from "../../support/netlink.ts";

const TABLES = {
  address: ADDRESS,
  neighbour: NEIGHBOUR,
  rule: RULE,
  nexthop: NEXTHOP_OBJECT,
  route: ROUTE,
};
type Name = keyof typeof TABLES;

/** Objects that have a decoder written by hand. */
const BY_HAND = [
  { table: ADDRESS, decode: decodeAddress },
  { table: NEIGHBOUR, decode: decodeNeighbour },
  { table: ROUTE, decode: decodeRoute },
] as const;

/** What an object says; a field that is undefined says nothing. */
function said(object: object | undefined) {
  return object && Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  );
}

/** Whether a message is what the kernel could have sent. */
function isWhole(bytes: Bytes): boolean {
  const counters = noCounts();
  const messages = new MessageReader(NetlinkBuffer.of(bytes), counters);
  messages.reset(0, bytes.length);
  messages.next();
  const table = Object.values(TABLES).find(({ details }) =>
    details.message === messages.type
  );
  table?.decode(messages);
  return counters.malformed === 0;
}

Deno.test("tables: decoders written by hand agree with them", () => {
  const decoded = new Map<number, number>();
  const compare = (bytes: Bytes) => {
    const { type } = reader(bytes);
    const one = BY_HAND.find(({ table }) => table.details.message === type);
    if (one === undefined) return;
    const object = one.decode(reader(bytes));
    // The table reads them without a sign; no real ones are as large.
    if (object === undefined || object.ifindex < 0 || object.flags < 0) return;
    decoded.set(type, (decoded.get(type) ?? 0) + 1);
    assertEquals(
      said(object),
      said(one.table.decode(reader(bytes))),
      bytes.toHex(),
    );
  };
  const corpus = readCorpus("route");
  corpus.forEach(compare);
  fc.assert(
    fc.property(
      fc.constantFrom(...corpus),
      fc.infiniteStream(fc.nat(0x7fffffff)),
      (bytes, numbers) => {
        const spoiled = spoil(bytes, (limit) => numbers.next().value! % limit);
        if (spoiled.length >= 16 && isWhole(spoiled)) compare(spoiled);
      },
    ),
    { numRuns: 5_000 },
  );
  for (const { table: { details: { name, message } } } of BY_HAND) {
    assert(
      (decoded.get(message) ?? 0) > 50,
      `${name}: ${decoded.get(message)}`,
    );
  }
});

/** An object that has these options. */
function made(name: Name, given: OptionValues): object {
  const { details } = TABLES[name];
  // deno-lint-ignore no-explicit-any -- options of any of the tables
  const table = TABLES[name] as any;
  const [{ type, body }] = table.change("add", given).requests(NUMBERED);
  assertEquals(type, details.message);
  return table.decode(reader(message(type, body)));
}

function reported(name: Name, is: OptionValues, wanted: OptionValues) {
  // deno-lint-ignore no-explicit-any -- options of any of the tables
  const table = TABLES[name] as any;
  const compare = table.comparison(wanted);
  return compare(
    made(name, is),
    made(name, wanted),
    (ifindex: number) => ifindex === 0 ? "nothing" : `if${ifindex}`,
  ) as ReturnType<ReturnType<typeof ADDRESS.comparison>>;
}

const INET = { address: "192.0.2.1/24", dev: 3 };
const INET6 = { address: "2001:db8::1/64", dev: 3 };
const PEER = { to: "192.0.2.2", dev: 3, lladdr: "02:00:5e:00:53:02" };
const HOP = { id: 7, via: "192.0.2.2", dev: 3 };
const GROUP = { id: 7, group: "1/2" };
const BUCKETS = { ...GROUP, type: "resilient" };
const VIA = { to: "198.51.100.0/24", via: "192.0.2.2", dev: 3 };
const MPLS = { to: "100", family: "mpls", via: "192.0.2.1" };
const VIA6 = { to: "2001:db8:1::/48", via: "2001:db8::2", dev: 3 };

/** Encapsulations that are reported in other words. */
const ENCAPSULATION_TEXTS = {
  "ip id 42 dst 192.0.2.1 tos 20 key": "ip id 42 dst 192.0.2.1 tos CS1 key",
  "ip6 hoplimit 3 tc 8": "ip6 hoplimit 3 tc 0x08",
  "seg6local action End.B6 srh segs ::1": "seg6local action End.B6 segs ::1",
  "ioam6 trace prealloc type 0x800000 ns 1 size 12":
    "ioam6 type 8388608 ns 1 size 12",
  "ioam6 freq 1/5 mode auto tundst ::1 trace prealloc type 1 ns 2 size 4":
    "ioam6 freq 1/5 mode auto tundst ::1 type 1 ns 2 size 4",
};

/** Options as they are, as they are wanted, and what is reported. */
const REPORTED: readonly (readonly [
  name: Name,
  is: OptionValues,
  wanted: OptionValues,
  reported: readonly string[],
])[] = [
  [
    "route",
    { ...MPLS, as: "200" },
    { ...MPLS, as: "200/300" },
    ["as is 200, wanted 200/300"],
  ],
  [
    "route",
    { ...MPLS, "ttl-propagate": "enabled" },
    { ...MPLS, "ttl-propagate": "disabled" },
    ["ttl-propagate is enabled, wanted disabled"],
  ],
  ["address", INET6, { ...INET6, address: "2001:db8::1/65" }, [
    "address is 2001:db8::1/64, wanted 2001:db8::1/65",
  ]],
  ["address", INET, { ...INET, metric: 7 }, ["metric is 0, wanted 7"]],
  ["address", INET, { ...INET, protocol: "kernel_ra" }, [
    "protocol is unspec, wanted kernel_ra",
  ]],
  [
    "address",
    { ...INET, broadcast: "-" },
    { ...INET, broadcast: "+" },
    ["broadcast is 192.0.2.0, wanted 192.0.2.255"],
  ],
  ["address", INET, { ...INET, broadcast: "+" }, [
    "broadcast is not set, wanted 192.0.2.255",
  ]],
  ["address", INET, { ...INET, scope: "link" }, [
    "scope is global, wanted link",
  ]],
  [
    "address",
    { ...INET, label: "eth0:a" },
    { ...INET, label: "eth0:b" },
    ["label is eth0:a, wanted eth0:b"],
  ],
  [
    "address",
    { ...INET6, peer: "2001:db8::2/64" },
    { ...INET6, peer: "2001:db8::3/64" },
    ["peer is 2001:db8::2/64, wanted 2001:db8::3/64"],
  ],
  [
    "address",
    { ...INET, valid_lft: 900, preferred_lft: 500 },
    { ...INET, valid_lft: "forever", preferred_lft: "forever" },
    [
      "valid_lft is 900 s, wanted forever",
      "preferred_lft is 500 s, wanted forever",
    ],
  ],
  [
    "address",
    INET,
    { ...INET, valid_lft: 900, preferred_lft: 500 },
    [
      "valid_lft is forever, wanted 900 s",
      "preferred_lft is forever, wanted 500 s",
    ],
  ],
  // Seconds run down by themselves.
  [
    "address",
    { ...INET, valid_lft: 900 },
    { ...INET, valid_lft: 500, preferred_lft: 400 },
    [],
  ],
  ...["nodad", "home", "mngtmpaddr", "noprefixroute"].map((word) =>
    ["address", INET6, { ...INET6, [word]: true }, [
      `${word} is off, wanted on`,
    ]] as const
  ),
  [
    "address",
    { ...INET6, noprefixroute: true },
    { ...INET6, noprefixroute: false },
    ["noprefixroute is on, wanted off"],
  ],
  [
    "address",
    { address: "224.1.1.1/32", dev: 3 },
    { address: "224.1.1.1/32", dev: 3, autojoin: true },
    ["autojoin is off, wanted on"],
  ],

  ["neighbour", PEER, { ...PEER, lladdr: "02:00:5e:00:53:03" }, [
    "lladdr is 02:00:5e:00:53:02, wanted 02:00:5e:00:53:03",
  ]],
  ["neighbour", { ...PEER, nud: "reachable" }, PEER, [
    "nud is reachable, wanted permanent",
  ]],
  ["neighbour", PEER, { ...PEER, nud: "noarp" }, [
    "nud is permanent, wanted noarp",
  ]],
  // It changes by itself.
  ["neighbour", { ...PEER, nud: "stale" }, { ...PEER, nud: "reachable" }, []],
  ["neighbour", PEER, { ...PEER, router: true }, ["router is off, wanted on"]],
  ["neighbour", { ...PEER, extern_learn: true }, {
    ...PEER,
    extern_learn: false,
  }, ["extern_learn is on, wanted off"]],
  ["neighbour", PEER, { ...PEER, managed: true, nud: "permanent" }, [
    "managed is off, wanted on",
  ]],
  ["neighbour", PEER, { ...PEER, protocol: "static" }, [
    "protocol is unspec, wanted static",
  ]],

  ["nexthop", HOP, { ...HOP, via: "192.0.2.3" }, [
    "via is 192.0.2.2, wanted 192.0.2.3",
  ]],
  ["nexthop", HOP, { ...HOP, dev: 4 }, ["dev is if3, wanted 4"]],
  ["nexthop", HOP, { ...HOP, onlink: true }, ["onlink is off, wanted on"]],
  ["nexthop", HOP, { ...HOP, encap: "mpls 100/200 ttl 5" }, [
    "encap is not set, wanted mpls 100/200 ttl 5",
  ]],
  ...([
    ["mpls 100/200", "mpls 100/300"],
    ["ip id 42 dst 192.0.2.1 tos 20 key", "ip id 42 dst 192.0.2.1 csum"],
    ["ip6 hoplimit 3 tc 8", "seg6 mode inline segs 2001:db8::a"],
    [
      "seg6 mode encap tunsrc 2001:db8::1 segs 2001:db8::a,2001:db8::b",
      "rpl segs 2001:db8::a,2001:db8::b",
    ],
    [
      "seg6local action End.DT6 table 7",
      "seg6local action End flavors psp,next-csid lblen 48 nflen 16 count",
    ],
    [
      "seg6local action End.DX2 oif if3",
      "seg6local action End.B6 srh segs ::1",
    ],
    [
      "ioam6 trace prealloc type 0x800000 ns 1 size 12",
      "ioam6 freq 1/5 mode auto tundst ::1 trace prealloc type 1 ns 2 size 4",
    ],
  ] as const).map((texts) => {
    const shown = texts.map((text) =>
      ENCAPSULATION_TEXTS[text as keyof typeof ENCAPSULATION_TEXTS] ?? text
    );
    const [is = {}, wanted = {}] = texts.map((encap) => ({ ...VIA, encap }));
    return ["route", is, wanted, [
      `encap is ${shown[0]}, wanted ${shown[1]}`,
    ]] as const;
  }),
  ["nexthop", HOP, { ...HOP, protocol: "static" }, [
    "protocol is unspec, wanted static",
  ]],
  ["nexthop", { id: 7, dev: 3 }, { id: 7, blackhole: true }, [
    "blackhole is off, wanted on",
  ]],
  ["nexthop", { id: 7, via: "192.0.2.2" }, {
    id: 7,
    via: "192.0.2.2",
    fdb: true,
  }, ["fdb is off, wanted on"]],
  ["nexthop", GROUP, { id: 7, group: [{ id: 1 }, { id: 2, weight: 5 }] }, [
    "group is 1/2, wanted 1/2,5",
  ]],
  ["nexthop", { id: 7, group: "1,300/2" }, { id: 7, group: "1,44/2" }, [
    "group is 1,300/2, wanted 1,44/2",
  ]],
  ["nexthop", { ...GROUP, type: "mpath" }, BUCKETS, [
    "type is mpath, wanted resilient",
  ]],
  ["nexthop", { ...BUCKETS, buckets: 8 }, { ...BUCKETS, buckets: 16 }, [
    "buckets is 8, wanted 16",
  ]],
  ["nexthop", { ...BUCKETS, idle_timer: 5 }, { ...BUCKETS, idle_timer: 6 }, [
    "idle_timer is 5, wanted 6",
  ]],
  ["nexthop", { ...BUCKETS, unbalanced_timer: 5 }, {
    ...BUCKETS,
    unbalanced_timer: 0,
  }, ["unbalanced_timer is 5, wanted 0"]],

  ["route", { to: "198.51.100.0/24", dev: 3 }, {
    to: "198.51.100.0/24",
    type: "blackhole",
  }, ["type is unicast, wanted blackhole"]],
  ["route", VIA, { ...VIA, via: "192.0.2.3" }, [
    "via is 192.0.2.2, wanted 192.0.2.3",
  ]],
  ["route", VIA, { ...VIA, via: "2001:db8::2" }, [
    "via is 192.0.2.2, wanted 2001:db8::2",
  ]],
  ["route", VIA, { to: VIA.to, dev: 3 }, [
    "via is 192.0.2.2, wanted not set",
  ]],
  ["route", VIA, { ...VIA, dev: 4 }, ["dev is if3, wanted 4"]],
  ["route", VIA, { ...VIA, onlink: true }, ["onlink is off, wanted on"]],
  ["route", { to: VIA.to, nhid: 7 }, { to: VIA.to, nhid: 8 }, [
    "nhid is 7, wanted 8",
  ]],
  [
    "route",
    VIA,
    { to: VIA.to, nexthops: [{ via: "192.0.2.2", weight: 2 }] },
    ["nexthops is (via 192.0.2.2 dev if3), wanted (via 192.0.2.2 weight 2)"],
  ],
  [
    "route",
    { to: VIA.to, nexthops: [{ via: "192.0.2.2" }, { via: "192.0.2.3" }] },
    { to: VIA.to, via: "192.0.2.2" },
    ["via is 192.0.2.2,192.0.2.3, wanted 192.0.2.2"],
  ],
  // The order says nothing, nor do links that are not given.
  [
    "route",
    {
      to: VIA.to,
      nexthops: [{ via: "192.0.2.2", dev: 3 }, { via: "192.0.2.3", dev: 3 }],
    },
    { to: VIA.to, nexthops: [{ via: "192.0.2.3" }, { via: "192.0.2.2" }] },
    [],
  ],
  ["route", VIA, { ...VIA, src: "192.0.2.1" }, [
    "src is not set, wanted 192.0.2.1",
  ]],
  ["route", VIA, { ...VIA, scope: "link" }, ["scope is global, wanted link"]],
  ["route", VIA, { ...VIA, protocol: "static" }, [
    "protocol is boot, wanted static",
  ]],
  ["route", { ...VIA, realms: 5 }, { ...VIA, realms: "4/5" }, [
    "realms is 5, wanted 4/5",
  ]],
  ["route", { ...VIA6, pref: "low" }, { ...VIA6, pref: "high" }, [
    "pref is low, wanted high",
  ]],
  ...([
    ["mtu", 1400, "1400"],
    ["advmss", 1400, "1400"],
    ["hoplimit", 33, "33"],
    ["reordering", 4, "4"],
    ["rtt", 30, "30"],
    ["rttvar", 30, "30"],
    ["rto_min", 30, "30"],
    ["window", 1000, "1000"],
    ["cwnd", 9, "9"],
    ["initcwnd", 9, "9"],
    ["initrwnd", 9, "9"],
    ["ssthresh", 9, "9"],
    ["features", "ecn", "ecn"],
    ["congctl", "cubic", "cubic"],
  ] as const).map(([word, value, text]) =>
    ["route", VIA, { ...VIA, [word]: value }, [
      `${word} is not set, wanted ${text}`,
    ]] as const
  ),
  ["route", { ...VIA, rtt: 20 }, { ...VIA, rtt: 30 }, ["rtt is 20, wanted 30"]],
  ["route", VIA, { ...VIA, quickack: true }, ["quickack is off, wanted on"]],
  ["route", VIA, { ...VIA, fastopen_no_cookie: true }, [
    "fastopen_no_cookie is off, wanted on",
  ]],
  ["route", { ...VIA, mtu: 1400 }, { ...VIA, mtu: 1400, lock: ["mtu"] }, [
    "lock is none, wanted mtu",
  ]],
];

/** Options that are not compared, and why. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  "address dev": "an address of another link is another address",
  "address anycast": "not reported",
  "address optimistic": "cleared after duplicate address detection",
  "neighbour to": "identifies it",
  "neighbour dev": "identifies it",
  "neighbour proxy": "a proxy entry is another object",
  "neighbour use": "does something once",
  "nexthop id": "identifies it",
  "nexthop family": "that of its address",
  "route to": "identifies it",
  "route from": "identifies it",
  "route tos": "identifies it",
  "route metric": "identifies it",
  "route table": "identifies it",
  "route family": "that of its addresses",
  "route expires": "runs down",
};

Deno.test("tables: differences are reported in the user's words", () => {
  for (const [name, is, wanted, expected] of REPORTED) {
    const different = reported(name, is, wanted);
    const what = `${name} ${JSON.stringify(wanted)}`;
    assertEquals(
      different.map(({ key, is, wanted }) =>
        `${key} is ${is}, wanted ${wanted}`
      ),
      expected,
      what,
    );
    assertEquals(reported(name, wanted, wanted), [], what);
    assertEquals(reported(name, is, is), [], what);
  }
});

Deno.test("tables: every option is compared", () => {
  const silent = Object.entries(TABLES).flatMap(([name, { options }]) =>
    // All that is given identifies a rule.
    name === "rule" ? [] : Object.keys(options)
      .map((word) => `${name} ${word}`)
      .filter((option) => NOT_COMPARED[option] === undefined)
      .filter((option) =>
        !REPORTED.some(([object, , , reported]) =>
          reported.some((text) => `${object} ${text}`.startsWith(`${option} `))
        )
      )
  );
  assertEquals(silent, []);
});

Deno.test("tables: a rule is described by its options", () => {
  const rules = [
    { priority: 5, from: "192.0.2.0/24", to: "198.51.100.1", table: 100 },
    { priority: 5, from: "2001:db8::/32", not: true, action: "blackhole" },
    { priority: 5, fwmark: 7, family: "inet6", iif: "eth0", oif: "eth1" },
    { priority: 5, fwmark: "0x10/0xf0", tos: 16, realms: "4/5" },
    { priority: 5, action: "goto", target: 9, uidrange: "1000-1999" },
    { priority: 5, ipproto: 17, sport: 53, dport: "1000-2000", tun_id: 77 },
    { priority: 5, l3mdev: true, protocol: "static" },
    { priority: 5, suppress_prefixlength: 0, suppress_ifgroup: 7 },
  ];
  for (const given of rules) {
    const rule = made("rule", given) as Rule;
    // All bits of a mark count if no mask is given.
    if (rule.mark !== undefined) rule.markMask ??= 0xffff_ffff;
    const spec = RULE.specOf(rule);
    assertEquals(made("rule", { ...spec }), rule, JSON.stringify(spec));
    assertEquals(
      Object.keys(given).filter((word) => !(word in spec)),
      [],
    );
  }
});

Deno.test("tables: addresses of another IP version are refused", () => {
  for (
    const [name, given] of [
      ["address", { ...INET, peer: "2001:db8::2" }],
      ["address", { ...INET, broadcast: "2001:db8::2" }],
      ["address", { ...INET6, anycast: "192.0.2.2" }],
      ["route", { ...VIA, src: "2001:db8::2" }],
      ["route", { ...VIA6, from: "192.0.2.0/24" }],
    ] as const
  ) {
    const [word, value] = Object.entries(given).at(-1)!;
    let error: unknown;
    try {
      made(name, given);
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof ArgumentError);
    assertEquals(
      error.message,
      `${word}: "${value}" is not of the same IP version as the ${name}`,
    );
  }
});
