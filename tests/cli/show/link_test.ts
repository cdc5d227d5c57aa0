// `show link` and `show address` beside `ip -j [-d] [-s]`, for the kinds of
// link that every kernel has.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { showLinks } from "../../../cli/show/link.ts";
import { linkText } from "../../../cli/show/text/link.ts";
import { style } from "../../../cli/output/style.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { netplumb } from "../../support/command.ts";
import { Lab } from "../../support/netns.ts";
import "../../support/descriptors.ts";
import { assertSameText, assertShows } from "./compare.ts";

/** One namespace, made by `ip` commands, shown both ways. */
async function compare(commands: string): Promise<Record<string, unknown>[]> {
  await using lab = await Lab.open("here", "there");
  await lab.here.batch(commands.replaceAll("THERE", lab.there.name));
  await assertShows(lab.here, "address", "address", {});
  const shown = await assertShows(lab.here, "link", "link", {});
  await assertSameText(lab.here);
  return shown;
}

function kinds(links: Record<string, unknown>[]): (string | undefined)[] {
  return links.map(({ linkinfo }) =>
    (linkinfo as { info_kind?: string } | undefined)?.info_kind
  );
}

Deno.test("show link: a veth pair across namespaces, another in one", async () => {
  const links = await compare(`
    link add near type veth peer name far netns THERE
    link set near up
    link add left type veth peer name right
    link set left up
    link add down1 type veth peer name down2`);
  assertEquals(kinds(links).filter((kind) => kind === "veth").length, 5);
});

Deno.test("show link: the other end of a veth pair, and its lower link down", async () => {
  await using lab = await Lab.open("here", "there");
  await lab.here.batch(`
    link add near type veth peer name far netns ${lab.there.name}
    link add left type veth peer name right
    link set left up`);
  await assertShows(lab.there, "link", "link", {});
  await assertShows(lab.here, "link", "link show dev left", { dev: "left" });
  await assertShows(lab.here, "link", "link show dev near", { dev: "near" });
});

Deno.test("show link: names, aliases, groups, queues, flags, modes", async () => {
  await compare(`
    link add plain type ifb
    link property add dev plain altname a-second-name altname a-name-that-is-longer-than-fifteen-bytes
    link set plain alias a-text-for-people
    link set plain group 42
    link set plain mtu 1400 txqueuelen 7
    link set plain promisc on allmulticast on arp off multicast off
    link set plain mode dormant
    link set plain up
    link add moved address 02:00:5e:10:00:01 type veth peer name still
    link set moved address 02:00:5e:10:00:02
    link add odd-ü.name type ifb`);
});

Deno.test("show link: a bridge with ports", async () => {
  const links = await compare(`
    link add bridge0 type bridge
    link add bridge1 address 02:00:5e:10:00:01 type bridge stp_state 1 forward_delay 200 hello_time 300 max_age 700 ageing_time 1000 priority 4096 group_fwd_mask 8 mcast_snooping 0 mcast_querier 1 mcast_stats_enabled 1 mcast_igmp_version 3
    link set bridge0 up
    link set bridge1 up
    link add port0 type veth peer name end0
    link add port1 type veth peer name end1
    link add port2 type veth peer name end2
    link set port0 master bridge0
    link set port1 master bridge1
    link set port2 master bridge1
    link set port1 type bridge_slave priority 5 cost 77 hairpin on guard on root_block on fastleave on learning off flood off mcast_flood off bcast_flood off isolated on neigh_suppress on proxy_arp on proxy_arp_wifi on vlan_tunnel on mcast_to_unicast on
    link set port2 type bridge_slave group_fwd_mask 16397 backup_port port1 locked on mcast_router 2
    link set port0 up
    link set end0 up
    link set port2 up
    link set port0 type bridge_slave state 1`);
  assertEquals(kinds(links).filter((kind) => kind === "bridge").length, 2);
});

Deno.test("show link: macvlan in every mode, macvtap", async () => {
  const links = await compare(`
    link add lower type veth peer name peer
    link set lower up
    link set peer up
    link add link lower name mv0 type macvlan mode bridge
    link add link lower name mv1 type macvlan mode private
    link add link lower name mv2 type macvlan mode vepa bcqueuelen 500
    link add link lower name mv3 type macvlan mode source
    link set mv3 type macvlan macaddr add 02:00:5e:10:00:01
    link set mv3 type macvlan macaddr add 02:00:5e:10:00:02
    link set mv0 up
    link add other type veth peer name otherpeer
    link add link other name mv4 type macvlan mode passthru nopromisc
    link add third type veth peer name thirdpeer
    link add link third name tap0 type macvtap mode bridge`);
  assertEquals(kinds(links).filter((kind) => kind === "macvlan").length, 5);
  assertEquals(kinds(links).filter((kind) => kind === "macvtap").length, 1);
});

