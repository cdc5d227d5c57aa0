// For every option of every kind of link: the request for its words equals,
// attribute for attribute, the one that `ip link` sends for the same words,
// whether this kernel has the kind or not; and what comes of it is the same,
// the link that is there afterwards or the kernel's refusal.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readKindWords } from "../../../cli/change/kind_words.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { linkKind, portKind } from "../../../lib/route/change/kinds/mod.ts";
import { addLink, setLink } from "../../../lib/route/change/link.ts";
import { Beside } from "../../support/beside.ts";

/** What tunnels over IPv4 have in common. */
const TUNNEL = [
  "ttl 9",
  "ttl inherit",
  "tos 8",
  "tos inherit",
  "dev low",
  "nopmtudisc",
  "pmtudisc",
  "fwmark 7",
  "encap fou encap-sport auto encap-dport 5555",
  "encap gue encap-sport 4444 encap-csum encap-remcsum",
  "encap none encap-udp6-csum",
  "noencap noencap-csum",
  "external",
];

/** What to try of each kind; every option has to be there. */
const ADD: Record<string, { base?: string; link?: true; options: string[] }> = {
  veth: {
    options: [
      "peer name p",
      "peer p",
      "peer name p mtu 1400 address 02:00:00:00:00:01",
      "peer name p arp off multicast off txqueuelen 7 alias far",
      "peer name p addrgenmode none numrxqueues 2 numtxqueues 3",
    ],
  },
  bridge: {
    options: [
      "forward_delay 400",
      "hello_time 300",
      "max_age 1000",
      "ageing_time 12345",
      "stp_state 1",
      "priority 4096",
      "vlan_filtering 1",
      "vlan_protocol 802.1ad",
      "group_fwd_mask 0x10",
      "group_address 01:80:c2:00:00:0e",
      "fdb_flush",
      "no_linklocal_learn 1",
      "no_linklocal_learn 0 mcast_vlan_snooping 1",
      "mcast_vlan_snooping 1",
      "vlan_default_pvid 7",
      "vlan_stats_enabled 1",
      "vlan_stats_per_port 1",
      "mcast_router 2",
      "mcast_snooping 0",
      "mcast_query_use_ifaddr 1",
      "mcast_querier 1",
      "mcast_hash_elasticity 16",
      "mcast_hash_max 1024",
      "mcast_last_member_count 3",
      "mcast_startup_query_count 4",
      "mcast_last_member_interval 200",
      "mcast_membership_interval 30000",
      "mcast_querier_interval 20000",
      "mcast_query_interval 13000",
      "mcast_query_response_interval 1100",
      "mcast_startup_query_interval 3000",
      "mcast_stats_enabled 1",
      "mcast_igmp_version 3",
      "mcast_mld_version 2",
      "nf_call_iptables 1",
      "nf_call_ip6tables 1",
      "nf_call_arptables 1",
    ],
  },
  vlan: {
    base: "id 5",
    link: true,
    options: [
      "protocol 802.1ad",
      "protocol 802.1Q",
      "reorder_hdr off",
      "gvrp on",
      "mvrp on loose_binding on bridge_binding off",
      "ingress-qos-map 1:2 3:4",
      "egress-qos-map 0:7 ingress-qos-map 5:6",
    ],
  },
  macvlan: {
    link: true,
    options: [
      "mode private",
      "mode vepa",
      "mode bridge bcqueuelen 77",
      "mode passthru nopromisc",
      "mode source nodst",
      "mode source macaddr add 02:00:00:00:00:09",
      "mode source macaddr del 02:00:00:00:00:09",
      "mode source macaddr set 02:00:00:00:00:09 02:00:00:00:00:08",
      "mode source macaddr flush",
    ],
  },
  macvtap: {
    link: true,
    options: [
      "mode bridge bcqueuelen 5",
      "mode passthru nopromisc",
      "mode source nodst macaddr flush",
    ],
  },
  vxlan: {
    base: "id 42 dstport 4789",
    options: [
      "group 239.1.1.1 dev low",
      "group ff05::100 dev low",
      "remote 192.0.2.1",
      "local 192.0.2.2 remote 192.0.2.1",
      "local 2001:db8::2 remote 2001:db8::1",
      "ttl 9",
      "ttl inherit",
      "ttl auto",
      "tos 8",
      "tos inherit",
      "df set",
      "df unset",
      "df inherit",
      "flowlabel 0x12345",
      "ageing 77",
      "ageing none",
      "maxaddress 5",
      "maxaddress unlimited",
      "srcport 1000 2000",
      "srcport 0 0",
      ...["learning", "proxy", "rsc", "l2miss", "l3miss", "udpcsum"]
        .flatMap((word) => [word, `no${word}`]),
      ...["udp6zerocsumtx", "udp6zerocsumrx", "remcsumtx", "remcsumrx"]
        .flatMap((word) => [word, `no${word}`]),
      "noexternal",
      "gbp",
      "gpe",
      "novnifilter",
    ],
  },
  "vxlan without a number": {
    base: "dstport 4789",
    options: ["external", "external vnifilter", "external learning"],
  },
  "vxlan without a port": { base: "id 42", options: ["gpe", "dstport 0"] },
  bond: {
    options: [
      ...[
        "balance-rr",
        "active-backup",
        "balance-xor",
        "broadcast",
        "802.3ad",
        "balance-tlb",
        "balance-alb",
      ].map((mode) => `mode ${mode}`),
      "active_slave low",
      "clear_active_slave",
      "miimon 100",
      "updelay 200",
      "downdelay 300",
      "peer_notify_delay 400",
      "use_carrier 0",
      "arp_interval 500",
      "arp_ip_target 192.0.2.1,192.0.2.2",
      "ns_ip6_target 2001:db8::1,2001:db8::2",
      ...[
        "none",
        "active",
        "backup",
        "all",
        "filter",
        "filter_active",
        "filter_backup",
      ].map((what) => `arp_validate ${what}`),
      "arp_all_targets any",
      "arp_all_targets all",
      "arp_missed_max 4",
      "primary low",
      ...["always", "better", "failure"].map((how) =>
        `primary_reselect ${how}`
      ),
      ...["none", "active", "follow"].map((how) => `fail_over_mac ${how}`),
      ...[
        "layer2",
        "layer3+4",
        "layer2+3",
        "encap2+3",
        "encap3+4",
        "vlan+srcmac",
      ].map((policy) => `xmit_hash_policy ${policy}`),
      "resend_igmp 2",
      "num_grat_arp 3",
      "num_unsol_na 4",
      "all_slaves_active 1",
      "min_links 2",
      "lp_interval 3",
      "packets_per_slave 4",
      "lacp_rate slow",
      "lacp_rate fast",
      "lacp_active off",
      "lacp_active on",
      ...["stable", "bandwidth", "count"].map((how) => `ad_select ${how}`),
      "ad_user_port_key 5",
      "ad_actor_sys_prio 6",
      "ad_actor_system 02:00:00:00:00:07",
      "tlb_dynamic_lb 0",
    ],
  },
  ipvlan: {
    link: true,
    options: [
      "mode l2",
      "mode l3",
      "mode l3s private",
      "mode l2 vepa",
      "mode l2 bridge",
      "private",
    ],
  },
  vrf: { options: ["table 10", "table 4000000000"] },
  ...Object.fromEntries(["gre", "gretap"].map((kind) => [kind, {
    base: "local 192.0.2.1 remote 192.0.2.2",
    options: [
      ...TUNNEL,
      "key 5",
      "key 0.0.1.2",
      "ikey 5 okey 6",
      "okey 6",
      ...["seq", "iseq", "oseq", "csum", "icsum", "ocsum"]
        .flatMap((word) => [word, `no${word}`]),
      "csum noicsum",
      "ignore-df",
      "noignore-df",
    ],
  }])),
  "gre to a group": {
    base: "local 192.0.2.1 remote 239.1.1.1",
    options: ["ttl 1", "ikey 5"],
  },
  ipip: {
    base: "local 192.0.2.1 remote 192.0.2.2",
    options: [...TUNNEL, "mode ipip", "mode mplsip", "mode any"],
  },
  sit: {
    base: "local 192.0.2.1",
    options: [
      ...TUNNEL,
      "mode ip6ip",
      "mode ipip",
      "mode mplsip",
      "mode any",
      "isatap",
      "6rd-prefix 2001:db8::/32",
      "6rd-prefix 2001:db8::/32 6rd-relay_prefix 192.0.0.0/8",
      "remote 192.0.2.2 ttl 9",
    ],
  },
  dummy: { options: [] },
  ifb: { options: [] },
  wireguard: { options: [] },
  nlmon: { options: [] },
};

