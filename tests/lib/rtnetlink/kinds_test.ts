// Every option of every kind of link: what is written is read back, and a
// difference is reported under the option's own word, with both values as a
// user writes them.

import { assert, assertEquals } from "@std/assert";
import { readKindWords } from "../../../cli/change/kind_words.ts";
import {
  kindDifferences,
  type LinkKind,
} from "../../../lib/rtnetlink/kinds/kind.ts";
import {
  KIND_NAMES,
  kindNamed,
  portKind,
} from "../../../lib/rtnetlink/kinds/mod.ts";
import type { OptionValues } from "../../../lib/rtnetlink/spec/attribute.ts";
import type { AttributeLevel } from "../../../lib/rtnetlink/spec/level.ts";
import type { NameLookup } from "../../../lib/rtnetlink/spec/name_lookup.ts";
import {
  encodedLevel,
  type OptionDifference,
  readOptions,
  valueText,
} from "../../../lib/rtnetlink/spec/table.ts";
import { ADD, SET_PORT } from "../../cli/change/kind_cases.ts";
import { kernelHas } from "../../support/kinds.ts";
import { Lab } from "../../support/netns.ts";
import { kindLevel, portLevel } from "../../../lib/rtnetlink/link/link.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { UNKNOWN } from "../../support/newer_kernel.ts";
import "../../support/descriptors.ts";

const LINKS = ["lo", "low", "high"];
const NAMES: NameLookup = {
  index: (link) => typeof link === "number" ? link : LINKS.indexOf(link) + 1,
  creates: () => 0,
  calls() {},
  namespace: () => 0,
};
const nameOf = (ifindex: number) => LINKS[ifindex - 1] ?? "nothing";

/** What the kernel would report of options. */
function levelOf(kind: LinkKind, given: OptionValues): AttributeLevel {
  const all = kind.table.expanded(
    readOptions(kind.name, kind.options, given),
  );
  const values = kind.prepare?.(all, true) ?? all;
  return encodedLevel((body) => kind.table.encode(body, values, NAMES));
}

function differences(
  kind: LinkKind,
  found: AttributeLevel | undefined,
  given: OptionValues,
): OptionDifference[] {
  return kindDifferences(kind, found, given, NAMES, nameOf);
}

interface Case {
  readonly kind: LinkKind;
  /** The options of every case of the title. */
  readonly base: OptionValues;
  readonly given: OptionValues;
  readonly words: string;
}

const split = (text: string) => text.split(" ").filter(Boolean);

function cases(): Case[] {
  const links = Object.entries(ADD).flatMap(([title, { base = "", options }]) =>
    options.map((words) => ({ type: split(title)[0], base, words }))
  );
  const ports = Object.entries(SET_PORT).flatMap(([type, options]) =>
    options.map((words) => ({ type, base: "", words }))
  );
  return [...links, ...ports].flatMap(({ type, base, words }) => {
    const read = (text: string) => readKindWords(type, split(text)).options;
    const kind = portKind(type.replace(/_slave$/, ""));
    return kindNamed(type).pair ? [] : [{
      kind: kind?.name === type ? kind : kindNamed(type),
      base: read(base),
      given: read(`${base} ${words}`),
      words,
    }];
  });
}

Deno.test("kinds: what is written of every option is read back", () => {
  for (const { kind, given, words } of cases()) {
    const what = `${kind.name} ${words}`;
    const level = levelOf(kind, given);
    assertEquals(differences(kind, level, given), [], what);
    const values = readOptions(kind.name, kind.options, given);
    for (const [word, value] of Object.entries(values)) {
      const {
        decode,
        kernelDefault,
        once,
        means = [],
        link,
        text = valueText,
      } = kind.options[word];
      if (once || link || typeof value === "object") continue;
      // Nothing else is written of such a tunnel.
      if (kind.together && values.external && word !== "external") continue;
      if (/^[0.:]+$/.test(String(value)) && typeof value === "string") continue;
      if (/key$/.test(word) && String(value).includes(".")) continue;
      // "ipv4" is reported as "ip".
      if (word === "ethertype") continue;
      // The kernel's own port.
      if (word === "dstport" && value === 0) continue;
      const is = decode(level) ?? kernelDefault ??
        (value === false ? false : undefined);
      if (is === undefined && means.some((part) => part in values)) continue;
      assertEquals(text(is), text(value), `${what}: ${word}`);
    }
  }
});

