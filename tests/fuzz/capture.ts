// Fills the corpus of the route family with what this kernel sends of a lab that
// holds a bit of everything: `deno task fuzz:capture`, as root.

import {
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETNEIGH,
  RTM_GETNEXTHOP,
  RTM_GETROUTE,
  RTM_GETRULE,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { NetlinkConnection } from "../../lib/netlink/connection.ts";
import { Lab } from "../support/netns.ts";
import { keep } from "./corpus.ts";

await using lab = await Lab.open("here", "there");
await lab.veth("here", "eth0", "there", "eth0");
await lab.here.batch(`
  link add br0 type bridge stp_state 1
  link add veth1 type veth peer name veth2
  link set veth1 master br0 alias uplink
  link property add dev veth1 altname a-rather-long-alternative-name
  link add mv0 link eth0 type macvlan mode bridge
  link add mt0 link eth0 type macvtap
  link add vx0 type vxlan id 7 dstport 4789 local 192.0.2.1 remote 192.0.2.2 dev eth0
  link add ifb9 type ifb
  link set br0 up
  link set veth1 up
  address add 192.0.2.1/24 dev eth0
  address add 192.0.2.3/24 dev eth0 label eth0:1
  address add 198.51.100.1 peer 198.51.100.2/32 dev br0
  address add 2001:db8::1/64 dev eth0 valid_lft 1000 preferred_lft 0
  nexthop add id 1 via 192.0.2.2 dev eth0
  nexthop add id 2 via 192.0.2.9 dev eth0
  nexthop add id 3 group 1,2/2,5
  route add 203.0.113.0/24 nhid 3
  route add 203.0.113.0/25 via 192.0.2.2 mtu 1400 advmss 1200 congctl cubic metric 5
  route add blackhole 203.0.113.128/26 table 77
  route add 198.18.0.0/15 nexthop via 192.0.2.2 weight 3 nexthop via 192.0.2.9
  route add 2001:db8:1::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3
  route add 198.51.100.64/26 via inet6 2001:db8::2 dev eth0
  route add unreachable 2001:db8:2::/48
  neighbour add 192.0.2.2 lladdr 02:00:00:00:00:01 dev eth0
  neighbour add proxy 192.0.2.77 dev eth0
  rule add fwmark 0x10/0xff iif eth0 table 77 priority 100
  rule add uidrange 10-20 ipproto udp dport 53-60 suppress_prefixlength 8 priority 101
`);

const OBJECTS: Record<string, readonly [type: number, header: number]> = {
  link: [RTM_GETLINK, 16],
  address: [RTM_GETADDR, 8],
  route: [RTM_GETROUTE, 12],
  neighbour: [RTM_GETNEIGH, 12],
  rule: [RTM_GETRULE, 12],
  nexthop: [RTM_GETNEXTHOP, 8],
};

await using connection = NetlinkConnection.open({
  protocol: 0,
  namespace: lab.here.name,
});
for (const [object, [type, header]] of Object.entries(OBJECTS)) {
  const messages = await connection.dump(
    { type, body: new Uint8Array(header) },
    (message) => message.copy(),
  );
  let kept = 0;
  for (const message of messages) {
    // Local and multicast routes are all alike.
    if (object === "route" && message.length < 52 && kept > 4) continue;
    keep("route", `${object}-${String(kept++).padStart(2, "0")}`, message);
  }
  console.log(`${object}: ${kept}`);
}