/** Of the options that no command line tried, the names. */
function untried(tried: Set<string>, names: string[]): string[] {
  return names.filter((name) => !tried.has(name) && !tried.has(`no${name}`));
}

for (const [title, { base = "", link, options }] of Object.entries(ADD)) {
  const [kind] = title.split(" ");
  Deno.test(`link add: ${title} as ip asks for it`, async () => {
    await using beside = await Beside.open(
      "link add low type veth peer name high",
    );
    const tried = new Set<string>();
    for (const option of options.length === 0 ? [""] : options) {
      const words = `${base} ${option}`.trim().split(" ").filter(Boolean);
      for (const word of words) tried.add(word);
      const { options } = readKindWords(kind, words);
      const change = addLink({
        name: "x0",
        kind,
        ...(link ? { link: "low" } : {}),
        options,
      });
      const lower = link ? "link low " : "";
      const command = `link add ${lower}name x0 type ${kind}`;
      await beside.compare([command, ...words].join(" "), change);
      await beside.both("link delete x0");
    }
    if (title === kind) {
      assertEquals(untried(tried, Object.keys(linkKind(kind).options)), []);
    }
  });
}

const SET_PORT: Record<string, string[]> = {
  bridge_slave: [
    "fdb_flush",
    "state 3",
    "priority 7",
    "cost 9",
    ...[
      "hairpin",
      "guard",
      "root_block",
      "fastleave",
      "learning",
      "flood",
      "mcast_flood",
      "bcast_flood",
      "mcast_to_unicast",
      "proxy_arp",
      "proxy_arp_wifi",
      "mcast_fast_leave",
      "neigh_suppress",
      "vlan_tunnel",
      "isolated",
      "locked",
    ].flatMap((word) => [`${word} on`, `${word} off`]),
    "mcast_router 3",
    "group_fwd_mask 8",
    "backup_port high",
    "nobackup_port",
    "cost 5 hairpin on priority 3",
  ],
  bond_slave: ["queue_id 5", "prio -3", "queue_id 1 prio 2"],
};

