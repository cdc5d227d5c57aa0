// The details of links in the words of `ip -d`, where its JSON has other keys.

import type { Json } from "../shown.ts";
import { isJson, list, option, plain, type Value } from "./format.ts";

/** The tokens of a value, which may depend on the other values. */
type Words = (value: Value, all: Json) => string[];

const word = (name: string): Words => (value) => option(name, value);
const alone: Words = (value) => [plain(value)];
const centiseconds = (name: string): Words => (value) => [
  name,
  Number(value).toFixed(2).padStart(7),
];
/** A flag that text has as one word, or as its opposite. */
const flag = (on: string, off = ""): Words => (value) => {
  const text = value ? on : off;
  return text === "" ? [] : [text];
};

/** Details of a link that text has before those of its kind. */
const BEFORE_KIND: Readonly<Record<string, Words>> = {
  promiscuity: (value) => [`promiscuity ${plain(value)} `],
  allmulti: word("allmulti"),
  min_mtu: word("minmtu"),
  max_mtu: word("maxmtu"),
};

/** Details of a link that text has after those of its kind. */
const AFTER_KIND: Readonly<Record<string, Words>> = {
  inet6_addr_gen_mode: word("addrgenmode"),
  num_tx_queues: word("numtxqueues"),
  num_rx_queues: word("numrxqueues"),
  gso_max_size: word("gso_max_size"),
  gso_max_segs: word("gso_max_segs"),
  tso_max_size: word("tso_max_size"),
  tso_max_segs: word("tso_max_segs"),
  gro_max_size: word("gro_max_size"),
  gso_ipv4_max_size: word("gso_ipv4_max_size"),
  gro_ipv4_max_size: word("gro_ipv4_max_size"),
  phys_port_name: word("portname"),
  phys_port_id: word("portid"),
  phys_switch_id: word("switchid"),
  parentbus: word("parentbus"),
  parentdev: word("parentdev"),
};

/** A value that stands for another word. */
const wordFor = (name: string, from: Value, to: string): Words => (value) => [
  name,
  value === from ? to : plain(value),
];
const commas = (name: string): Words => (value) => [name, plain(value)];
const flags = (name: string): Words => (value) => [name, `<${plain(value)}>`];

/** Priorities of a VLAN, on a line of their own. */
const priorities = (name: string): Words => (value) => {
  const pairs = list(value).map((one) =>
    isJson(one) ? `${plain(one.from!)}:${plain(one.to!)}` : plain(one)
  );
  return [`\n      ${name} { ${pairs.join(" ")} }`];
};

const UDP = {
  port: word("dstport"),
  df: (value: Value) => value === "unset" ? [] : option("df", value),
  udp_csum: flag("udpcsum", "noudpcsum"),
  udp_zero_csum6_tx: flag("udp6zerocsumtx", "noudp6zerocsumtx"),
  udp_zero_csum6_rx: flag("udp6zerocsumrx", "noudp6zerocsumrx"),
};
/** The JSON of a TTL that is inherited has no key. */
const remote: Words = (value, { ttl }) => [
  ...option("remote", value),
  ...ttl === undefined ? ["ttl inherit"] : [],
];

const IPVLAN = {
  private: flag("private"),
  vepa: flag("vepa"),
  bridge: flag("bridge"),
};

const MACVLAN = {
  nopromisc: flag("nopromisc"),
  macaddr_count: (value: Value) => [`remotes (${plain(value)})`],
  macaddr_data: (value: Value) => list(value).map(plain),
};

const TUNNEL = {
  link: word("dev"),
  external: flag("external"),
  iseq: flag("iseq"),
  oseq: flag("oseq"),
  icsum: flag("icsum"),
  ocsum: flag("ocsum"),
};
const OVER_IPV4 = {
  ...TUNNEL,
  ttl: wordFor("ttl", 0, "inherit"),
  tos: wordFor("tos", "0x1", "inherit"),
  pmtudisc: flag("", "nopmtudisc"),
  ignore_df: flag("ignore-df"),
};
const IP_OVER_IPV4 = {
  ...OVER_IPV4,
  proto: alone,
  pmtudisc: flag("pmtudisc", "nopmtudisc"),
  isatap: flag("isatap"),
};
const OVER_IPV6 = {
  ...TUNNEL,
  ttl: wordFor("hoplimit", 0, "inherit"),
  encap_limit: word("encaplimit"),
  ip6_tnl_f_ign_encap_limit: flag("encaplimit none"),
  ip6_tnl_f_use_orig_tclass: flag("tclass inherit"),
  ip6_tnl_f_use_orig_flowlabel: flag("flowlabel inherit"),
  ip6_tnl_f_rcv_dscp_copy: flag("dscp inherit"),
  ip6_tnl_f_allow_local_remote: flag("allow-localremote"),
  ip6_tnl_f_use_orig_fwmark: flag("fwmark inherit"),
};

const ROOT = { root_id: word("designated_root") };

