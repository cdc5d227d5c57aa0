// Two values of every option of every kind of link, as a user writes them, that
// a kernel accepts one after the other.

import type { LinkKind } from "../../lib/rtnetlink/kinds/kind.ts";
import type { Entries } from "../../lib/rtnetlink/spec/table.ts";

/** Samples of a kind. */
export interface KindSamples {
  /**
   * Words of each link. "$n" is its number among those of its kind, "$g" among
   * all; "low" and "other" are links of its own, "high" and "far" their peers.
   */
  readonly base?: string;
  /** Options that are tried in namespaces of their own. */
  readonly alone?: readonly string[];
  /**
   * A line an option: "OPTION: VALUE | VALUE", "-" for none, "+" before words
   * that both need. Options that are on or off, or a word, need no line.
   */
  readonly options?: string;
}

const TUNNEL = `
  external: off | on
  remote: 192.0.2.3 | 192.0.2.4
  local: 192.0.2.5 | 192.0.2.6
  dev: low | other
  ttl: 9 | inherit
  tos: 0x08 | inherit
  fwmark: 7 | 8
  encap: fou | gue + encap-sport 4444 encap-dport 5555
  encap-sport: 4444 | auto + encap fou encap-dport 5555
  encap-dport: 5555 | 5556 + encap fou encap-sport 4444
  encap-csum: off | on + encap gue encap-dport 5555
  encap-udp6-csum: off | on + encap gue encap-dport 5555
  encap-remcsum: off | on + encap gue encap-dport 5555
`;

const TUNNEL6 = `
  ${TUNNEL.replace(/ttl.*\n *tos.*/, "")}
  remote: 2001:db8:$g::3 | 2001:db8:$g::4
  local: 2001:db8:$g::5 | 2001:db8:$g::6
  hoplimit: 9 | 10
  encaplimit: 5 | none
  tclass: 0x12 | inherit
  flowlabel: 0x1234 | inherit
  dscp: - | inherit
  fwmark: 7 | inherit
`;

const GRE = `
  ignore-df: off | on + nopmtudisc
  key: 5 | none
  ikey: 5 | 6
  okey: 5 | none
`;

const VTI = `
  dev: low | other
  key: 5 | 6
  ikey: 5 | 6
  okey: 5 | 0.0.0.6
  fwmark: 7 | 8
`;

const MACVLAN = `
  mode: private | bridge
  nopromisc: off | on + mode passthru
  nodst: off | on + mode source
  bcqueuelen: 7 | 1000
`;

const IPVLAN = `
  mode: l2 | l3s
  private: off | on
  vepa: off | on
  bridge: - | on
`;

const TUN = `
  user: 1 | 2
  group: 1 | 2
`;

const ERSPAN = `
  ignore-df: off | on + nopmtudisc
  key: 5 | 6
  ikey: 5 | 6
  okey: 5 | 6
  erspan: 5 | 6 + erspan_ver 1
  erspan_ver: 1 | 2
  erspan_dir: ingress | egress + erspan_ver 2
  erspan_hwid: 5 | 6 + erspan_ver 2
`;

const OVER4 = "local 192.0.2.1 remote 192.0.$n.2";
const OVER6 = "local 2001:db8::1 remote 2001:db8:$g::2";

