// Links of kinds that the running kernel may lack: `ip` and netplumb get the
// same messages and must print the same.

import { assertEquals } from "@std/assert";
import * as ifla from "../../../ffi/uapi/linux_if_link.ts";
import * as amt from "../../../ffi/uapi/linux_amt.ts";
import * as kinds from "../../../ffi/uapi/linux_if_link_kinds.ts";
import * as tunnel from "../../../ffi/uapi/linux_if_tunnel.ts";
import { ifinfomsg, RTM_NEWLINK } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { AF_INET6 } from "../../../ffi/uapi/sys_socket.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { ipLink } from "../../../lib/iproute2/link.ts";
import { kernelName } from "../../../lib/rtnetlink/kinds/kind.ts";
import { KERNEL_KINDS } from "../../../lib/rtnetlink/kinds/mod.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import { type Bytes, message, reader } from "../../support/netlink.ts";
import { random } from "../../support/random.ts";
import { Replay } from "../../support/replay.ts";
import { assertSameJson } from "../../support/same_json.ts";

type Below = (limit: number) => number;

/** An RTM_NEWLINK message of these attributes. */
function newLink(index: number, attributes: AttributeWriter): Bytes {
  return message(
    RTM_NEWLINK,
    new AttributeWriter()
      .raw(
        ifinfomsg.build({ ifi_index: index, ifi_type: 1, ifi_flags: 0x1043 }),
      )
      .string(ifla.IFLA_IFNAME, `link${index}`)
      .raw(attributes.finish())
      .finish(),
  );
}

/** Fails unless netplumb prints what `ip -j -d -s link` prints for these messages. */
async function compare(messages: Bytes[]): Promise<void> {
  await using replay = await Replay.open();
  const theirs = await replay.json(messages, "-d -s link show");
  const links = messages.map((one) => decodeLink(reader(one))!);
  const names = new LinkNames(links);
  const ours = links.map((link) =>
    ipLink(link, { names, details: true, statistics: true })
  );
  assertEquals(ours.length, messages.length);
  ours.forEach((one, index) =>
    assertSameJson(
      JSON.parse(JSON.stringify(one)),
      theirs[index],
      `${links[index].kind ?? links[index].masterKind} ${index} ` +
        `${messages[index].toHex()} `,
    )
  );
}

/** Values whose length `ip` looks at, or that it takes on trust. */
const SPECIAL: Record<string, Record<number, (below: Below) => Bytes>> = {};

function bytes(below: Below, length: number): Bytes {
  return Uint8Array.from({ length }, () => below(256));
}

/** A small number in the machine's byte order, with space behind it. */
function small(below: Below): Bytes {
  const value = new Uint8Array(16);
  value[0] = below(4) === 0 ? below(256) : below(9);
  value[1] = below(8) === 0 ? below(256) : 0;
  return value;
}

const exactly = (length: number) => (below: Below) =>
  below(5) === 0 ? new Uint8Array(length) : bytes(below, length);

function list(
  type: number | undefined,
  count: number,
  one: (below: Below) => Bytes,
): (below: Below) => Bytes {
  return (below) => {
    const writer = new AttributeWriter();
    for (let i = 0; i < below(count + 1); i++) {
      writer.bytes(type ?? i, one(below));
    }
    return writer.finish();
  };
}

