import { assertEquals } from "@std/assert";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { type PacketJson, packetJson } from "../../../lib/packet/json.ts";
import { capture, tsharkFields } from "../../support/capture.ts";
import {
  applicationSamples,
  frameSamples,
  protocolSamples,
  tcpOptionSamples,
  tunnelSamples,
  vxlanSamples,
} from "./protocol_samples.ts";
import {
  ethernetSamples,
  hex,
  icmpSamples,
  icmpv6Samples,
  ipSamples,
} from "./samples.ts";

const FIELDS = [
  "frame.len",
  "ip.version",
  "ip.src",
  "ip.dst",
  "ip.ttl",
  "ip.id",
  "ip.frag_offset",
  "ip.flags.mf",
  "ipv6.src",
  "ipv6.dst",
  "ipv6.hlim",
  "udp.srcport",
  "udp.dstport",
  "udp.length",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.seq_raw",
  "tcp.ack_raw",
  "tcp.window_size_value",
  "tcp.len",
  "icmp.type",
  "icmp.code",
  "icmpv6.type",
  "icmpv6.code",
  "arp.src.proto_ipv4",
  "arp.dst.proto_ipv4",
  "vlan.id",
  "ieee8021ad.id",
];

/** The same fields from our JSON, as tshark would print them. */
function expected(json: PacketJson): Record<string, string> {
  const fields: Record<string, unknown> = { "frame.len": json.bytes };
  const { tcp, icmp, arp, fragment } = json;
  if (json.version === 4) {
    fields["ip.version"] = 4;
    fields["ip.src"] = json.source;
    fields["ip.dst"] = json.destination;
    fields["ip.ttl"] = json.ttl;
    fields["ip.id"] = `0x${json.identification!.toString(16).padStart(4, "0")}`;
    // In units of 8 bytes, as it stands in the header.
    fields["ip.frag_offset"] = (fragment?.offset ?? 0) / 8;
    fields["ip.flags.mf"] = fragment?.more ? 1 : 0;
  } else if (json.version === 6) {
    fields["ip.version"] = 6;
    fields["ipv6.src"] = json.source;
    fields["ipv6.dst"] = json.destination;
    fields["ipv6.hlim"] = json.ttl;
  }
  if (tcp) {
    fields["tcp.srcport"] = json.sourcePort;
    fields["tcp.dstport"] = json.destinationPort;
    fields["tcp.seq_raw"] = tcp.sequence;
    fields["tcp.ack_raw"] = tcp.acknowledgement;
    fields["tcp.window_size_value"] = tcp.window;
    fields["tcp.len"] = json.length;
  } else if (json.sourcePort !== undefined) {
    fields["udp.srcport"] = json.sourcePort;
    fields["udp.dstport"] = json.destinationPort;
    fields["udp.length"] = json.length! + 8;
  }
  if (icmp) {
    const name = json.version === 4 ? "icmp" : "icmpv6";
    fields[`${name}.type`] = icmp.type;
    fields[`${name}.code`] = icmp.code;
  }
  if (arp) {
    fields["arp.src.proto_ipv4"] = arp.sender;
    fields["arp.dst.proto_ipv4"] = arp.target;
  }
  for (const { protocol, id } of json.ethernet?.vlans ?? []) {
    fields[protocol === 0x8100 ? "vlan.id" : "ieee8021ad.id"] = id;
  }
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, String(value)]),
  );
}

const kinds = [
  ["IP", ipSamples, "ip"],
  ["ICMP", icmpSamples, "ip"],
  ["ICMPv6", icmpv6Samples, "ip"],
  ["Ethernet", ethernetSamples, "ethernet"],
] as const;

for (const [name, packets, linkType] of kinds) {
  Deno.test(`${name} packets have the JSON that tshark reads`, async () => {
    const rows = await tsharkFields(capture(packets, linkType), FIELDS, [
      // The quoted packets of errors, and reassembly, are not of this packet.
      "-o",
      "ip.defragment:FALSE",
      "-o",
      "ipv6.defragment:FALSE",
      "-E",
      "occurrence=f",
    ]);
    assertEquals(rows.length, packets.length);
    packets.forEach((bytes, i) => {
      const json = packetJson(decodePacket(bytes, linkType));
      const ours = expected(json);
      const theirs = Object.fromEntries(
        FIELDS.map((field, j) => [field, rows[i][j]]).filter(([field, value]) =>
          value !== "" &&
          // The ports of a packet that an error quotes.
          (json.icmp === undefined || !/^(udp|tcp)\./.test(field))
        ),
      );
      assertEquals(theirs, ours);
    });
  });
}