/** By kind, or by "MASTER_slave". */
export const SAMPLES: Readonly<Record<string, KindSamples>> = {
  bridge: {
    options: `
      forward_delay: 400 | 1501
      hello_time: 200 | 301
      max_age: 1000 | 2001
      ageing_time: 12344 | 30001
      priority: 4096 | 8192
      vlan_default_pvid: 7 | 0
      group_fwd_mask: 8 | 16
      group_address: 01:80:c2:00:00:0e | 01:80:c2:00:00:0d
      mcast_router: 2 | 0
      mcast_hash_elasticity: 16 | 4
      mcast_hash_max: 1024 | 512
      mcast_last_member_count: 3 | 4
      mcast_startup_query_count: 4 | 3
      mcast_last_member_interval: 200 | 151
      mcast_membership_interval: 30000 | 26001
      mcast_querier_interval: 20000 | 25501
      mcast_query_interval: 13000 | 12501
      mcast_query_response_interval: 1100 | 1001
      mcast_startup_query_interval: 3000 | 3125
      mcast_igmp_version: 3 | 2
      mcast_mld_version: 2 | 1
      mcast_vlan_snooping: off | on + vlan_filtering 1
    `,
  },
  bridge_slave: {
    // After some seconds the kernel changes it.
    alone: ["state"],
    options: `
      state: 2 | 1
      priority: 7 | 32
      cost: 9 | 10
      mcast_router: 2 | 0
      group_fwd_mask: 8 | 16
      backup_port: none | other
    `,
  },
  bond: {
    options: `
      active_slave: low | other + mode active-backup
      miimon: 100 | 200
      updelay: 100 | 200 + miimon 100
      downdelay: 100 | 200 + miimon 100
      peer_notify_delay: 100 | 200 + miimon 100
      arp_interval: 500 | 600 + arp_ip_target 192.0.2.1
      arp_missed_max: 4 | 5
      arp_ip_target: 192.0.2.1,192.0.2.2 | 192.0.2.3
      ns_ip6_target: 2001:db8::1 | 2001:db8::2,2001:db8::3
      arp_validate: active | all + mode active-backup arp_interval 500 arp_ip_target 192.0.2.1
      primary: low | other + mode active-backup
      xmit_hash_policy: layer3+4 | layer2 + mode balance-xor
      resend_igmp: 2 | 3
      num_grat_arp: 3 | 4
      num_unsol_na: 3 | 4
      min_links: 2 | 1
      lp_interval: 3 | 4
      packets_per_slave: 4 | 5
      lacp_active: off | on + mode 802.3ad
      lacp_rate: fast | slow + mode 802.3ad
      ad_user_port_key: 5 | 6 + mode 802.3ad
      ad_actor_sys_prio: 6 | 7 + mode 802.3ad
      ad_actor_system: 02:00:00:00:00:07 | 02:00:00:00:00:08 + mode 802.3ad
      tlb_dynamic_lb: off | on + mode balance-tlb
    `,
  },
  bond_slave: {
    options: `
      queue_id: 5 | 6
      prio: -3 | 3
    `,
  },
  vlan: {
    base: "id 5",
    options: `
      id: 6 | 7
      ingress-qos-map: 1:2 3:4 | 1:2 3:5
      egress-qos-map: 0:7 | 0:6 5:6
    `,
  },
  macvlan: { options: MACVLAN },
  macvtap: { options: MACVLAN },
  ipvlan: { options: IPVLAN },
  ipvtap: { options: IPVLAN },
  vrf: { options: "table: 1$n | 2$n" },
  vxlan: {
    base: "id $n dstport 4789",
    options: `
      external: off | on + dstport 1$n
      vnifilter: off | on + external dstport 1$n
      id: 1$n | 2$n
      group: 239.1.1.1 | 239.1.1.2 + dev low
      remote: 192.0.2.1 | 2001:db8::1
      local: 192.0.2.1 | 192.0.2.2
      dev: low | other
      srcport: 1000 2000 | 1000 3000
      dstport: 4790 | 8472
      tos: 0x08 | inherit
      ttl: 9 | inherit
      flowlabel: 5 | 6 + remote 2001:db8::1
      gpe: off | on + external dstport 1$n
      ageing: 77 | none
      maxaddress: 5 | unlimited
    `,
  },
  geneve: {
    base: "id $n remote 192.0.2.1",
    options: `
      external: off | on + dstport 1$n
      id: 1$n | 2$n
      remote: 192.0.2.3 | 2001:db8::1
      ttl: 9 | inherit
      tos: 0x08 | inherit
      flowlabel: 5 | 6 + remote 2001:db8::1
      udp6zerocsumtx: off | on + remote 2001:db8::1
      udp6zerocsumrx: off | on + remote 2001:db8::1
      dstport: 6082 | 6083
    `,
  },
  gre: { base: OVER4, options: `${TUNNEL}${GRE}` },
  gretap: { base: OVER4, options: `${TUNNEL}${GRE}` },
  erspan: { base: `${OVER4} key $n seq`, options: `${TUNNEL}${ERSPAN}` },
  ip6gre: {
    base: OVER6,
    options: `${TUNNEL6}${GRE.replace(/.*ignore-df.*/, "")}`,
  },
  ip6gretap: {
    base: OVER6,
    options: `${TUNNEL6}${GRE.replace(/.*ignore-df.*/, "")}`,
  },
  ip6erspan: {
    base: `${OVER6} key $n seq`,
    options: `${TUNNEL6}${ERSPAN.replace(/.*ignore-df.*/, "")}`,
  },
  ipip: { base: OVER4, options: TUNNEL },
  sit: {
    base: OVER4,
    options: `
      ${TUNNEL}
      6rd-prefix: 2001:db8::/32 | 2001:db8:1::/48
      6rd-relay_prefix: 192.0.0.0/8 | 10.0.0.0/8 + 6rd-prefix 2001:db8::/32
    `,
  },
  ip6tnl: { base: OVER6, options: TUNNEL6 },
  vti: {
    base: OVER4,
    options: `${VTI}
      remote: 192.0.2.3 | 192.0.2.4
      local: 192.0.2.5 | 192.0.2.6`,
  },
  vti6: {
    base: OVER6,
    options: `${VTI}
      remote: 2001:db8::3 | 2001:db8::4
      local: 2001:db8::5 | 2001:db8::6`,
  },
  xfrm: {
    base: "if_id $n",
    options: `
      if_id: 1$n | 2$n
      dev: low | other
    `,
  },
  hsr: {
    base: "slave1 low slave2 other",
    options: `
      slave1: low | high
      slave2: other | high
      supervision: 45 | 46
            proto: 0 | 1
    `,
  },
  macsec: {
    options: `
      sci: 00a1b2c3d4e50001 | 00a1b2c3d4e50002
      port: 11 | 12
      cipher: default | gcm-aes-256
      icvlen: 12 | 16
      encodingsa: 2 | 1
      end_station: off | on + send_sci off
      scb: off | on + send_sci off
      replay: on | off + window 128
      window: 128 | 64 + replay on
    `,
  },
  gtp: {
    base: "role sgsn",
    // All of a namespace use the same UDP ports.
    alone: ["role", "hsize", "restart_count"],
    options: `
      hsize: 2048 | 1024
      restart_count: 3 | 4
    `,
  },
  amt: {
    base: "mode relay local 192.0.2.1 dev low",
    options: `
      gateway_port: 4000 | 4001
      relay_port: 4000 | 4001
      local: 192.0.2.2 | 192.0.2.3
      discovery: 192.0.2.2 | 192.0.2.3 + mode gateway
      dev: low | other
      max_tunnels: 7 | 8
    `,
  },
  ipoib: { options: "pkey: 32770 | 32771" },
  rmnet: { options: "mux_id: 5 | 6" },
  tun: { options: TUN },
  tap: { options: TUN },
  bareudp: {
    base: "dstport 1$n ethertype ipv4",
    options: `
      dstport: 2$n | 3$n
      ethertype: mpls_uc | ipv6
      srcportmin: 1234 | 1235
    `,
  },
};

