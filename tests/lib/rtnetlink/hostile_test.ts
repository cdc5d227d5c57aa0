// Messages that no kernel sends: cut off, with lengths and bytes changed. They
// are decoded to something or to nothing, without a throw, an endless walk or a
// look at what lies around them.

import { assert, assertEquals } from "@std/assert";
import { ifaddrmsg } from "../../../ffi/uapi/linux_if_addr.ts";
import { fib_rule_hdr } from "../../../ffi/uapi/linux_fib_rules.ts";
import { ndmsg } from "../../../ffi/uapi/linux_neighbour.ts";
import { nhmsg } from "../../../ffi/uapi/linux_nexthop.ts";
import * as rt from "../../../ffi/uapi/linux_rtnetlink.ts";
import { NETLINK_ROUTE } from "../../../ffi/uapi/linux_netlink.ts";
import { NetlinkConnection } from "../../../lib/netlink/connection.ts";
import { NetlinkBuffer } from "../../../lib/netlink/buffer.ts";
import { MessageReader } from "../../../lib/netlink/message.ts";
import { decodeAddress } from "../../../lib/rtnetlink/address.ts";
import { ipAddress } from "../../../lib/iproute2/address.ts";
import { ipLink } from "../../../lib/iproute2/link.ts";
import { ipNeighbour } from "../../../lib/iproute2/neighbour.ts";
import { ipNexthop } from "../../../lib/iproute2/nexthop.ts";
import { ipRoute } from "../../../lib/iproute2/route.ts";
import { ipRule } from "../../../lib/iproute2/rule.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import { decodeNamespaceId } from "../../../lib/rtnetlink/namespace_id.ts";
import { decodeNeighbour } from "../../../lib/rtnetlink/neighbour.ts";
import { decodeNexthop } from "../../../lib/rtnetlink/nexthop.ts";
import { decodeRoute } from "../../../lib/rtnetlink/route.ts";
import { decodeRule } from "../../../lib/rtnetlink/rule.ts";
import { Lab } from "../../support/netns.ts";
import { type Bytes, spoil } from "../../support/netlink.ts";
import { random } from "../../support/random.ts";
import "../../support/descriptors.ts";

const CASES = 4000;
const names = new LinkNames();
const all = { names, details: true, statistics: 2 as const };

interface Subject {
  /** RTM_GET*, and the struct of the request. */
  readonly type: number;
  readonly body: Uint8Array;
  /** Decodes a message; undefined if there is nothing to decode. */
  tell(message: MessageReader): unknown;
}

const tell = <T>(
  decode: (message: MessageReader) => T | undefined,
  json: (object: T) => unknown,
) =>
(message: MessageReader) => {
  const object = decode(message);
  return object && [object, json(object)];
};

const SUBJECTS: Record<string, Subject> = {
  link: {
    type: rt.RTM_GETLINK,
    body: rt.ifinfomsg.build({}),
    tell: tell(decodeLink, (link) => [
      ipLink(link, all),
      link.data,
      link.portData,
      link.statistics,
    ]),
  },
  address: {
    type: rt.RTM_GETADDR,
    body: ifaddrmsg.build({}),
    tell: tell(decodeAddress, ipAddress),
  },
  route: {
    type: rt.RTM_GETROUTE,
    body: rt.rtmsg.build({}),
    tell: tell(decodeRoute, (route) => ipRoute(route, all)),
  },
  neighbour: {
    type: rt.RTM_GETNEIGH,
    body: ndmsg.build({}),
    tell: tell(decodeNeighbour, (neighbour) => ipNeighbour(neighbour, all)),
  },
  rule: {
    type: rt.RTM_GETRULE,
    body: fib_rule_hdr.build({}),
    tell: tell(decodeRule, (rule) => ipRule(rule, all)),
  },
  nexthop: {
    type: rt.RTM_GETNEXTHOP,
    body: nhmsg.build({}),
    tell: tell(decodeNexthop, (nexthop) => ipNexthop(nexthop, all)),
  },
  "namespace id": {
    type: rt.RTM_GETNSID,
    body: new Uint8Array(4),
    tell: tell(decodeNamespaceId, (id) => id),
  },
};

/** A namespace with something of everything. */
async function seeds(): Promise<Record<string, Bytes[]>> {
  await using lab = await Lab.open("ns", "other");
  await lab.ns.batch(`
    link add bridge0 type bridge
    link add port0 type veth peer name far netns ${lab.other.name}
    link set port0 master bridge0
    link set port0 up
    link property add dev port0 altname another-name
    link add low0 type veth peer name low1
    link add link low0 name mv0 type macvlan
    link add vx0 type vxlan id 5 remote 192.0.2.2 dstport 4789
    tuntap add tun0 mode tun
    link set bridge0 up
    address add 192.0.2.1/24 brd + dev bridge0
    address add 198.51.100.1 peer 198.51.100.2 dev bridge0
    address add 2001:db8::1/64 dev bridge0 nodad valid_lft 100 preferred_lft 50
    route add 10.0.0.0/8 via 192.0.2.9 metric 5 mtu 1400 src 192.0.2.1
    route add 10.1.0.0/16 nexthop via 192.0.2.9 nexthop via inet6 fe80::2 dev bridge0
    route add 2001:db8:2::/48 via 2001:db8::2 expires 100
    neighbour add 192.0.2.5 lladdr 02:00:5e:10:00:05 dev bridge0
    neighbour add 2001:db8::5 lladdr 02:00:5e:10:00:05 dev bridge0 router
    rule add from 192.0.2.0/24 iif lo uidrange 1-2 sport 1-2 fwmark 1/2 table 100
    link set low0 up
    link set low1 up
    address add 203.0.113.1/24 dev low0
    nexthop add id 1 via 203.0.113.9 dev low0
    nexthop add id 2 group 1 type resilient buckets 4`);
  await using connection = NetlinkConnection.open({
    protocol: NETLINK_ROUTE,
    namespace: lab.ns.name,
  });
  const found: Record<string, Bytes[]> = {};
  for (const [name, { type, body }] of Object.entries(SUBJECTS)) {
    found[name] = [
      ...await connection.dump({ type, body }, (message) => message.copy()),
    ];
    assert(found[name].length > 0, name);
  }
  return found;
}

/** The result for a message between bytes of one value. */
function toldAmong(filler: number, bytes: Bytes, { tell }: Subject): unknown {
  const before = 64;
  const memory = new Uint8Array(before + bytes.length + 260 & ~3).fill(filler);
  memory.set(bytes, before);
  const message = new MessageReader(new NetlinkBuffer(memory.buffer));
  message.reset(before, before + bytes.length);
  if (!message.next()) return undefined;
  return tell(message);
}

const messages = await seeds();

for (const [name, subject] of Object.entries(SUBJECTS)) {
  Deno.test(`a spoiled ${name} is decoded to what is in it, or to nothing`, () => {
    const below = random(name.length);
    for (let i = 0; i < CASES; i++) {
      const bytes = spoil(
        messages[name][below(messages[name].length)],
        below,
      );
      const one = toldAmong(0xaa, bytes, subject);
      const other = toldAmong(0x55, bytes, subject);
      assertEquals(
        JSON.stringify(one, bigints),
        JSON.stringify(other, bigints),
        bytes.toHex(),
      );
    }
  });
}

function bigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
