import { assertEquals } from "@std/assert";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { type PacketJson, packetJson } from "../../../lib/packet/json.ts";
import { capture, tsharkFields } from "../../support/capture.ts";
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