/** Why a kernel refuses or ignores options of kinds. */
const LACKS: readonly (readonly [why: string, kinds: string, words: string])[] =
  [
    [
      "without CONFIG_BRIDGE_VLAN_FILTERING",
      "bridge",
      "vlan_filtering vlan_protocol vlan_default_pvid vlan_stats_enabled " +
      "vlan_stats_per_port mcast_vlan_snooping",
    ],
    ["from Linux 5.0 on", "bridge", "mcast_hash_elasticity"],
    [
      "always with sequence numbers, never with checksums",
      "erspan ip6erspan",
      "seq iseq oseq csum icsum ocsum",
    ],
    [
      "without CONFIG_NET_FOU_IP_TUNNELS",
      "gre gretap erspan ip6gre ip6gretap ip6erspan ipip sit ip6tnl",
      "encap encap-sport encap-dport encap-csum encap-udp6-csum encap-remcsum",
    ],
    ["without CONFIG_IPV6_SIT_6RD", "sit", "6rd-prefix 6rd-relay_prefix"],
    ["without a lower link that offloads", "macsec", "offload"],
    ["is the default", "ipvlan ipvtap", "bridge"],
    ["beside an external ip6erspan", "ip6gretap", "external"],
  ];

/** By kind and option: why a kernel refuses or ignores it. */
export const LACKED: ReadonlyMap<string, string> = new Map(
  LACKS.flatMap(([why, kinds, words]) =>
    kinds.split(" ").flatMap((kind) =>
      words.split(" ").map((word) => [`${kind} ${word}`, why] as const)
    )
  ),
);

