// `show link` and `show address` beside `ip -j [-d] [-s]` for the kinds of link
// that a kernel may lack, made by `ip`.

import { assertEquals } from "@std/assert";
import { testWith } from "../../support/kinds.ts";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertSameText, assertShows } from "./compare.ts";

/** Of one kind: whether a kernel has it, and links of it in every way. */
interface Kind {
  readonly name: string;
  /** What follows `ip link add` in the request; `type NAME`. */
  readonly probe?: string;
  readonly commands: string;
}

const LOWER = `
    link add lower type veth peer name upper
    address add 192.0.2.1/24 dev lower
    address add 2001:db8::1/64 dev lower nodad
    link set lower up
    link set upper up`;

/** Options of tunnels over IPv4, with any content. */
const over4 = (kind: string) =>
  `${LOWER}
    link add t0 type ${kind} local 192.0.2.1 remote 192.0.2.2 ttl 9 tos 0x10 dev lower
    link add t1 type ${kind} local 192.0.2.1 remote 192.0.2.3 ttl inherit tos inherit fwmark 7
    link add t2 type ${kind} local 192.0.2.1 remote 192.0.2.4 nopmtudisc
    link set t0 up`;

const over6 = (kind: string) =>
  `${LOWER}
    link add t0 type ${kind} local 2001:db8::1 remote 2001:db8::2 hoplimit 9 tclass 0x10 flowlabel 0x12345 dev lower
    link add t1 type ${kind} local 2001:db8::1 remote 2001:db8::3 tclass inherit flowlabel inherit fwmark 7
    link add t2 type ${kind} local 2001:db8::1 remote 2001:db8::4 encaplimit none dscp inherit allow-localremote
    link add t3 type ${kind} local 2001:db8::1 remote 2001:db8::5 encaplimit 2 fwmark inherit
    link set t0 up`;

const keys = (kind: string, local: string, remote: string) => `
    link add k0 type ${kind} local ${local} remote ${remote}1 key 5 seq csum
    link add k1 type ${kind} local ${local} remote ${remote}2 ikey 5 okey 0.0.1.2 iseq ocsum`;

