// Command lines of `ip link add ... type KIND`, so that every option of every
// kind and every word of an option is in one of them.

/** What tunnels over IPv4 have in common. */
const TUNNEL = [
  "ttl 9",
  "ttl inherit",
  "tos 20",
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

/** What tunnels over IPv6 have in common. */
const TUNNEL6 = [
  "hoplimit 9",
  "encaplimit 5",
  "encaplimit none",
  "tclass 12",
  "tclass 0x12 flowlabel 100",
  "tclass inherit",
  "flowlabel inherit",
  "dscp inherit",
  "allow-localremote",
  "noallow-localremote",
  "fwmark 7",
  "fwmark inherit",
  "dev low",
  "encap fou encap-sport auto encap-dport 5555",
  "encap gue encap-sport 4444 encap-csum encap-remcsum",
  "encap none noencap-udp6-csum",
  "encap-udp6-csum",
  "noencap",
  "external",
];

/** What a GRE header may hold. */
const IPVLAN = [
  "mode l2",
  "mode l3",
  "mode l3s private",
  "mode l2 vepa",
  "mode l2 bridge",
  "private",
];

/** What both kinds of VTI have. */
const VTI = [
  "key 5",
  "key 0.0.1.2",
  "ikey 5 okey 6",
  "okey 6",
  "dev low",
  "fwmark 7",
];

const GRE_HEADER = [
  "key 5",
  "key 0.0.1.2",
  "ikey 5 okey 6",
  "okey 6",
  "nokey",
  "key 5 noikey",
  "key 5 nookey",
  ...["seq", "iseq", "oseq", "csum", "icsum", "ocsum"]
    .flatMap((word) => [word, `no${word}`]),
  "csum noicsum",
];

/** What to try of a kind of link. */
export interface KindCases {
  /** Words of every case. */
  readonly base?: string;
  /** Whether it stands on another link. */
  readonly link?: true;
  /** The words of each case. */
  readonly options: readonly string[];
}

/** By kind, or by a title that begins with one; every option is there. */
export const ADD: Readonly<Record<string, KindCases>> = {
  veth: {
    options: [
      "peer name p",
      "peer p",
      "peer name p mtu 1400 address 02:00:00:00:00:01",
      "peer name p arp off multicast off txqueuelen 7 alias far",
      "peer name p addrgenmode none numrxqueues 2 numtxqueues 3",
      "peer name p index 77",
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
      "vlan_protocol 802.1Q",
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
      "mode private",
      "mode vepa",
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
      "tos 20",
      "tos inherit",
      "df set",
      "df unset",
      "df inherit",
      "flowlabel 100",
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
  ipvlan: { link: true, options: IPVLAN },
  ipvtap: { link: true, options: IPVLAN },
  vrf: { options: ["table 10", "table 4000000000"] },
  ...Object.fromEntries(["gre", "gretap"].map((kind) => [kind, {
    base: "local 192.0.2.1 remote 192.0.2.2",
    options: [
      ...TUNNEL,
      ...GRE_HEADER,
      "ignore-df",
      "noignore-df",
    ],
  }])),
  "gre to a group": {
    base: "local 192.0.2.1 remote 239.1.1.1",
    options: ["ttl 1", "ikey 5"],
  },
  ip6gre: {
    base: "local 2001:db8::1 remote 2001:db8::2",
    options: [...TUNNEL6, ...GRE_HEADER],
  },
  ip6gretap: {
    base: "local 2001:db8::1 remote 2001:db8::2",
    options: [...TUNNEL6, ...GRE_HEADER],
  },
  "ip6gre to a group": {
    base: "local 2001:db8::1 remote ff05::1",
    options: ["hoplimit 1", "ikey 5"],
  },
  ...Object.fromEntries(
    [
      ...["gre", "gretap", "erspan", "ip6gre", "ip6gretap", "ip6erspan"],
      ...["ip6tnl", "ipip", "sit", "vti", "vti6"],
    ].map((kind) => [`${kind} to any`, { options: ["local any remote any"] }]),
  ),
  "ip6tnl to nobody": { options: ["local :: remote ::", "remote ::"] },
  ip6tnl: {
    base: "local 2001:db8::1 remote 2001:db8::2",
    options: [...TUNNEL6, "mode ip6ip6", "mode ipip6", "mode any"],
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
  erspan: {
    base: "local 192.0.2.1 remote 192.0.2.2",
    options: [
      ...TUNNEL,
      ...GRE_HEADER,
      "ignore-df",
      "erspan 123",
      "erspan_ver 0",
      "erspan_ver 1 erspan 0xfffff",
      "erspan_ver 2",
      "erspan_ver 2 erspan_dir ingress erspan_hwid 0x7",
      "erspan_ver 2 erspan_dir egress",
    ],
  },
  ip6erspan: {
    base: "local 2001:db8::1 remote 2001:db8::2",
    options: [
      ...TUNNEL6,
      ...GRE_HEADER,
      "erspan 123",
      "erspan_ver 0",
      "erspan_ver 2 erspan_dir ingress erspan_hwid 7",
      "erspan_ver 2 erspan_dir egress",
    ],
  },
  vti: {
    base: "local 192.0.2.1 remote 192.0.2.2",
    options: VTI,
  },
  vti6: {
    base: "local 2001:db8::1 remote 2001:db8::2",
    options: VTI,
  },
  "vti to nobody": { options: ["", "local 0.0.0.0 remote 0.0.0.0"] },
  geneve: {
    base: "id 42 remote 192.0.2.1",
    options: [
      "",
      "ttl 9",
      "ttl inherit",
      "ttl auto",
      "tos 20",
      "tos inherit",
      ...["unset", "set", "inherit"].map((df) => `df ${df}`),
      "flowlabel 100",
      "dstport 6082",
      "dstport 0",
      "noexternal",
      ...["udpcsum", "udp6zerocsumtx", "udp6zerocsumrx"].flatMap((word) => [
        word,
        `no${word}`,
      ]),
      "innerprotoinherit",
    ],
  },
  "geneve over IPv6": { base: "id 42", options: ["remote 2001:db8::1"] },
  "geneve without a number": {
    options: ["external", "external ttl 9 dstport 6083"],
  },
  xfrm: {
    base: "if_id 42",
    options: ["", "dev low"],
  },
  "xfrm without a number": { options: ["external"] },
  hsr: {
    base: "slave1 low slave2 high",
    options: ["", "supervision 45", "version 1", "proto 1", "proto 0"],
  },
  macsec: {
    link: true,
    options: [
      "",
      "port 11",
      "sci 00a1b2c3d4e50001",
      "sci 0xA1B2",
      ...[
        "default",
        "gcm-aes-128",
        "gcm-aes-256",
        "gcm-aes-xpn-128",
        "gcm-aes-xpn-256",
      ].map((cipher) => `cipher ${cipher}`),
      "icvlen 12",
      ...["encrypt", "send_sci", "end_station", "scb", "protect"]
        .flatMap((word) => [`${word} on`, `${word} off`]),
      // With "replay off", iproute2 6.1 sends a window of -1 too.
      "replay on window 128",
      ...["strict", "check", "disabled"].map((how) => `validate ${how}`),
      "encodingsa 2",
      ...["mac", "phy", "off"].map((where) => `offload ${where}`),
    ],
  },
  bareudp: {
    base: "dstport 6635",
    options: [
      "ethertype mpls_uc",
      "ethertype ipv4",
      "ethertype 0x86dd",
      "ethertype ip srcportmin 1234",
      "ethertype ipv4 multiproto",
      "ethertype ipv4 nomultiproto",
    ],
  },
  gtp: {
    base: "role sgsn",
    options: ["", "hsize 2048", "restart_count 3"],
  },
  "gtp of a gateway": { options: ["role ggsn"] },
  amt: {
    base: "mode relay local 192.0.2.1 dev low",
    options: [
      "",
      "relay_port 4000 max_tunnels 7",
      "gateway_port 5000 discovery 192.0.2.2",
    ],
  },
  "amt of a gateway": {
    options: ["mode gateway local 192.0.2.1 discovery 192.0.2.2 dev low"],
  },
  ipoib: {
    link: true,
    options: [
      "pkey 0x8002",
      "mode connected umcast 1",
      "mode datagram umcast 0",
    ],
  },
  rmnet: { link: true, options: ["mux_id 5"] },
  vxcan: { options: ["peer name p", "peer name p alias far"] },
  dummy: { options: [] },
  vcan: { options: [] },
  ifb: { options: [] },
  wireguard: { options: [] },
  nlmon: { options: [] },
};

/** By the type that sets what a link is to its master. */
export const SET_PORT: Readonly<Record<string, readonly string[]>> = {
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
