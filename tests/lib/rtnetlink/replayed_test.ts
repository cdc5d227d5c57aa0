// Addresses, routes, neighbours, rules and nexthop objects with any attributes they
// may hold: `ip` and netplumb get the same messages and must report the same.

import * as addr from "../../../ffi/uapi/linux_if_addr.ts";
import * as fib from "../../../ffi/uapi/linux_fib_rules.ts";
import * as ifla from "../../../ffi/uapi/linux_if_link.ts";
import * as lwt from "../../../ffi/uapi/linux_lwtunnel.ts";
import * as neigh from "../../../ffi/uapi/linux_neighbour.ts";
import * as nexthop from "../../../ffi/uapi/linux_nexthop.ts";
import * as rt from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { decodeAddress } from "../../../lib/rtnetlink/address.ts";
import { ipAddress } from "../../../lib/iproute2/address.ts";
import { ipNeighbour } from "../../../lib/iproute2/neighbour.ts";
import { ipNexthop } from "../../../lib/iproute2/nexthop.ts";
import { ipRoute } from "../../../lib/iproute2/route.ts";
import { ipRule } from "../../../lib/iproute2/rule.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import { decodeNeighbour } from "../../../lib/rtnetlink/neighbour.ts";
import { decodeNexthop } from "../../../lib/rtnetlink/nexthop.ts";
import { decodeRoute } from "../../../lib/rtnetlink/route.ts";
import { decodeRule } from "../../../lib/rtnetlink/rule.ts";
import { type Bytes, message, reader } from "../../support/netlink.ts";
import { random } from "../../support/random.ts";
import { Replay } from "../../support/replay.ts";
import { assertSameJson, withoutLocks } from "../../support/same_json.ts";

type Below = (limit: number) => number;
type Json = Record<string, unknown>;
type Make = (writer: AttributeWriter, below: Below) => void;

const COUNT = 300;

function link(index: number, type: number): Bytes {
  return message(
    rt.RTM_NEWLINK,
    new AttributeWriter()
      .raw(rt.ifinfomsg.build({
        ifi_index: index,
        ifi_type: type,
        ifi_flags: 1,
      }))
      .string(ifla.IFLA_IFNAME, `link${index}`)
      .u32(ifla.IFLA_TXQLEN, 1)
      .finish(),
  );
}

/** An Ethernet device, and tunnels over IPv4 and IPv6. */
const LINKS = [link(1, 1), link(2, 768), link(3, 769)];
const names = new LinkNames(LINKS.map((one) => decodeLink(reader(one))!));

async function compare(
  messages: Bytes[],
  command: string,
  tell: (message: Bytes) => Json,
  pick: (theirs: Json[]) => Json[] = (theirs) => theirs,
): Promise<void> {
  await using replay = await Replay.open();
  const theirs = pick(await replay.json([...LINKS, ...messages], command));
  messages.forEach((one, index) =>
    assertSameJson(
      withoutLocks([JSON.parse(JSON.stringify(tell(one)))])[0],
      theirs[index],
      `${index} ${one.toHex()} `,
    )
  );
}

/** COUNT messages: a struct, then some of the attributes that may follow. */
function messages(
  seed: number,
  type: number,
  header: (below: Below) => Uint8Array,
  attributes: (head: Uint8Array) => readonly Make[],
): Bytes[] {
  const below = random(seed);
  return Array.from({ length: COUNT }, () => {
    const head = header(below);
    const writer = new AttributeWriter().raw(head);
    for (const make of attributes(head)) if (below(3) > 0) make(writer, below);
    return message(type, writer.finish());
  });
}

function bytes(below: Below, length: number): Uint8Array {
  return Uint8Array.from(
    { length },
    () => below(3) === 0 ? 0 : below(256),
  );
}

const number = (type: number): Make => (writer, below) =>
  void writer.u32(type, below(3) === 0 ? below(2 ** 32) : below(9));
const byte = (type: number): Make => (writer, below) =>
  void writer.u8(type, below(4) === 0 ? below(256) : below(6));
const index = (type: number): Make => (writer, below) =>
  void writer.u32(type, 1 + below(3));
const text = (type: number): Make => (writer, below) =>
  void writer.string(type, ["", "eth0", "a-name"][below(3)]);
const binary = (type: number, length: number): Make => (writer, below) =>
  void writer.bytes(type, bytes(below, length));