/** The packet and those in its tunnels, outermost first. */
function layers(json: PacketJson): PacketJson[] {
  return json.inner ? [json, ...layers(json.inner)] : [json];
}

const hexOf = (value: number, digits: number) =>
  "0x" + value.toString(16).padStart(digits, "0");

/** Fields of further protocols, as tshark prints them, and their values. */
const FURTHER: Record<string, (json: PacketJson) => unknown[]> = {
  "ip.src": ({ version, source }) => version === 4 ? [source] : [],
  "ipv6.dst": ({ version, destination }) => version === 6 ? [destination] : [],
  "vlan.id": ({ ethernet }) =>
    (ethernet?.vlans ?? []).filter(({ protocol }) => protocol !== 0x88a8)
      .map(({ id }) => id),
  "gre.proto": ({ gre }) => gre ? [hexOf(gre.protocol, 4)] : [],
  "gre.key": ({ gre }) => gre?.key === undefined ? [] : [hexOf(gre.key, 8)],
  "gre.sequence_number": ({ gre }) => [gre?.sequence],
  "mpls.label": ({ mpls }) => mpls?.map(({ label }) => label) ?? [],
  "mpls.ttl": ({ mpls }) => mpls?.map(({ ttl }) => ttl) ?? [],
  "pppoe.code": ({ pppoe }) => pppoe ? [hexOf(pppoe.code, 2)] : [],
  "pppoe.session_id": ({ pppoe }) => pppoe ? [hexOf(pppoe.session, 4)] : [],
  "llc.dsap": ({ llc }) => llc ? [hexOf(llc.destinationSap, 2)] : [],
  "stp.version": ({ llc }) => [llc?.stp?.version],
  "stp.type": ({ llc }) => llc?.stp ? [hexOf(llc.stp.type, 2)] : [],
  "stp.root.cost": ({ llc }) => [llc?.stp?.rootCost],
  "stp.bridge.hw": ({ llc }) => [llc?.stp?.bridge?.slice(5)],
  "igmp.type": ({ igmp }) => igmp ? [hexOf(igmp.type, 2)] : [],
  "igmp.num_grp_recs": ({ igmp }) => [igmp?.records?.length],
  "igmp.maddr": ({ igmp }) => [
    igmp?.group,
    ...igmp?.records?.map(({ group }) => group) ?? [],
  ],
  "sctp.verification_tag": ({ sctp }) => sctp ? [hexOf(sctp.tag, 8)] : [],
  "sctp.chunk_type": ({ sctp }) => sctp?.chunks.map(({ type }) => type) ?? [],
  "sctp.srcport": ({ sctp, sourcePort }) => sctp ? [sourcePort] : [],
  "ospf.msg": ({ routing, protocol }) =>
    protocol === "ospf" ? [routing?.type] : [],
  "vrrp.virt_rtr_id": ({ routing }) => [routing?.virtualRouter],
  "vrrp.prio": ({ routing }) => [routing?.priority],
  "pim.type": ({ routing, protocol }) =>
    protocol === "pim" ? [routing?.type] : [],
  "dns.id": ({ dns }) => dns ? [hexOf(dns.id, 4)] : [],
  "dns.flags.rcode": ({ dns }) => dns?.response ? [dns.rcode] : [],
  "dns.qry.name": ({ dns }) =>
    dns?.questions.map(({ name }) =>
      name === "." ? "<Root>" : name.replace(/\.$/, "")
    ) ?? [],
  // The counts of an update have fields of their own.
  "dns.count.answers": ({ dns }) => dns?.opcode === 5 ? [] : [dns?.answerCount],
  "dns.a": ({ dns }) =>
    dns?.answers.filter(({ type }) => type === "A").map(({ data }) => data) ??
      [],
  "dns.aaaa": ({ dns }) =>
    dns?.answers.filter(({ type }) => type === "AAAA")
      .map(({ data }) => data) ?? [],
  "dhcp.id": ({ dhcp }) => dhcp ? [hexOf(dhcp.transaction, 8)] : [],
  "dhcp.option.requested_ip_address": ({ dhcp }) => [dhcp?.requested],
  "dhcp.option.dhcp_server_id": ({ dhcp }) => [dhcp?.serverIdentifier],
  "dhcp.option.ip_address_lease_time": ({ dhcp }) => [dhcp?.leaseTime],
  "dhcpv6.xid": ({ dhcpv6 }) =>
    dhcpv6?.transaction === undefined ? [] : [hexOf(dhcpv6.transaction, 6)],
  "geneve.vni": ({ overlay }) =>
    overlay?.name === "geneve" ? [hexOf(overlay.vni, 6)] : [],
  "vxlan.vni": ({ overlay }) => overlay?.name === "vxlan" ? [overlay.vni] : [],
  "ntp.flags.vn": ({ ntp }) => [ntp?.version],
};

