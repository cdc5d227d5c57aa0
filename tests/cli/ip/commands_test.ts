// `netplumb ip` beside `ip`: the same lines are refused, the same comes of the
// others, and they print the same.

import { IpBeside } from "../../support/ip_beside.ts";

const LINKS = [
  "link add v0 type veth peer name v1",
  "link add name v2 type veth peer v3",
  "link add br0 type bridge vlan_filtering 1 stp_state 0",
  "link add v0 type bridge",
  "link set v0 up",
  "link set dev v1 up mtu 1400 txqueuelen 77 alias front",
  "link set v2 master br0",
  "link set v2 type bridge_slave cost 50 hairpin on",
  "link set v3 name uplink",
  "link set uplink address 02:00:5e:10:00:33 arp off multicast off",
  "link set nosuch up",
  "link property add dev v0 altname other-name altname second-name",
  "link property del dev v0 altname second-name",
  "link set other-name group 7 promisc on allmulticast on",
  "link set br0 up addrgenmode none",
  "link set v0 nomaster",
  "link del nosuch",
  "link add br1 type bridge",
  "link del dev br1",
  "link delete br1",
  "tunnel add t0 mode gre remote 192.0.2.1 local 192.0.2.2 ttl 9 key 5",
  "tunnel add t1 mode ipip remote 192.0.2.1 local 192.0.2.2",
  "tunnel change t0 ttl 10",
  "tunnel del t1",
  "link add v8 index 900 type veth peer name v9",
  "link set group 7 down",
];

Deno.test("ip link: changes and what shows them", async () => {
  await using beside = await IpBeside.open();
  await beside.change(LINKS);
  await beside.change([
    "tunnel add t2 mode ip6ip6 remote 2001:db8::1 local 2001:db8::2",
    "tunnel add t3 mode any remote 2001:db8::3 local 2001:db8::2 hoplimit 9",
    "tunnel add t2 mode ip6ip6 remote 2001:db8::1 local 2001:db8::2",
    "tunnel change t3 hoplimit 10",
    "tunnel del t2",
  ], "-6");
  const shows = [
    "link",
    "link show v0",
    "l sh dev other-name",
    "link list up",
    "link show type veth",
    "link show type bridge_slave",
    "link show master br0",
    "link show group 7",
  ];
  await beside.print(shows);
  await beside.print(shows, "-j");
  await beside.print(shows, "-o");
  await beside.print(shows, "-br");
  await beside.print(shows, "-br", "-j");
  await beside.print(shows, "-d", "-j");
});

const ADDRESSES = [
  "link add v0 type veth peer name v1",
  "link set v0 up",
  "link set v1 up",
  "addr add 192.0.2.1/24 brd + dev v0",
  "a a 192.0.2.2/24 dev v0 label v0:second",
  "address add 198.51.100.1 peer 198.51.100.2/32 dev v1 scope link metric 50",
  "address add 10.1.2.3/8 broadcast - dev v1",
  "addr add 192.0.2.1/24 dev v0",
  "addr replace 192.0.2.1/24 dev v0 valid_lft 3600 preferred_lft 1800",
  "addr change 203.0.113.1/24 dev v0",
  "addr add 2001:db8::1/64 dev v0 nodad",
  "addr add 2001:db8::2/64 dev v0 home mngtmpaddr noprefixroute",
  "addr add 2001:db8::3 dev v0 valid_lft 100 preferred_lft 0",
  "addr add 192.0.2.77/24 dev nosuch",
  "addr add 192.0.2.77/24",
  "addr del 192.0.2.99/24 dev v0",
  "addr add 192.0.2.78/24 dev v0",
  "addr del 192.0.2.78/24 dev v0",
  "addr add 239.1.1.1/32 dev v0 autojoin",
  "addr flush dev v1 scope link",
];

Deno.test("ip address: changes and what shows them", async () => {
  await using beside = await IpBeside.open();
  await beside.change(ADDRESSES);
  const shows = [
    "addr",
    "addr show dev v0",
    "a s v1",
    "addr show scope global",
    "addr show to 192.0.2.0/24",
    "addr show up",
    "addr show primary",
    "addr show permanent",
    "addr show -permanent",
    "addr show deprecated",
    "addr show type veth",
  ];
  for (const flags of [[], ["-4"], ["-6"], ["-o"], ["-br"]]) {
    await beside.print(shows, ...flags);
    // With -oneline, `ip` prints less of the links as JSON.
    if (flags[0] !== "-o") await beside.print(shows, "-j", ...flags);
  }
});