const words = (type: number, count: number): Make => (writer, below) =>
  void writer.bytes(
    type,
    new Uint8Array(
      Uint32Array.from(
        { length: count },
        () => below(2) * below(100_000),
      ).buffer,
    ),
  );
const flags = (below: Below) => below(2) === 0 ? 0 : 1 << below(31) >>> 0;
const family = (below: Below) => below(2) ? AF_INET : AF_INET6;
const size = (head: Uint8Array) => head[0] === AF_INET ? 4 : 16;

Deno.test("ip address: any attributes of an address", async () => {
  const all = messages(1, rt.RTM_NEWADDR, (below) =>
    addr.ifaddrmsg.build({
      ifa_family: family(below),
      ifa_prefixlen: below(33),
      ifa_flags: below(256),
      ifa_scope: [0, 200, 253, 254, 255, 77][below(6)],
      ifa_index: 1,
    }), (head) => [
    (writer, below) => {
      const value = bytes(below, size(head));
      writer.bytes(addr.IFA_ADDRESS, value);
      if (below(2)) {
        writer.bytes(
          addr.IFA_LOCAL,
          below(2) ? value : bytes(below, size(head)),
        );
      }
    },
    binary(addr.IFA_BROADCAST, size(head)),
    binary(addr.IFA_ANYCAST, size(head)),
    text(addr.IFA_LABEL),
    (writer, below) => writer.u32(addr.IFA_FLAGS, flags(below) | flags(below)),
    number(addr.IFA_RT_PRIORITY),
    (writer, below) =>
      writer.bytes(
        addr.IFA_CACHEINFO,
        new Uint8Array(
          Uint32Array.from([
            [0, 5, 0xffffffff, 0xfffffff0][below(4)],
            [0, 5, 0xffffffff][below(3)],
            0,
            0,
          ]).buffer,
        ),
      ),
  ]);
  await compare(
    all,
    "address show",
    (one) => ipAddress(decodeAddress(reader(one))!),
    ([{ addr_info }]) => addr_info as Json[],
  );
});

/** The nexthops of a multipath route. */
function ways(length: number): Make {
  return (writer, below) => {
    const ways = new AttributeWriter();
    for (let i = 0; i <= below(4); i++) {
      const inner = new AttributeWriter();
      if (below(2)) inner.bytes(rt.RTA_GATEWAY, bytes(below, length));
      if (below(4) === 0) inner.u32(rt.RTA_FLOW, below(2 ** 20));
      if (below(4) === 0) via(inner, below);
      if (below(4) === 0) encapsulation(inner, below);
      ways.raw(rt.rtnexthop.build({
        rtnh_len: rt.rtnexthop.size + inner.length,
        rtnh_flags: below(128),
        rtnh_hops: below(256),
        rtnh_ifindex: 1 + below(3),
      })).raw(inner.finish());
    }
    writer.bytes(rt.RTA_MULTIPATH, ways.finish());
  };
}

function via(writer: AttributeWriter, below: Below): void {
  const af = family(below);
  writer.bytes(
    rt.RTA_VIA,
    new Uint8Array([af, 0, ...bytes(below, af === AF_INET ? 4 : 16)]),
  );
}

function encapsulation(writer: AttributeWriter, below: Below): void {
  const type = [
    lwt.LWTUNNEL_ENCAP_MPLS,
    lwt.LWTUNNEL_ENCAP_IP,
    lwt.LWTUNNEL_ENCAP_IP6,
    77,
  ][below(4)];
  // As the kernel has it: `ip` does not know it with NLA_F_NESTED.
  const write = () => {
    if (type === lwt.LWTUNNEL_ENCAP_MPLS) {
      writer.bytes(
        lwt.MPLS_IPTUNNEL_DST,
        new Uint8Array([1, 2, 0x30, 4, 5, 6, 0x71, 8]),
      );
      if (below(2)) writer.u8(lwt.MPLS_IPTUNNEL_TTL, below(256));
      return;
    }
    const long = type === lwt.LWTUNNEL_ENCAP_IP6 ? 16 : 4;
    if (below(2)) writer.be64(lwt.LWTUNNEL_IP_ID, below(2 ** 32));
    if (below(2)) writer.bytes(lwt.LWTUNNEL_IP_DST, bytes(below, long));
    if (below(2)) writer.bytes(lwt.LWTUNNEL_IP_SRC, bytes(below, long));
    if (below(2)) writer.u8(lwt.LWTUNNEL_IP_TTL, below(256));
    if (below(2)) writer.u8(lwt.LWTUNNEL_IP_TOS, below(256));
    if (below(2)) writer.u16(lwt.LWTUNNEL_IP_FLAGS, below(65536));
  };
  writer.nest(rt.RTA_ENCAP, write, true);
  writer.u16(rt.RTA_ENCAP_TYPE, type);
}