/** ERSPAN, and IGMP over IPv6, which tcpdump does not decode either. */
const isDecoded = (bytes: Uint8Array) =>
  !/^45.{38}100088be/.test(bytes.toHex()) &&
  (bytes[0] !== 0x60 || bytes[6] !== 2);

for (
  const [name, packets, linkType] of [
    ["tunnel", tunnelSamples.filter(isDecoded), "ip"],
    [
      "IGMP, SCTP and routing protocol",
      protocolSamples.filter(isDecoded),
      "ip",
    ],
    ["DNS, DHCP and NTP", applicationSamples, "ip"],
    ["VXLAN", vxlanSamples, "ip"],
    ["VLAN, LLC, STP, MPLS and PPPoE", frameSamples, "ethernet"],
  ] as const
) {
  Deno.test(`the JSON of ${name} packets has the fields of tshark`, async () => {
    const fields = Object.keys(FURTHER);
    const rows = await tsharkFields(capture(packets, linkType), fields, [
      ...["-E", "occurrence=a", "-E", "aggregator=;"],
    ]);
    packets.forEach((bytes, i) => {
      const json = layers(packetJson(decodePacket(bytes, linkType)));
      const ours = fields.map((field) =>
        json.flatMap(FURTHER[field]).filter((value) => value !== undefined)
          .join(";")
      );
      const differing = fields.filter((_, j) => ours[j] !== rows[i][j]);
      assertEquals(
        differing.map((field) => [field, ours[fields.indexOf(field)]]),
        differing.map((field) => [field, rows[i][fields.indexOf(field)]]),
        `packet ${i}: ${bytes.toHex()}`,
      );
    });
  });
}

Deno.test("TCP options have the kind that tshark reads", async () => {
  const rows = await tsharkFields(
    capture(tcpOptionSamples, "ip"),
    ["tcp.option_kind"],
    ["-E", "aggregator=;"],
  );
  const ours = tcpOptionSamples.map((bytes) => [
    decodePacket(bytes).tcp!.options().options.map(({ kind }) => kind)
      .join(";"),
  ]);
  assertEquals(ours, rows);
});

Deno.test("the JSON of a packet, in full", () => {
  assertEquals(packetJson(decodePacket(icmpSamples[0])), {
    bytes: 84,
    version: 4,
    protocol: "icmp",
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ttl: 64,
    identification: 0,
    icmp: {
      type: 8,
      code: 0,
      name: "echo request",
      identifier: 1,
      sequence: 1,
    },
    length: 56,
  });
  assertEquals(packetJson(decodePacket(ipSamples[4])), {
    bytes: 60,
    version: 4,
    protocol: "tcp",
    source: "10.0.0.1",
    destination: "10.0.0.2",
    ttl: 64,
    identification: 0,
    sourcePort: 40000,
    destinationPort: 50000,
    tcp: {
      flags: "S",
      sequence: 4_000_000_000,
      acknowledgement: 3_000_000_000,
      window: 502,
      options: [
        "mss 1460",
        "sackOK",
        "TS val 3000000001 ecr 0",
        "nop",
        "wscale 7",
      ],
    },
    length: 0,
  });
  assertEquals(packetJson(decodePacket(ethernetSamples[5], "ethernet")), {
    bytes: 42,
    ethernet: {
      source: "02:50:56:00:00:01",
      destination: "ff:ff:ff:ff:ff:ff",
      type: "0x0806",
    },
    protocol: "arp",
    arp: {
      operation: 1,
      sender: "10.0.0.1",
      senderLink: "02:50:56:00:00:01",
      target: "10.0.0.2",
      targetLink: "00:00:00:00:00:00",
    },
  });
  assertEquals(packetJson(decodePacket(hex("70"))), {
    bytes: 1,
    malformed: "IP version 7, neither 4 nor 6",
  });
});