Deno.test("kinds: attributes that a newer kernel adds make no difference", () => {
  let compared = 0;
  for (const { kind, given, words } of cases()) {
    const all = kind.table.expanded(
      readOptions(kind.name, kind.options, given),
    );
    const values = kind.prepare?.(all, true) ?? all;
    const found = encodedLevel((body) => {
      kind.table.encode(body, values, NAMES);
      for (const { type, value } of UNKNOWN) body.bytes(type, value);
    });
    assertEquals(
      differences(kind, found, given),
      [],
      `${kind.name} ${words}`,
    );
    compared++;
  }
  assert(compared > 300, `${compared}`);
});

/** Options of which no case can show a difference, and why. */
const UNSEEN: Readonly<Record<string, string>> = {
  "hsr version": "not reported by every kernel",
};

Deno.test("kinds: a difference is reported under its option's word, once", () => {
  const reported = new Map<LinkKind, Set<string>>();
  const note = (kind: LinkKind, different: readonly OptionDifference[]) => {
    const seen = reported.get(kind) ?? new Set();
    for (const { key } of different) seen.add(key);
    reported.set(kind, seen);
  };
  for (const { kind, base, given, words } of cases()) {
    const what = `${kind.name} ${words}`;
    let found: AttributeLevel;
    try {
      found = levelOf(kind, base);
    } catch {
      // Cases that are not possible without the option.
      found = encodedLevel(() => {});
    }
    const different = differences(kind, found, given);
    note(kind, different);
    note(kind, differences(kind, undefined, given));
    const keys = different.map(({ key }) => key);
    assertEquals(new Set(keys).size, keys.length, what);
    for (const { key, is, wanted } of different) {
      assert(given[key] !== undefined || kind.together, `${what}: ${key}`);
      assert(is !== wanted, `${what}: ${key} is ${is}, wanted ${wanted}`);
    }
  }
  for (const [name, is, wanted] of REPORTED) {
    const kind = kindNamed(name);
    const read = (text: string) => readKindWords(name, split(text)).options;
    note(kind, differences(kind, levelOf(kind, read(is)), read(wanted)));
  }
  const silent: string[] = [];
  const kinds = KIND_NAMES.map(kindNamed)
    .filter(({ pair, device }) => !pair && device === undefined);
  for (const kind of [...kinds, portKind("bridge")!, portKind("bond")!]) {
    for (const [word, { once }] of Object.entries(kind.options)) {
      const name = `${kind.name} ${word}`;
      if (once || UNSEEN[name] !== undefined) continue;
      if (!reported.get(kind)?.has(word)) silent.push(name);
    }
  }
  assertEquals(silent, []);
});