const ends = (remote: number, local: number, length: number) => ({
  [remote]: exactly(length),
  [local]: exactly(length),
});
for (const name of ["gre", "gretap", "erspan"]) {
  SPECIAL[name] = ends(tunnel.IFLA_GRE_REMOTE, tunnel.IFLA_GRE_LOCAL, 4);
}
for (const name of ["ip6gre", "ip6gretap", "ip6erspan"]) {
  SPECIAL[name] = ends(tunnel.IFLA_GRE_REMOTE, tunnel.IFLA_GRE_LOCAL, 16);
}
const iptun = [tunnel.IFLA_IPTUN_REMOTE, tunnel.IFLA_IPTUN_LOCAL] as const;
SPECIAL.sit = {
  ...ends(...iptun, 4),
  [tunnel.IFLA_IPTUN_6RD_RELAY_PREFIX]: exactly(4),
  [tunnel.IFLA_IPTUN_6RD_PREFIX]: exactly(16),
};
SPECIAL.ipip = SPECIAL.sit;
SPECIAL.ip6tnl = ends(...iptun, 16);
const vti = [tunnel.IFLA_VTI_REMOTE, tunnel.IFLA_VTI_LOCAL] as const;
SPECIAL.vti = ends(...vti, 4);
SPECIAL.vti6 = ends(...vti, 16);
// A mode that it does not know crashes `ip`.
SPECIAL.amt = {
  [amt.IFLA_AMT_MODE]: (below) => Uint8Array.of(below(2), 0, 0, 0),
  [amt.IFLA_AMT_LINK]: (below) => Uint8Array.of(1 + below(9), 0, 0, 0),
  [amt.IFLA_AMT_LOCAL_IP]: exactly(4),
  [amt.IFLA_AMT_REMOTE_IP]: exactly(4),
  [amt.IFLA_AMT_DISCOVERY_IP]: exactly(4),
};
SPECIAL.bond = {
  [kinds.IFLA_BOND_ARP_IP_TARGET]: list(undefined, 3, exactly(4)),
  [kinds.IFLA_BOND_NS_IP6_TARGET]: list(undefined, 3, exactly(16)),
  [kinds.IFLA_BOND_AD_INFO]: list(undefined, 6, small),
  [kinds.IFLA_BOND_AD_ACTOR_SYSTEM]: exactly(6),
};
SPECIAL.bond_port = { [kinds.IFLA_BOND_SLAVE_PERM_HWADDR]: exactly(6) };
SPECIAL.bridge = {
  [kinds.IFLA_BR_GROUP_ADDR]: exactly(6),
  [kinds.IFLA_BR_BRIDGE_ID]: exactly(8),
  [kinds.IFLA_BR_VLAN_PROTOCOL]: (below) =>
    Uint8Array.from(below(2) ? [0x81, 0] : [0x88, 0xa8]),
  [kinds.IFLA_BR_MULTI_BOOLOPT]: (below) =>
    Uint8Array.from([below(4), 0, 0, 0, below(4), 0, 0, 0]),
};
SPECIAL.bridge_port = {
  [kinds.IFLA_BRPORT_ROOT_ID]: exactly(8),
  [kinds.IFLA_BRPORT_BRIDGE_ID]: exactly(8),
};
SPECIAL.ipvlan = {
  [kinds.IFLA_IPVLAN_MODE]: (below) => Uint8Array.from([below(4), 0]),
  [kinds.IFLA_IPVLAN_FLAGS]: (below) => Uint8Array.from([below(4), 0]),
};
SPECIAL.ipvtap = SPECIAL.ipvlan;
SPECIAL.hsr = { [kinds.IFLA_HSR_SUPERVISION_ADDR]: exactly(6) };
SPECIAL.vlan = {
  [kinds.IFLA_VLAN_INGRESS_QOS]: list(1, 3, exactly(8)),
  [kinds.IFLA_VLAN_EGRESS_QOS]: list(1, 3, exactly(8)),
  [kinds.IFLA_VLAN_PROTOCOL]: SPECIAL.bridge[kinds.IFLA_BR_VLAN_PROTOCOL],
};
SPECIAL.macvlan = {
  [kinds.IFLA_MACVLAN_MACADDR_DATA]: list(
    kinds.IFLA_MACVLAN_MACADDR,
    3,
    exactly(6),
  ),
};
SPECIAL.macvtap = SPECIAL.macvlan;
SPECIAL.vxlan = {
  [kinds.IFLA_VXLAN_GROUP]: exactly(4),
  [kinds.IFLA_VXLAN_LOCAL]: exactly(4),
  [kinds.IFLA_VXLAN_GROUP6]: exactly(16),
  [kinds.IFLA_VXLAN_LOCAL6]: exactly(16),
  [kinds.IFLA_VXLAN_LABEL]: exactly(4),
};
SPECIAL.macsec = {
  [kinds.IFLA_MACSEC_SCI]: exactly(8),
  [kinds.IFLA_MACSEC_CIPHER_SUITE]: (below) =>
    Uint8Array.from([1 + below(5), 0, 0, 1, 0, [2, 0xc2][below(2)], 0x80, 0]),
};
SPECIAL.geneve = {
  [kinds.IFLA_GENEVE_REMOTE]: exactly(4),
  [kinds.IFLA_GENEVE_REMOTE6]: exactly(16),
  [kinds.IFLA_GENEVE_LABEL]: exactly(4),
};

/** The highest attribute of a kind that iproute2 6.1 knows. */
const HIGHEST = 50;
/** iproute2 6.1 prints the bridge's own id here, which later ones correct. */
const WRONG: Record<string, number> = { bridge: kinds.IFLA_BR_ROOT_ID };