function metrics(writer: AttributeWriter, below: Below): void {
  const write = () => {
    // Not its own: a lock on congctl without a value crashes `ip`.
    if (below(3) === 0) {
      writer.u32(rt.RTAX_LOCK, below(2 ** 18) & ~(1 << rt.RTAX_CC_ALGO));
    }
    for (let type = rt.RTAX_MTU; type <= 17; type++) {
      if (below(2)) continue;
      if (type === rt.RTAX_CC_ALGO) writer.string(type, "reno");
      else if (type === rt.RTAX_HOPLIMIT && below(2)) {
        writer.u32(type, 0xffffffff);
      } else writer.u32(type, below(10_000));
    }
  };
  writer.nest(rt.RTA_METRICS, write, true);
}

Deno.test("ip -d -s route: any attributes of a route", async () => {
  const all = messages(2, rt.RTM_NEWROUTE, (below) =>
    rt.rtmsg.build({
      rtm_family: family(below),
      rtm_dst_len: [0, 8, 24, 32, 128][below(5)],
      rtm_src_len: [0, 0, 0, 16, 32, 128][below(6)],
      rtm_tos: below(3) ? 0 : below(256),
      rtm_table: [0, 100, 252, 253, 254, 255][below(6)],
      rtm_protocol: below(4) ? below(20) : below(256),
      rtm_scope: [0, 200, 253, 254, 255, 77][below(6)],
      rtm_type: below(4) ? 1 : below(14),
      rtm_flags: flags(below) & ~rt.RTM_F_CLONED,
    }), (head) => {
    const length = size(head);
    const [, dst, src] = head;
    return [
      (writer, below) => {
        if (dst) writer.bytes(rt.RTA_DST, bytes(below, length));
        if (src) writer.bytes(rt.RTA_SRC, bytes(below, length));
      },
      index(rt.RTA_OIF),
      binary(rt.RTA_GATEWAY, length),
      number(rt.RTA_PRIORITY),
      binary(rt.RTA_PREFSRC, length),
      number(rt.RTA_TABLE),
      (writer, below) => {
        if (below(4) === 0) index(rt.RTA_IIF)(writer, below);
        if (below(4) === 0) number(rt.RTA_FLOW)(writer, below);
        if (below(4) === 0) number(rt.RTA_MARK)(writer, below);
        if (below(4) === 0) number(rt.RTA_UID)(writer, below);
        if (below(4) === 0) byte(rt.RTA_PREF)(writer, below);
        if (below(4) === 0) byte(rt.RTA_TTL_PROPAGATE)(writer, below);
        if (below(4) === 0) via(writer, below);
        if (below(4) === 0) encapsulation(writer, below);
        if (below(3) === 0) metrics(writer, below);
        if (below(3) === 0) ways(length)(writer, below);
        if (below(3) === 0) words(rt.RTA_CACHEINFO, 8)(writer, below);
      },
    ];
  });
  await compare(
    all,
    "-d -s route show table all",
    (one) =>
      ipRoute(decodeRoute(reader(one))!, {
        names,
        details: true,
        statistics: true,
      }),
  );
});

Deno.test("ip -s neighbour: any attributes of a neighbour", async () => {
  const all = messages(3, rt.RTM_NEWNEIGH, (below) =>
    neigh.ndmsg.build({
      ndm_family: family(below),
      ndm_ifindex: 1 + below(3),
      ndm_state: below(256) | neigh.NUD_STALE,
      ndm_flags: below(256),
    }), (head) => [
    binary(neigh.NDA_DST, size(head)),
    (writer, below) =>
      writer.bytes(neigh.NDA_LLADDR, bytes(below, [4, 6, 16, 20][below(4)])),
    words(neigh.NDA_CACHEINFO, 4),
    number(neigh.NDA_PROBES),
    byte(neigh.NDA_PROTOCOL),
    number(neigh.NDA_FLAGS_EXT),
  ]);
  await compare(
    all,
    "-s neighbour show nud all",
    (one) =>
      ipNeighbour(decodeNeighbour(reader(one))!, { names, statistics: true }),
  );
});