for (const [type, options] of Object.entries(SET_PORT)) {
  Deno.test(`link set: ${type} as ip asks for it`, async () => {
    await using beside = await Beside.open(`
      link add low type veth peer name high
      link add br0 type bridge
      link set low master br0
      link set high master br0
    `);
    const tried = new Set<string>();
    for (const option of options) {
      const words = option.split(" ");
      for (const word of words) tried.add(word);
      const { port, options } = readKindWords(type, words);
      assert(port === "bridge" || port === "bond");
      await beside.compare(
        `link set low type ${type} ${option}`,
        setLink("low", { port: { kind: port, options } }),
      );
    }
    const known = portKind(type.replace("_slave", ""));
    assertEquals(untried(tried, Object.keys(known?.options ?? {})), []);
  });
}

Deno.test("link words: what cannot be right is refused in words that help", () => {
  const cases: [type: string, words: string, message: string][] = [
    [
      "bridge",
      "stp_sate 1",
      'bridge: "stp_sate" is not an option; did you mean stp_state?',
    ],
    [
      "bridge",
      "priority 65536",
      'bridge priority: "65536" is not a whole number from 0 to 65535',
    ],
    [
      "bridge",
      "priority",
      'bridge priority: "" is not a whole number from 0 to 65535',
    ],
    [
      "bridge",
      "priority 1 priority 2",
      'bridge: "priority" is not wanted twice',
    ],
    [
      "vxlan",
      "id 5 remote 239.1.1.1",
      'vxlan remote: "239.1.1.1" is not a unicast address',
    ],
    [
      "vxlan",
      "remote 192.0.2.1",
      "vxlan id: undefined is not a network's number from 0 to 16777215",
    ],
    ["dummy", "mode 1", 'dummy: "mode" is not possible: there are no options'],
    [
      "macvlan",
      "mode bridge nopromisc",
      "macvlan nopromisc: true is not possible but in mode passthru",
    ],
    ["veth", "per x", 'veth: "per" is not an option; did you mean peer?'],
    [
      "veth",
      "peer name with/slash",
      'name: "with/slash" is not an interface name',
    ],
    [
      "what_slave",
      "cost 1",
      '--type: "what_slave" is not bridge_slave or bond_slave',
    ],
  ];
  for (const [type, words, message] of cases) {
    const error = assertThrows(() => {
      const { options } = readKindWords(type, words.split(" "));
      addLink({ name: "x0", kind: type, options });
    }, ArgumentError);
    assert(error.message.startsWith(message), error.message);
  }
});