/** What `ip` reads without looking whether it is there. */
const TAKEN_ON_TRUST = new Set([
  ...["gre", "gretap", "erspan", "ip6gre", "ip6gretap", "ip6erspan"].flatMap(
    (name) =>
      [
        tunnel.IFLA_GRE_ENCAP_FLAGS,
        tunnel.IFLA_GRE_ENCAP_SPORT,
        tunnel.IFLA_GRE_ENCAP_DPORT,
      ].map((type) => `${name} ${type}`),
  ),
  ...["ipip", "sit", "ip6tnl"].flatMap((name) =>
    [
      tunnel.IFLA_IPTUN_ENCAP_FLAGS,
      tunnel.IFLA_IPTUN_ENCAP_SPORT,
      tunnel.IFLA_IPTUN_ENCAP_DPORT,
      tunnel.IFLA_IPTUN_6RD_PREFIX,
      tunnel.IFLA_IPTUN_6RD_RELAY_PREFIX,
      tunnel.IFLA_IPTUN_6RD_RELAY_PREFIXLEN,
    ].map((type) => `${name} ${type}`)
  ),
]);

function options(name: string, below: Below): AttributeWriter {
  const writer = new AttributeWriter();
  for (let type = 1; type <= HIGHEST; type++) {
    if (type === WRONG[name]) continue;
    if (below(3) === 0 && !TAKEN_ON_TRUST.has(`${name} ${type}`)) continue;
    writer.bytes(type, (SPECIAL[name]?.[type] ?? small)(below));
  }
  return writer;
}

for (const kind of KERNEL_KINDS) {
  const { table, port } = kind;
  if (!table.isPrinted && port === undefined) continue;
  const name = kernelName(kind);
  Deno.test(`ip -d link: any attributes of a ${name}`, async () => {
    const below = random(name.length * 1000 + 7);
    await compare(Array.from({ length: 60 }, (_, index) =>
      newLink(
        index + 1,
        new AttributeWriter().nest(ifla.IFLA_LINKINFO, (info) => {
          info.string(ifla.IFLA_INFO_KIND, name);
          // Some kinds crash `ip` without any data at all.
          info.bytes(ifla.IFLA_INFO_DATA, options(name, below).finish());
        }),
      )));
  });

  if (port === undefined) continue;
  Deno.test(`ip -d link: any attributes of a port of a ${name}`, async () => {
    const below = random(name.length * 1000 + 11);
    await compare(Array.from({ length: 60 }, (_, index) =>
      newLink(
        index + 1,
        new AttributeWriter().nest(ifla.IFLA_LINKINFO, (info) => {
          info.string(ifla.IFLA_INFO_SLAVE_KIND, name);
          info.bytes(
            ifla.IFLA_INFO_SLAVE_DATA,
            options(`${name}_port`, below).finish(),
          );
        }),
      )));
  });
}

/** An attribute of a link that is no kind's. */
type Make = (writer: AttributeWriter, below: Below) => void;

const number = (type: number): Make => (writer, below) =>
  void writer.u32(type, below(3) === 0 ? below(2 ** 32) : below(9));
const byte = (type: number): Make => (writer, below) =>
  void writer.u8(type, below(9));
const text = (type: number): Make => (writer, below) =>
  void writer.string(type, ["", "a", "some text", 'a "b" \\ c'][below(4)]);
const binary = (type: number, length: number): Make => (writer, below) =>
  void writer.bytes(type, bytes(below, length));

/** The functions of a card, each with what `ip` takes on trust. */
const functions: Make = (writer, below) => {
  const count = below(4);
  const words = (...values: number[]) =>
    new Uint8Array(Uint32Array.from(values).buffer);
  // As the kernel has it: `ip` does not know them with NLA_F_NESTED.
  const plain = (type: number, write: () => void) =>
    writer.nest(type, write, true);
  const setting = () => [0, 1, 0xffffffff][below(3)];
  writer.u32(ifla.IFLA_NUM_VF, count);
  writer.nest(ifla.IFLA_VFINFO_LIST, () => {
    for (let vf = 0; vf < count; vf++) {
      plain(ifla.IFLA_VF_INFO, () => {
        const mac = new Uint8Array(36);
        mac[0] = vf;
        mac.set(bytes(below, 6), 4);
        writer.bytes(ifla.IFLA_VF_MAC, mac);
        writer.bytes(
          ifla.IFLA_VF_VLAN,
          words(vf, below(2) * below(4096), below(3)),
        );
        writer.bytes(ifla.IFLA_VF_TX_RATE, words(vf, below(2) * below(1000)));
        const maybe = (type: number, value: Uint8Array) => {
          if (below(3) > 0) writer.bytes(type, value);
        };
        maybe(ifla.IFLA_VF_BROADCAST, bytes(below, 32));
        maybe(ifla.IFLA_VF_SPOOFCHK, words(vf, setting()));
        maybe(ifla.IFLA_VF_LINK_STATE, words(vf, below(3)));
        maybe(ifla.IFLA_VF_RATE, words(vf, below(9), below(9)));
        maybe(ifla.IFLA_VF_RSS_QUERY_EN, words(vf, setting()));
        maybe(ifla.IFLA_VF_TRUST, words(vf, setting()));
        maybe(ifla.IFLA_VF_IB_NODE_GUID, bytes(below, 16));
        maybe(ifla.IFLA_VF_IB_PORT_GUID, bytes(below, 16));
        if (below(2)) {
          const vlan = new Uint8Array(16);
          vlan.set(words(vf, below(2) * 7, below(3)));
          vlan.set(below(2) ? [0x81, 0] : [0x88, 0xa8], 12);
          plain(
            ifla.IFLA_VF_VLAN_LIST,
            () => writer.bytes(ifla.IFLA_VF_VLAN_INFO, vlan),
          );
        }
        if (below(2)) {
          plain(ifla.IFLA_VF_STATS, () => {
            for (const type of [0, 1, 2, 3, 4, 5]) writer.u64(type, below(999));
            if (below(2)) writer.u64(ifla.IFLA_VF_STATS_RX_DROPPED, below(9));
            if (below(2)) writer.u64(ifla.IFLA_VF_STATS_TX_DROPPED, below(9));
          });
        }
      });
    }
  });
};