/** Options as they are, as they are wanted, and what is reported. */
const REPORTED: [
  kind: string,
  is: string,
  wanted: string,
  reported: string[],
][] = [
  [
    "gre",
    "local 192.0.2.1 remote 192.0.2.2 key 5",
    "local 192.0.2.1 remote 192.0.2.2 key 6",
    ["key is 5, wanted 6"],
  ],
  [
    "gre",
    "local 192.0.2.1 remote 192.0.2.2 ikey 5",
    "local 192.0.2.1 remote 192.0.2.2 key 0.0.0.5",
    ["key is ikey 5, okey none, wanted 0.0.0.5"],
  ],
  [
    "gre",
    "local 192.0.2.1 remote 192.0.2.2 ttl 9",
    "local 192.0.2.1 remote 192.0.2.3",
    ["ttl is 9, wanted inherit", "remote is 192.0.2.2, wanted 192.0.2.3"],
  ],
  [
    "sit",
    "local 192.0.2.1 remote 192.0.2.2",
    "local 192.0.2.1",
    ["remote is 192.0.2.2, wanted any"],
  ],
  [
    "ip6tnl",
    "local 2001:db8::1 remote 2001:db8::2 encaplimit none",
    "local 2001:db8::1 remote 2001:db8::2 tclass inherit encaplimit 3",
    ["encaplimit is none, wanted 3", "tclass is 0x0, wanted inherit"],
  ],
  [
    "vxlan",
    "id 5 dstport 4789 learning",
    "id 5 dstport 8472 nolearning",
    ["dstport is 4789, wanted 8472", "learning is on, wanted off"],
  ],
  ["vlan", "id 5", "id 5 gvrp on", ["gvrp is off, wanted on"]],
  ["vlan", "id 5", "id 5 bridge_binding on", [
    "bridge_binding is off, wanted on",
  ]],
  ["ipvtap", "mode l2 vepa", "mode l2 bridge", ["bridge is off, wanted on"]],
  [
    "vlan",
    "id 5 egress-qos-map 1:2 3:4",
    "id 5 egress-qos-map 3:4 5:6",
    ["egress-qos-map is 1:2 3:4, wanted 3:4 5:6"],
  ],
  [
    "bond",
    "mode 802.3ad lacp_rate slow",
    "mode 802.3ad lacp_rate fast",
    ["lacp_rate is slow, wanted fast"],
  ],
  ["bond", "primary low", "primary high", ["primary is low, wanted high"]],
  [
    "bridge",
    "stp_state 0 mcast_vlan_snooping 1",
    "stp_state 1 mcast_vlan_snooping 0",
    ["stp_state is off, wanted on", "mcast_vlan_snooping is on, wanted off"],
  ],
  ["ipvlan", "mode l2 private", "mode l2 bridge", [
    "bridge is off, wanted on",
  ]],
];

Deno.test("kinds: both values are reported in the user's words", () => {
  for (const [name, is, wanted, reported] of REPORTED) {
    const kind = kindNamed(name);
    const read = (text: string) => readKindWords(name, split(text)).options;
    const different = differences(kind, levelOf(kind, read(is)), read(wanted));
    assertEquals(
      different.map(({ key, is, wanted }) =>
        `${key} is ${is}, wanted ${wanted}`
      )
        .toSorted(),
      reported.toSorted(),
      `${name} ${wanted}`,
    );
  }
});

/** What a kind is made with, and another value of each option to change. */
const CHANGES: Readonly<Record<string, readonly [string, readonly string[]]>> =
  {
    vxlan: ["id 42 dstport 4789", [
      "id 43",
      "dstport 4790",
      "remote 192.0.2.9",
      "local 192.0.2.8",
      "dev low",
      "srcport 1000 2000",
      ...["proxy", "rsc", "l2miss", "l3miss", "noudpcsum", "gbp", "gpe"],
      ...["udp6zerocsumtx", "udp6zerocsumrx", "remcsumtx", "remcsumrx"],
      "external",
      "nolearning",
      "tos 8",
      "tos inherit",
      "ttl 9",
      "ttl inherit",
      "df set",
      "ageing 77",
      "maxaddress 5",
    ]],
    bridge: ["", [
      "forward_delay 401",
      "hello_time 300",
      "max_age 1001",
      "ageing_time 12345",
      "stp_state 1",
      "priority 4096",
      "group_fwd_mask 8",
      "group_address 01:80:c2:00:00:0e",
      "mcast_snooping 0",
      "no_linklocal_learn 1",
      "mcast_router 2",
      "mcast_query_use_ifaddr 1",
      "mcast_querier 1",
      "mcast_hash_max 1024",
      "mcast_last_member_count 3",
      "mcast_startup_query_count 4",
      "mcast_last_member_interval 201",
      "mcast_membership_interval 30001",
      "mcast_querier_interval 20001",
      "mcast_query_interval 13001",
      "mcast_query_response_interval 1101",
      "mcast_startup_query_interval 3001",
      "mcast_stats_enabled 1",
      "mcast_igmp_version 3",
      "mcast_mld_version 2",
      "nf_call_iptables 1",
      "nf_call_ip6tables 1",
      "nf_call_arptables 1",
    ]],
    macvlan: ["mode private", [
      "mode bridge",
      "mode private nodst",
      "bcqueuelen 7",
    ]],
    bridge_slave: [
      "",
      SET_PORT.bridge_slave.filter((words) =>
        words.endsWith(" on") ||
        /^(priority|cost|mcast_router) \d+$/.test(words)
      ),
    ],
  };