const ROUTES = [
  "link add v0 type veth peer name v1",
  "link set v0 up",
  "link set v1 up",
  "addr add 192.0.2.1/24 dev v0",
  "addr add 2001:db8::1/64 dev v0 nodad",
  "route add 10.1.0.0/16 via 192.0.2.2",
  "route add 10.1.0.0/16 via 192.0.2.2",
  "ro add 10.2/16 dev v0 src 192.0.2.1 metric 5",
  "route add default via 192.0.2.254 proto static",
  "route add unreachable 10.3.0.0/16 metric 99",
  "route add blackhole 10.4.0.0/16 table 77",
  "route add prohibit 10.5.0.0/16",
  "route add throw 10.6.0.0/16 table 77",
  "route add 10.7.0.0/16 nexthop via 192.0.2.2 weight 3 nexthop via 192.0.2.3 dev v0",
  "route add 10.8.0.0/16 via 192.0.2.2 mtu 1300 advmss 1200",
  "route add 10.9.0.0/16 via 192.0.2.9 dev v0 onlink",
  "route add 10.14.0.0/255.255.0.0 dev v0 rtt 301 rttvar lock 77 rto_min 20ms",
  "route add 10.14.0.0/16 dev v0 tos 20 rtt 2s",
  "route add 10.10.0.0/16 via 10.250.0.1",
  "route add 10.11.0.0/16 dev nosuch",
  "route append 10.1.0.0/16 via 192.0.2.3",
  "route prepend 10.1.0.0/16 via 192.0.2.4",
  "route change 10.2.0.0/16 dev v0 metric 5 mtu 1280",
  "route change 10.99.0.0/16 dev v0",
  "route replace 10.12.0.0/16 dev v0",
  "route replace 10.12.0.0/16 via 192.0.2.2",
  "route add 10.13.0.0/16 via inet6 2001:db8::2 dev v0",
  "route add 2001:db8:1::/48 via 2001:db8::2 metric 7 pref high",
  "route add 2001:db8:2::/48 dev v0 expires 600",
  "route append 2001:db8:1::/48 via 2001:db8::3 metric 7 pref high",
  "route add 2001:db8:3::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3",
  "route add unreachable 2001:db8:4::/48",
  "route add 10.20.0.0/16 encap mpls 100/200 via 192.0.2.2",
  "route add 10.20.1.0/24 encap ip id 42 dst 192.0.2.77 ttl 9 via 192.0.2.2 dev v0",
  "route add 10.20.5.0/24 nexthop encap ip id 7 dst 192.0.2.9 via 192.0.2.2 nexthop via 192.0.2.3",
  "route add 2001:db8:20::/48 encap seg6 mode encap segs 2001:db8::a,2001:db8::b dev v0",
  "route add 2001:db8:22::1 encap seg6local action End.DT6 table 100 dev v0",
  "route del 10.20.1.0/24 encap ip id 42 dst 192.0.2.77 ttl 9",
  "route del 10.3.0.0/16",
  "route del 10.3.0.0/16",
  "route delete 10.5.0.0/16",
  "route flush table 77",
  "nexthop add id 1 via 192.0.2.2 dev v0",
  "nexthop add id 2 via 192.0.2.3 dev v0",
  "nexthop add id 3 group 1,2/2 ",
  "nexthop add id 1 blackhole",
  "nexthop add id 4 blackhole",
  "nexthop replace id 1 via 192.0.2.5 dev v0 onlink",
  "nexthop add id 9 encap ip id 7 dst 192.0.2.9 via 192.0.2.2 dev v0",
  "nexthop add id 5 group 99",
  "nexthop add id 6 via 2001:db8::2 dev v0",
  "route add 10.20.0.0/16 nhid 3",
  "route add 2001:db8:20::/48 nhid 6",
  "route add 10.21.0.0/16 nhid 42",
  "nexthop del id 4",
  "nexthop del id 4",
];

Deno.test("ip route and ip nexthop: changes and what shows them", async () => {
  await using beside = await IpBeside.open();
  await beside.change(ROUTES);
  const shows = [
    "route",
    "r s table all",
    "route show 10.1.0.0/16",
    "route show root 10.0.0.0/12",
    "route show match 10.7.3.4",
    "route show exact 10.8.0.0/16",
    "route list dev v1",
    "route show proto static",
    "route show type unreachable",
    "route show via 192.0.2.2",
    "route show metric 5",
    "route show scope link",
    "route show src 192.0.2.1",
    "nexthop",
    "nexthop get id 3",
    "nexthop show id 1",
    // `ip` keeps the filter for the next lines of a batch.
    "nexthop list groups",
  ];
  for (const flags of [[], ["-4"], ["-o"], ["-d"]]) {
    await beside.print(shows, ...flags);
    await beside.print(shows, "-j", ...flags);
  }
  const shows6 = [
    "route",
    "route show table all",
    "route show 2001:db8:1::/48",
    "route show root 2001:db8::/32",
    "route show match 2001:db8:3::7",
    "route show via 2001:db8::2",
    "route show default",
  ];
  const lookups = [
    "route get 10.1.2.3",
    "route get 192.0.2.9 from 192.0.2.1 oif v0",
    "r g 10.2.0.1 mark 5 uid 7",
    "route get 127.0.0.1 ipproto udp sport 53 dport 7",
    "route get fibmatch 10.7.3.4",
    "route get to 192.0.2.255 tos 0x10",
    "route get 2001:db8:1::9",
    "route get fibmatch 2001:db8:3::1",
    "route get 203.0.113.9 from 198.51.100.7 iif v1",
    "route get 10.20.0.3 vrf v0",
  ];
  for (const flags of [[], ["-j"], ["-d", "-j"]]) {
    await beside.print(lookups, "-force", ...flags);
  }
  await beside.print(["route get 192.0.2.9 connected"]);
  await beside.print(shows6, "-6");
  await beside.print(shows6, "-6", "-j");
  await beside.print(shows6, "-6", "-d", "-j");
});