const LINK: readonly Make[] = [
  binary(ifla.IFLA_ADDRESS, 6),
  (writer, below) => {
    writer.bytes(ifla.IFLA_BROADCAST, bytes(below, 6));
    // iproute2 6.1 reports the reasons only of a link with a broadcast address.
    writer.nest(
      ifla.IFLA_PROTO_DOWN_REASON,
      () => writer.u32(ifla.IFLA_PROTO_DOWN_REASON_VALUE, below(256)),
    );
  },
  binary(ifla.IFLA_PERM_ADDRESS, 6),
  binary(ifla.IFLA_PHYS_PORT_ID, 8),
  binary(ifla.IFLA_PHYS_SWITCH_ID, 6),
  number(ifla.IFLA_MTU),
  number(ifla.IFLA_LINK),
  number(ifla.IFLA_LINK_NETNSID),
  number(ifla.IFLA_MASTER),
  text(ifla.IFLA_QDISC),
  text(ifla.IFLA_IFALIAS),
  text(ifla.IFLA_PHYS_PORT_NAME),
  text(ifla.IFLA_PARENT_DEV_NAME),
  text(ifla.IFLA_PARENT_DEV_BUS_NAME),
  byte(ifla.IFLA_OPERSTATE),
  byte(ifla.IFLA_LINKMODE),
  byte(ifla.IFLA_PROTO_DOWN),
  number(ifla.IFLA_GROUP),
  number(ifla.IFLA_PROMISCUITY),
  number(ifla.IFLA_ALLMULTI),
  number(ifla.IFLA_MIN_MTU),
  number(ifla.IFLA_MAX_MTU),
  number(ifla.IFLA_NUM_TX_QUEUES),
  number(ifla.IFLA_NUM_RX_QUEUES),
  number(ifla.IFLA_GSO_MAX_SIZE),
  number(ifla.IFLA_GSO_MAX_SEGS),
  number(ifla.IFLA_TSO_MAX_SIZE),
  number(ifla.IFLA_TSO_MAX_SEGS),
  number(ifla.IFLA_GRO_MAX_SIZE),
  number(ifla.IFLA_CARRIER_CHANGES),
  (writer, below) => writer.u32(ifla.IFLA_EVENT, below(9)),
  (writer, below) =>
    writer.nest(ifla.IFLA_PROP_LIST, () => {
      for (let i = 0; i < below(4); i++) {
        writer.string(ifla.IFLA_ALT_IFNAME, `another-name-${i}`);
      }
    }),
  (writer, below) =>
    writer.nest(
      ifla.IFLA_AF_SPEC,
      () =>
        // As the kernel has it: `ip` does not know it with NLA_F_NESTED.
        writer.nest(
          AF_INET6,
          () => writer.u8(ifla.IFLA_INET6_ADDR_GEN_MODE, below(6)),
          true,
        ),
    ),
  (writer, below) =>
    writer.bytes(
      below(3) ? ifla.IFLA_STATS64 : ifla.IFLA_STATS,
      new Uint8Array(
        Uint32Array.from(
          { length: 50 },
          (_, i) => below(4) && i % 2 === 0 ? below(999) : 0,
        ).buffer,
      ),
    ),
  functions,
];

Deno.test("ip -d -s link: any attributes of a link", async () => {
  const below = random(4711);
  await compare(Array.from({ length: 200 }, (_, index) => {
    const writer = new AttributeWriter();
    // Always present: without it, `ip` reads it from the driver.
    writer.u32(ifla.IFLA_TXQLEN, below(3) * 1000);
    for (const make of LINK) if (below(3) > 0) make(writer, below);
    return newLink(index + 1, writer);
  }));
});