Deno.test("show link: vxlan to one, to a group, over IPv6, without an id", async () => {
  const links = await compare(`
    link add lower type veth peer name peer
    address add 192.0.2.1/24 dev lower
    address add 2001:db8::1/64 dev lower nodad
    link set lower up
    link set peer up
    link add vx0 type vxlan id 100 remote 192.0.2.2 local 192.0.2.1 dstport 4789 dev lower
    link add vx1 type vxlan id 101 group 239.1.1.1 dev lower dstport 4790 ttl 5 tos 0x10 ageing 60 maxaddress 10 nolearning proxy rsc l2miss l3miss
    link add vx2 type vxlan id 102 remote 2001:db8::2 local 2001:db8::1 dstport 4791 flowlabel 0x12345 udp6zerocsumtx udp6zerocsumrx df set
    link add vx3 type vxlan id 103 group ff05::100 dev lower dstport 4792 ttl inherit
    link add vx4 type vxlan external dstport 4793
    link add vx5 type vxlan id 105 remote 192.0.2.9 dstport 4794 srcport 1000 2000 gbp noudpcsum tos inherit df inherit ageing 0
    link add vx6 type vxlan external gpe dstport 4795
    link add vx8 type vxlan id 108 remote 192.0.2.9 dstport 4798 remcsumtx remcsumrx
    link add vx7 type vxlan external vnifilter dstport 4796
    link set vx0 up
    link set vx1 up`);
  assertEquals(kinds(links).filter((kind) => kind === "vxlan").length, 9);
});

Deno.test("show link: tun and tap, without owner, of a user and a group, with queues", async () => {
  await using lab = await Lab.open("here");
  await lab.here.batch(`
    tuntap add tun0 mode tun
    tuntap add tun1 mode tun user nobody group tty pi
    tuntap add tap0 mode tap user 4242 group 4243 vnet_hdr
    tuntap add tap1 mode tap multi_queue
    link set tap0 up
    address add 192.0.2.1/24 dev tun0
    link set tun0 up`);
  await assertShows(lab.here, "link", "link", {});
  await assertShows(lab.here, "address", "address", {});
});

Deno.test("show link: filters", async () => {
  await using lab = await Lab.open("here");
  await lab.here.batch(`
    link add bridge0 type bridge
    link add port0 type veth peer name end0
    link set port0 master bridge0
    link set end0 group 7
    link property add dev end0 altname an-altogether-different-name`);
  const { here } = lab;
  await assertShows(here, "link", "link show type veth", { kind: "veth" });
  await assertShows(here, "link", "link show master bridge0", {
    master: "bridge0",
  });
  await assertShows(here, "link", "link show type bridge_slave", {
    kind: "bridge_slave",
  });
  await assertShows(
    here,
    "link",
    "link show dev an-altogether-different-name",
    { dev: "an-altogether-different-name" },
  );
  await assertShows(here, "address", "address show dev lo", { dev: "lo" });
});

Deno.test("show link: counters as text, as ip -s and ip -s -s", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.batch(`
    link add v0 type veth peer name v1
    link set lo up`);
  await here.run("ping", ["-c", "1", "127.0.0.1"]);
  await using route = RouteSocket.open({ namespace: here.name });
  const words = (text: string) =>
    text.split("\n").slice(2).map((line) => line.trim().split(/\s+/));
  const [json] = (await showLinks(route, { dev: "lo", statistics: 2 })).objects;
  for (const isDetailed of [false, true]) {
    const flags = isDetailed ? ["-s", "-s"] : ["-s"];
    assertEquals(
      words(linkText(json!, style(false), isDetailed)),
      words((await here.run("ip", [...flags, "link", "show", "lo"])).trimEnd()),
    );
  }
});

Deno.test("show link: text names the namespace of the other end, as `ip` does", async () => {
  await using lab = await Lab.open("here", "there");
  const { here, there } = lab;
  await here.ip(`link add near type veth peer name far netns ${there.name}`);
  const shown = await here.ip("link show near");
  assertStringIncludes(shown, `link-netns ${there.name}`);
  for (
    const words of [
      ["show", "link", "--dev", "near"],
      ["ip", "link", "show", "near"],
    ]
  ) {
    const { stdout } = await netplumb(here, ...words);
    assertEquals(
      stdout.split("\n").map((line) => line.trim()),
      shown.split("\n").map((line) => line.trim()),
    );
  }
  const { stdout } = await netplumb(here, "ip", "address", "show", "near");
  assertStringIncludes(stdout, `link-netns ${there.name}`);
});