/** Changes that the kernel accepts without their whole effect. */
export const MADE_AGAIN: Readonly<Record<string, string>> = {
  "bond mode": "refused while it has ports",
  "gretap external": "receives what it did before",
  "erspan external": "receives what it did before",
};

/** An option and its two values. */
export interface OptionSample {
  readonly option: string;
  readonly values: readonly [string, string];
  /** Words that it needs beside those of the kind. */
  readonly needs: string;
}

const ON_OR_OFF = JSON.stringify([true, false, 0, 1, "on", "off"]);

/** Two values of an option that has few. */
function fewValues(
  options: Entries,
  word: string,
): readonly [string, string] {
  const { schema, kernelDefault } = options[word];
  const { enum: few = [] } = schema as { readonly enum?: readonly string[] };
  if (JSON.stringify(few) === ON_OR_OFF) {
    return kernelDefault === true ? ["off", "on"] : ["on", "off"];
  }
  const [first, second] = few.filter((one) => one !== kernelDefault);
  const last = second ?? few.find((one) => one === kernelDefault);
  if (first === undefined || last === undefined) {
    throw new Error(`no samples of ${word}`);
  }
  return [first, last];
}

/** The samples of all options of a kind. */
export function samplesOf({ name, options }: LinkKind): OptionSample[] {
  const lines = new Map(
    (SAMPLES[name]?.options ?? "").split("\n").map((line) => line.trim())
      .filter(Boolean).map((line) => {
        const at = line.indexOf(": ");
        return [line.slice(0, at), line.slice(at + 2)] as const;
      }),
  );
  for (const word of lines.keys()) {
    if (options[word] === undefined) throw new Error(`${name} has no ${word}`);
  }
  return Object.keys(options).filter((word) =>
    !options[word].once && options[word].isReported !== false
  ).map(
    (option) => {
      const [values, needs = ""] = lines.get(option)?.split(" + ") ?? [];
      const [one, other] = values?.split(" | ") ?? fewValues(options, option);
      return { option, values: [one, other], needs };
    },
  );
}

/** The words of `ip` for an option. */
export function wordsOf(
  { name, options }: LinkKind,
  option: string,
  value: string,
): string {
  const { no, alone } = options[option];
  // Flags of these kinds have no opposite.
  if (value === "off" && /^(macv|ipv|tun$|tap$)/.test(name)) return "";
  if (alone !== undefined && value === "on") return option;
  if (no === undefined && alone !== undefined && value === "off") return "";
  if (String(no) === value || no === false && value === "off") {
    return `no${option}`;
  }
  const isNumber = /^(bridge|bond)$/.test(name) && option !== "lacp_active";
  const text = isNumber && value === "on"
    ? "1"
    : isNumber && value === "off"
    ? "0"
    : value;
  return `${option} ${text}`;
}