/** By kind, the keys whose words differ. */
const KINDS: Readonly<Record<string, Readonly<Record<string, Words>>>> = {
  bridge: {
    ...ROOT,
    hello_timer: centiseconds("hello_timer"),
    tcn_timer: centiseconds("tcn_timer"),
    topology_change_timer: centiseconds("topology_change_timer"),
    gc_timer: centiseconds("gc_timer"),
    group_addr: word("group_address"),
    mcast_last_member_cnt: word("mcast_last_member_count"),
    mcast_startup_query_cnt: word("mcast_startup_query_count"),
    mcast_last_member_intvl: word("mcast_last_member_interval"),
    mcast_membership_intvl: word("mcast_membership_interval"),
    mcast_querier_intvl: word("mcast_querier_interval"),
    mcast_query_intvl: word("mcast_query_interval"),
    mcast_query_response_intvl: word("mcast_query_response_interval"),
    mcast_startup_query_intvl: word("mcast_startup_query_interval"),
  },
  bridge_slave: {
    ...ROOT,
    id: word("port_id"),
    no: word("port_no"),
    bridge_id: word("designated_bridge"),
    hold_timer: centiseconds("hold_timer"),
    message_age_timer: centiseconds("message_age_timer"),
    forward_delay_timer: centiseconds("forward_delay_timer"),
    multicast_router: word("mcast_router"),
  },
  bond: {
    arp_validate: wordFor("arp_validate", null, "none"),
    num_peer_notif: word("num_grat_arp"),
    ad_lacp_active: word("lacp_active"),
    ad_lacp_rate: word("lacp_rate"),
    arp_ip_target: commas("arp_ip_target"),
    ns_ip6_target: commas("ns_ip6_target"),
  },
  bond_slave: {
    ad_actor_oper_port_state_str: flags("ad_actor_oper_port_state_str"),
    ad_partner_oper_port_state_str: flags("ad_partner_oper_port_state_str"),
  },
  ipvlan: IPVLAN,
  ipvtap: IPVLAN,
  macvlan: MACVLAN,
  macvtap: MACVLAN,
  gre: OVER_IPV4,
  gretap: OVER_IPV4,
  erspan: OVER_IPV4,
  ipip: IP_OVER_IPV4,
  sit: IP_OVER_IPV4,
  vti: OVER_IPV4,
  ip6gre: OVER_IPV6,
  ip6gretap: OVER_IPV6,
  ip6erspan: OVER_IPV6,
  ip6tnl: { ...OVER_IPV6, proto: alone },
  vti6: OVER_IPV6,
  geneve: {
    ...UDP,
    external: flag("external"),
    remote,
    remote6: remote,
    ttl: wordFor("ttl", 0, "auto"),
    tos: wordFor("tos", "0x1", "inherit"),
    label: word("flowlabel"),
  },
  hsr: { seq_nr: word("sequence"), supervision_addr: word("supervision") },
  tun: { multi_queue: flag("multi_queue") },
  vlan: {
    flags: (value) => [`<${plain(value)}>`],
    ingress_qos: priorities("ingress-qos-map"),
    egress_qos: priorities("egress-qos-map"),
  },
  vxlan: {
    link: word("dev"),
    port_range: (value) =>
      isJson(value)
        ? ["srcport", plain(value.low!), plain(value.high!)]
        : option("port_range", value),
    ...UDP,
    external: flag("external"),
    vnifilter: flag("vnifilter"),
    group6: word("group"),
    remote6: word("remote"),
    local6: word("local"),
    learning: flag("", "nolearning"),
    proxy: flag("proxy"),
    rsc: flag("rsc"),
    l2miss: flag("l2miss"),
    l3miss: flag("l3miss"),
    tos: wordFor("tos", "0x1", "inherit"),
    ttl: wordFor("ttl", 0, "auto"),
    label: word("flowlabel"),
    ageing: (value, { ttl }) => [
      ...ttl === undefined ? ["ttl inherit"] : [],
      ...option("ageing", value),
    ],
    limit: word("maxaddr"),
    gbp: flag("gbp"),
    gpe: flag("gpe"),
    remcsum_tx: flag("remcsumtx"),
    remcsum_rx: flag("remcsumrx"),
  },
};

/** The details of a link, and those after its kind. */
export function detailWords(
  json: Json,
  formatted: ReadonlySet<string>,
): { readonly before: string[]; readonly after: string[] } {
  const details = Object.entries(json).filter(([key]) => !formatted.has(key));
  const before = details.flatMap(([key, value]) =>
    key in AFTER_KIND ? [] : (BEFORE_KIND[key] ?? word(key))(value, json)
  );
  const after = details.flatMap(([key, value]) =>
    AFTER_KIND[key]?.(value, json) ?? []
  );
  return { before, after };
}

/** The options of a kind of link, or of its port: `suffix` is "_slave". */
export function kindWords(
  name: Value | undefined,
  suffix: "" | "_slave",
  data: Value | undefined,
): string[] {
  if (name === undefined) return [];
  const title = plain(name) + suffix;
  if (!isJson(data)) return [title];
  const words = KINDS[title];
  return [
    title,
    ...Object.entries(data).flatMap(([key, value]) =>
      (words?.[key] ?? word(key))(value, data)
    ),
  ];
}