const RULES = [
  "rule add from 192.0.2.0/24 table 100 pref 50",
  "rule add from 192.0.2.0/24 table 100 pref 50",
  "rule add to 198.51.100.0/24 lookup main order 51",
  "rule add fwmark 0x10/0xf0 table 200 priority 52",
  "rule add fwmark 7 blackhole pref 53",
  "rule add iif lo oif nosuch tos 0x10 table 7 pref 54",
  "rule add not from 10.0.0.0/8 unreachable pref 55",
  "rule add uidrange 100-200 lookup 300 pref 56",
  "rule add ipproto tcp sport 53 dport 1000-2000 table 301 pref 57",
  "rule add goto 60 pref 58",
  "rule add nop pref 60",
  "rule add type prohibit from 10.9.0.0/16 pref 61",
  "rule add table main suppress_prefixlength 0 pref 62",
  "rule add lookup 302 sup_group default pref 63 protocol static",
  "rule add l3mdev pref 64",
  "rule add tun_id 5 table 303 pref 65",
  "rule del pref 53",
  "rule del pref 53",
  "rule del from 192.0.2.0/24",
  "rule add from all realms 4/5 table 305 pref 66",
];

Deno.test("ip rule: changes and what shows them", async () => {
  await using beside = await IpBeside.open();
  await beside.change(RULES);
  await beside.change([
    "rule add from 2001:db8::/32 table 100 pref 50",
    "rule add to 2001:db8:1::/48 iif lo prohibit pref 51",
    "rule add fwmark 1 lookup 200 pref 52",
    "rule del fwmark 1",
  ], "-6");
  const shows = [
    "rule",
    "ru ls",
    "rule show table 100",
    "rule list lookup main",
    "rule show pref 52",
    "rule show fwmark 0x10",
    "rule show fwmark 0x10/0xf0",
    "rule show fwmark 0x10/0xff",
    "rule show iif lo",
    "rule show oif nosuch",
    "rule show ipproto tcp",
    "rule show sport 53",
    "rule show dport 1000-2000",
    "rule show uidrange 100-200",
    "rule show from 10.0.0.0/7",
    "rule show to 198.51.0.0/16",
    "rule show tun_id 5",
    "rule show l3mdev",
    "rule show tos 0x10",
  ];
  for (const flags of [[], ["-d"], ["-6"]]) {
    const family = flags.includes("-6") ? ["rule", "rule show pref 50"] : shows;
    await beside.print(family, ...flags);
    await beside.print(family, "-j", ...flags);
  }
});

const NEIGHBOURS = [
  "link add v0 type veth peer name v1",
  "link set v0 up",
  "link set v1 up",
  "neigh add 192.0.2.2 lladdr 02:00:5e:10:00:02 dev v0",
  "neigh add 192.0.2.2 lladdr 02:00:5e:10:00:02 dev v0",
  "n replace 192.0.2.3 lladdr 02:00:5e:10:00:03 dev v0 nud noarp",
  "neighbor add 192.0.2.4 lladdr 02:00:5e:10:00:04 dev v1 nud perm protocol static",
  "neighbour add 2001:db8::2 lladdr 02:00:5e:10:00:05 dev v0 router",
  "neigh add proxy 192.0.2.9 dev v0",
  "neigh change 192.0.2.2 lladdr 02:00:5e:10:00:12 dev v0",
  "neigh add 192.0.2.5 dev nosuch lladdr 02:00:5e:10:00:05",
  "neigh add 192.0.2.6 lladdr 02:00:5e:10:00:06 dev v0 extern_learn",
  "neigh del 192.0.2.4 dev v1",
];

Deno.test("ip neighbour: changes and what shows them", async () => {
  await using beside = await IpBeside.open();
  // `ip` ends a batch at a neighbour that the kernel refuses.
  const [again, noDevice] = [4, 10];
  await beside.change(
    NEIGHBOURS.filter((_, at) => at !== again && at !== noDevice),
  );
  const shows = [
    "neigh",
    "neigh show dev v0",
    "neigh show nud all",
    "neigh show nud permanent",
    "neigh show nud noarp",
    "neigh show proxy",
    "neigh show to 192.0.2.2",
    "neigh show 2001:db8::/32",
    "neigh get 192.0.2.2 dev v0",
    "neigh get proxy 192.0.2.9 dev v0",
  ];
  for (const flags of [[], ["-4"], ["-6"], ["-br"]]) {
    const lines = flags[0] === "-6" ? ["neigh", "neigh show dev v0"] : shows;
    await beside.print(lines, ...flags);
    // With -brief, and of `get`, ip 6.1 prints no JSON.
    const json = lines.filter((line) => !line.startsWith("neigh get"));
    if (flags[0] !== "-br") await beside.print(json, "-j", ...flags);
  }
});