const KINDS: readonly Kind[] = [
  {
    name: "vlan",
    commands: `${LOWER}
    link add link lower name vlan0 type vlan id 5
    link add link lower name vlan1 type vlan id 6 protocol 802.1ad gvrp on mvrp on loose_binding on reorder_hdr off ingress-qos-map 1:2 3:4 egress-qos-map 5:6
    link add link vlan1 name vlan2 type vlan id 4094 egress-qos-map 0:7 1:3
    link add bridge0 type bridge
    link add link bridge0 name vlan3 type vlan id 1 bridge_binding on
    link set vlan0 up
    link set vlan1 up
    link set vlan2 up`,
  },
  {
    name: "bridge vlan_filtering",
    probe: "type bridge vlan_filtering 1",
    commands: `
    link add bridge0 type bridge vlan_filtering 1 vlan_default_pvid 7 vlan_protocol 802.1ad vlan_stats_enabled 1 vlan_stats_per_port 1
    link add bridge1 type bridge vlan_filtering 1 mcast_snooping 1 mcast_vlan_snooping 1
    link add port0 type veth peer name end0
    link add port1 type veth peer name end1
    link set port0 master bridge0
    link set port1 master bridge1
    link set port0 type bridge_slave vlan_tunnel on
    link set port0 up
    link set bridge0 up`,
  },
  {
    name: "dummy",
    commands: `
    link add dummy0 type dummy
    link add dummy1 mtu 9000 address 02:00:5e:10:00:01 type dummy
    link set dummy1 up
    address add 192.0.2.1/24 dev dummy1`,
  },
  {
    name: "bond",
    commands: `
    link add bond0 type bond mode active-backup miimon 100 updelay 200 downdelay 300 peer_notify_delay 400 primary_reselect better fail_over_mac none num_grat_arp 3 resend_igmp 4 all_slaves_active 1
    link add port0 type veth peer name end0
    link add port1 type veth peer name end1
    link set end0 up
    link set end1 up
    link set port0 master bond0
    link set port1 master bond0
    link set bond0 type bond primary port0
    link set port1 type bond_slave prio 5
    link set bond0 up
    link add bond1 type bond mode 802.3ad miimon 100 lacp_rate fast lacp_active on ad_select bandwidth ad_user_port_key 5 ad_actor_sys_prio 6 ad_actor_system 02:00:00:00:00:07 xmit_hash_policy layer3+4 min_links 1
    link add port2 type veth peer name end2
    link set port2 master bond1
    link set port2 type bond_slave queue_id 3
    link set bond1 up
    link add bond2 type bond mode active-backup arp_interval 500 arp_ip_target 192.0.2.1,192.0.2.2 ns_ip6_target 2001:db8::1 arp_validate all arp_all_targets all arp_missed_max 4
    link add bond3 type bond mode balance-tlb tlb_dynamic_lb 0 lp_interval 3
    link add bond4 type bond mode balance-rr packets_per_slave 4
    link add bond5 type bond mode balance-xor xmit_hash_policy vlan+srcmac
    link add bond6 type bond mode broadcast
    link add bond7 type bond mode balance-alb`,
  },
  {
    name: "vrf",
    commands: `
    link add vrf0 type vrf table 10
    link add vrf1 type vrf table 4000000000
    link add port0 type veth peer name end0
    link set port0 master vrf0
    link set vrf0 up
    link set port0 up
    address add 192.0.2.1/24 dev port0`,
  },
  {
    name: "ipvlan",
    commands: `${LOWER}
    link add link lower name ipvlan0 type ipvlan mode l2 private
    link add link upper name ipvlan1 type ipvlan mode l3 vepa
    link add second type veth peer name other
    link add link second name ipvlan2 type ipvlan mode l3s bridge
    link set ipvlan0 up`,
  },
  {
    name: "ipvtap",
    commands: `${LOWER}
    link add link lower name ipvtap0 type ipvtap mode l2 bridge`,
  },
  {
    name: "wireguard",
    commands: `
    link add wg0 type wireguard
    address add 192.0.2.1/24 dev wg0
    link set wg0 up`,
  },
  {
    name: "gre",
    commands: `${over4("gre")}
    link add many type gre local 192.0.2.1 remote 239.1.1.1 ttl 4 key 9
    link add any type gre external${keys("gre", "192.0.2.1", "198.51.100.")}`,
  },
  {
    name: "gretap",
    commands: `${over4("gretap")}
    link add fou type gretap local 192.0.2.1 remote 192.0.2.9 nopmtudisc ignore-df${
      keys("gretap", "192.0.2.1", "198.51.100.")
    }`,
  },
  {
    name: "erspan",
    commands: `${LOWER}
    link add e0 type erspan local 192.0.2.1 remote 192.0.2.2 seq key 1 erspan_ver 1 erspan 123
    link add e1 type erspan local 192.0.2.1 remote 192.0.2.2 seq key 2 erspan_ver 2 erspan_dir egress erspan_hwid 7
    link add e2 type erspan local 192.0.2.1 remote 192.0.2.2 seq key 3 erspan_ver 0`,
  },
  {
    name: "ip6gre",
    commands: over6("ip6gre") + keys("ip6gre", "2001:db8::1", "2001:db8::9:"),
  },
  {
    name: "ip6gretap",
    commands: over6("ip6gretap") +
      keys("ip6gretap", "2001:db8::1", "2001:db8::9:"),
  },
  {
    name: "ip6erspan",
    commands: `${LOWER}
    link add e0 type ip6erspan local 2001:db8::1 remote 2001:db8::2 seq key 1 erspan_ver 1 erspan 123
    link add e1 type ip6erspan local 2001:db8::1 remote 2001:db8::2 seq key 2 erspan_ver 2 erspan_dir ingress erspan_hwid 7`,
  },
  {
    name: "ipip",
    commands: `${over4("ipip")}
    link add any type ipip local 192.0.2.1 remote 192.0.2.9 mode any
    link add mpls type ipip local 192.0.2.1 remote 192.0.2.8 mode mplsip
    link add meta type ipip external`,
  },
  {
    name: "sit",
    commands: `${over4("sit")}
    link add any type sit local 192.0.2.1 remote 192.0.2.9 mode any
    link add isatap type sit local 192.0.2.1 ttl 9 isatap
    address add 198.51.100.1/24 dev lower
    link add six type sit local 198.51.100.1 ttl 9`,
  },
  {
    name: "ip6tnl",
    commands: `${over6("ip6tnl")}
    link add m0 type ip6tnl local 2001:db8::1 remote 2001:db8::9 mode ipip6
    link add m1 type ip6tnl local 2001:db8::1 remote 2001:db8::8 mode any
    link add meta type ip6tnl external`,
  },
  {
    name: "vti",
    commands: `${LOWER}
    link add v0 type vti local 192.0.2.1 remote 192.0.2.2 key 5 dev lower
    link add v1 type vti local 192.0.2.1 remote 192.0.2.3 ikey 5 okey 6 fwmark 7`,
  },
  {
    name: "vti6",
    commands: `${LOWER}
    link add v0 type vti6 local 2001:db8::1 remote 2001:db8::2 key 5 dev lower
    link add v1 type vti6 local 2001:db8::1 remote 2001:db8::3 ikey 5 okey 6 fwmark 7`,
  },
  {
    name: "nlmon",
    commands: `
    link add nlmon0 type nlmon
    link set nlmon0 up`,
  },
  {
    name: "geneve",
    commands: `
    link add g0 type geneve id 1 remote 192.0.2.2 ttl 9 tos 0x10 df set dstport 6082 udpcsum
    link add g1 type geneve id 2 remote 2001:db8::2 ttl inherit tos inherit flowlabel 0x12345 df inherit udp6zerocsumtx udp6zerocsumrx dstport 6083
    link add g2 type geneve external dstport 6084
    link add g3 type geneve id 4 remote 192.0.2.3 noudpcsum`,
  },
  {
    name: "bareudp",
    commands: `
    link add b0 type bareudp dstport 6635 ethertype mpls_uc
    link add b1 type bareudp dstport 6636 ethertype ipv4 srcportmin 1234 multiproto`,
  },
  {
    name: "hsr",
    commands: `
    link add port0 type veth peer name end0
    link add port1 type veth peer name end1
    link add hsr0 type hsr slave1 port0 slave2 port1 supervision 45 version 1
    link add hsr1 type hsr slave1 end0 slave2 end1 proto 1`,
  },
  {
    name: "xfrm",
    commands: `${LOWER}
    link add x0 type xfrm dev lower if_id 42
    link add x1 type xfrm if_id 0x1000000
    link add x2 type xfrm external`,
  },
  { name: "ifb", commands: "link add ifb0 numtxqueues 2 type ifb" },
];

for (const { name, probe = `type ${name}`, commands } of KINDS) {
  await testWith([probe], `show link: ${name}`, async () => {
    await using lab = await Lab.open("here");
    await lab.here.batch(commands);
    await assertShows(lab.here, "address", "address", {});
    const links = await assertShows(lab.here, "link", "link", {});
    await assertSameText(lab.here);
    const made = commands.match(/^ *link add .* type \S+/gm) ?? [];
    const [kind] = name.split(" ");
    assertEquals(
      links.filter(({ linkinfo }) =>
        (linkinfo as { info_kind?: string } | undefined)?.info_kind === kind
      ).length,
      made.filter((line) => line.endsWith(` type ${kind}`)).length,
    );
  });
}