for (const [type, [base, changes]] of Object.entries(CHANGES)) {
  const isPort = type.endsWith("_slave");
  const kind = isPort ? portKind(type.slice(0, -6))! : kindNamed(type);
  Deno.test(`kinds: ${type} changes when its table says so`, async () => {
    assert(isPort || await kernelHas(`type ${type}`));
    await using lab = await Lab.open("ns");
    const { ns } = lab;
    await ns.batch("link add low type veth peer name high");
    await using route = RouteSocket.open({ namespace: ns.name });
    const low = await route.link("low");
    const names = { ...NAMES, index: () => low.ifindex };
    for (const words of changes) {
      await ns.batch(
        isPort
          ? `link add br0 type bridge\n link set low master br0`
          : `link add ${
            kind.lower ? "link low " : ""
          }name x0 type ${type} ${base}`,
      );
      const name = isPort ? "low" : "x0";
      const { options: wanted } = readKindWords(type, split(words));
      const compare = async () => {
        const link = await route.link(name);
        const level = isPort ? portLevel(link) : kindLevel(link);
        return kindDifferences(kind, level, wanted, names, () => "low");
      };
      const different = await compare();
      const keys = Object.keys(wanted);
      if (isPort && different.length === 0) {
        // On or off as it is by default.
        const [word] = keys;
        const value = kind.options[word].read(wanted[word]);
        assertEquals(value, kind.options[word].kernelDefault, words);
        await ns.batch("link delete br0");
        continue;
      }
      assertEquals(different.length, 1, `${type} ${words}`);
      const [{ key, change }] = different;
      assert(keys.includes(key), `${type} ${words}: ${key}`);
      const { code } = await ns.output("ip", [
        ...split(`link set ${name} type ${type} ${words}`),
      ]);
      const left = await compare();
      const changed = code === 0 && left.length === 0;
      assertEquals(changed, change === "any time", `${type} ${words}`);
      await ns.batch(isPort ? "link delete br0" : `link delete x0`);
    }
  });

  Deno.test(`kinds: ${type} reports the defaults of its table`, async () => {
    await using lab = await Lab.open("ns");
    await lab.ns.batch(
      isPort
        ? `link add low type veth peer name high
           link add br0 type bridge
           link set low master br0`
        : `link add low type veth peer name high
           link add ${
          kind.lower ? "link low " : ""
        }name low2 type ${type} ${base}`,
    );
    await using route = RouteSocket.open({ namespace: lab.ns.name });
    const link = await route.link(isPort ? "low" : "low2");
    const level = isPort ? portLevel(link)! : kindLevel(link)!;
    const { options: set } = readKindWords(type, split(base));
    for (const [word, entry] of Object.entries(kind.options)) {
      const { kernelDefault, same } = entry;
      const is = entry.decode(level);
      if (is === undefined || kernelDefault === undefined || word in set) {
        continue;
      }
      if (same?.(is, kernelDefault)) continue;
      assertEquals(is, kernelDefault, `${type} ${word}`);
    }
  });
}