Deno.test("ip -d rule: any attributes of a rule", async () => {
  const range = (type: number, half: number): Make => (writer, below) => {
    const value = new Uint8Array(2 * half);
    value[0] = below(9);
    value[half] = below(9);
    writer.bytes(type, value);
  };
  const signed = (type: number): Make => (writer, below) =>
    void writer.i32(type, below(3) - 1);
  const all = messages(4, rt.RTM_NEWRULE, (below) =>
    fib.fib_rule_hdr.build({
      family: AF_INET,
      dst_len: [0, 8, 32][below(3)],
      src_len: [0, 8, 32][below(3)],
      tos: below(3) ? 0 : below(256),
      table: [0, 100, 252, 253, 254, 255][below(6)],
      action: below(3) ? 1 : below(12),
      flags: below(32),
    }), () => [
    binary(fib.FRA_SRC, 4),
    binary(fib.FRA_DST, 4),
    text(fib.FRA_IIFNAME),
    text(fib.FRA_OIFNAME),
    number(fib.FRA_GOTO),
    number(fib.FRA_PRIORITY),
    (writer, below) => {
      if (below(2)) number(fib.FRA_FWMARK)(writer, below);
      if (below(2)) {
        writer.u32(fib.FRA_FWMASK, [0xff, 0xffffffff][below(2)]);
      }
      if (below(3) === 0) number(fib.FRA_FLOW)(writer, below);
      if (below(3) === 0) writer.be64(fib.FRA_TUN_ID, below(2 ** 32));
      if (below(3) === 0) range(fib.FRA_UID_RANGE, 4)(writer, below);
      if (below(3) === 0) range(fib.FRA_SPORT_RANGE, 2)(writer, below);
      if (below(3) === 0) range(fib.FRA_DPORT_RANGE, 2)(writer, below);
      if (below(3) === 0) byte(fib.FRA_IP_PROTO)(writer, below);
      if (below(3) === 0) byte(fib.FRA_L3MDEV)(writer, below);
    },
    signed(fib.FRA_SUPPRESS_IFGROUP),
    signed(fib.FRA_SUPPRESS_PREFIXLEN),
    number(fib.FRA_TABLE),
    byte(fib.FRA_PROTOCOL),
  ]);
  await compare(
    all,
    "-d rule show",
    (one) => ipRule(decodeRule(reader(one))!, { details: true }),
  );
});

Deno.test("ip -d nexthop: any attributes of a nexthop object", async () => {
  const all = messages(5, rt.RTM_NEWNEXTHOP, (below) =>
    nexthop.nhmsg.build({
      nh_family: family(below),
      nh_scope: [0, 200, 253, 254, 255, 77][below(6)],
      nh_protocol: below(20),
      nh_flags: flags(below),
    }), (head) => [
    number(nexthop.NHA_ID),
    index(nexthop.NHA_OIF),
    binary(nexthop.NHA_GATEWAY, size(head)),
    (writer, below) => {
      if (below(3) === 0) writer.flag(nexthop.NHA_BLACKHOLE);
      if (below(3) === 0) writer.flag(nexthop.NHA_FDB);
      if (below(2)) return;
      const members = new Uint8Array(8 * (1 + below(3)));
      for (let at = 0; at < members.length; at += 8) {
        members[at] = 1 + below(9);
        members[at + 4] = below(2) * below(256);
      }
      writer.bytes(nexthop.NHA_GROUP, members);
      writer.u16(nexthop.NHA_GROUP_TYPE, below(3));
      if (below(2)) return;
      writer.nest(nexthop.NHA_RES_GROUP, () => {
        writer.u16(nexthop.NHA_RES_GROUP_BUCKETS, below(999));
        writer.u32(nexthop.NHA_RES_GROUP_IDLE_TIMER, 100 * below(999));
        writer.u32(nexthop.NHA_RES_GROUP_UNBALANCED_TIMER, below(9999));
        writer.u64(nexthop.NHA_RES_GROUP_UNBALANCED_TIME, below(9999));
      });
    },
  ]);
  await compare(
    all,
    "-d nexthop show",
    (one) => ipNexthop(decodeNexthop(reader(one))!, { names, details: true }),
  );
});
