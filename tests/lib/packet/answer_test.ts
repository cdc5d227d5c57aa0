import { assert, assertEquals } from "@std/assert";
import { formatIPv6, parseAddress } from "../../../lib/net/ip_address.ts";
import {
  answerArp,
  answerEcho,
  answerNeighbour,
  swapEthernet,
} from "../../../lib/packet/answer.ts";
import { buildIcmp } from "../../../lib/packet/build.ts";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import {
  ethernetSamples,
  hex,
  icmpSamples,
  icmpv6Samples,
  ipSamples,
  ipv4Packet,
  ipv6Packet,
} from "./samples.ts";

const link = hex("02005e000099");

function ping(source: string, destination: string, ttl = 3): Uint8Array {
  return buildIcmp({ source, destination, ttl }, {
    type: source.includes(":") ? 128 : 8,
    code: 0,
    identifier: 0x1234,
    sequence: 0xffff,
    payload: crypto.getRandomValues(new Uint8Array(57)),
  });
}

Deno.test("an echo request becomes the reply a host would build", () => {
  for (
    const [source, destination] of [
      ["10.0.0.1", "10.0.0.2"],
      ["2001:db8::1", "2001:db8::2"],
      ["fe80::1", "fe80::2"],
    ]
  ) {
    for (const ttl of [1, 64, 255]) {
      const bytes = ping(source, destination, ttl);
      const { payload } = decodePacket(bytes).ip!;
      assert(answerEcho(bytes));
      const reply = buildIcmp({ source: destination, destination: source }, {
        type: source.includes(":") ? 129 : 0,
        code: 0,
        identifier: 0x1234,
        sequence: 0xffff,
        payload: payload.slice(8),
      });
      assertEquals(bytes.toHex(), reply.toHex());
    }
  }
});

Deno.test("an echo request in an Ethernet frame", () => {
  const packet = ping("10.0.0.1", "10.0.0.2");
  const frame = hex("02005e000099" + "025056000001" + "0800" + packet.toHex());
  assert(answerEcho(frame, 14));
  swapEthernet(frame);
  answerEcho(packet);
  assertEquals(
    frame.toHex(),
    "025056000001" + "02005e000099" + "0800" + packet.toHex(),
  );
});

Deno.test("other packets get no reply and stay unchanged", () => {
  const request = ping("10.0.0.1", "10.0.0.2").subarray(20);
  const request6 = ping("2001:db8::1", "2001:db8::2").subarray(40);
  const others = [
    ...ipSamples,
    ...icmpSamples.slice(1),
    ...icmpv6Samples.slice(1),
    ping("10.0.0.1", "224.0.0.1"),
    ping("10.0.0.1", "255.255.255.255"),
    ping("224.0.0.1", "10.0.0.1"),
    ping("0.0.0.0", "10.0.0.1"),
    ping("fe80::1", "ff02::1"),
    ping("::", "fe80::1"),
    ipv4Packet(1, request, { moreFragments: true }),
    ipv4Packet(1, request, { fragmentOffset: 8 }),
    // ICMP on IPv6, and the other way round.
    ipv4Packet(58, request6),
    ipv6Packet(1, request),
    ipv6Packet(58, request6, 44, "3a00 0001 0000abcd"),
    ping("10.0.0.1", "10.0.0.2").subarray(0, 83),
    ping("2001:db8::1", "2001:db8::2").subarray(0, 50),
    hex(""),
    hex("45"),
  ];
  for (const bytes of others) {
    const copy = bytes.slice();
    assertEquals(answerEcho(copy), false, describePacket(decodePacket(bytes)));
    assertEquals(copy.toHex(), bytes.toHex());
  }
});

Deno.test("an ARP request becomes its reply", () => {
  const frame = ethernetSamples[5].slice();
  assert(answerArp(frame, link));
  assertEquals(
    frame.toHex(),
    "025056000001" + "02005e000099" + "0806" + "0001080006040002" +
      "02005e000099" + "0a000002" + "025056000001" + "0a000001",
  );
});

Deno.test("other ARP messages are not answered", () => {
  const arp = ethernetSamples[5].toHex();
  const others = [
    // A reply, a probe, an announcement, a cut one, and no ARP.
    ethernetSamples[7],
    hex(arp.replace("0a000001", "00000000")),
    hex(arp.replace("0a000002", "0a000001")),
    hex(arp.slice(0, -2)),
    ethernetSamples[0],
    hex("0102"),
  ];
  for (const frame of others) {
    const copy = frame.slice();
    assertEquals(answerArp(copy, link), false);
    assertEquals(copy.toHex(), frame.toHex());
  }
});

const solicitation = (source: string, ttl = 255) =>
  hex(
    "3333ff000002" + "025056000001" + "86dd" +
      buildIcmp({ source, destination: "ff02::1:ff00:2", ttl }, {
        type: 135,
        code: 0,
        identifier: 0,
        sequence: 0,
        payload: hex("fe800000000000000000000000000002 0101025056000001"),
      }).toHex(),
  );

Deno.test("a neighbour solicitation is answered with an advertisement", () => {
  const answer = answerNeighbour(solicitation("fe80::1"), link)!;
  const { ethernet, ip, icmpv6, malformed } = decodePacket(answer, "ethernet");
  assertEquals(malformed, undefined);
  assertEquals(ethernet!.destination, "02:50:56:00:00:01");
  assertEquals(ethernet!.source, "02:00:5e:00:00:99");
  assert(ip!.version === 6 && icmpv6!.verifyChecksum(ip!));
  assertEquals(ip!.ttl, 255);
  assertEquals(
    [ip!.source, ip!.destination, icmpv6!.target],
    ["fe80::2", "fe80::1", "fe80::2"],
  );
  assertEquals(icmpv6!.name, "neighbor advertisement");
  // Solicited and override.
  assertEquals(icmpv6!.mtu, 0x60000000);
  const [option] = icmpv6!.options().options;
  assert(option.name === "destination link-address");
  assertEquals(option.address, "02:00:5e:00:00:99");
  assertEquals(answer.length, 86);
});

Deno.test("duplicate address detection and routed solicitations get no reply", () => {
  assertEquals(answerNeighbour(solicitation("::"), link), undefined);
  assertEquals(answerNeighbour(solicitation("fe80::1", 254), link), undefined);
  const whole = solicitation("fe80::1");
  for (let length = 0; length < whole.length; length++) {
    assertEquals(answerNeighbour(whole.subarray(0, length), link), undefined);
  }
  for (const frame of ethernetSamples) {
    assertEquals(answerNeighbour(frame, link), undefined);
  }
  assertEquals(formatIPv6(whole, 22), "fe80::1");
});

Deno.test("an echo request with a wrong checksum gets no reply (RFC 1122)", () => {
  const requests = [
    ping("10.0.0.1", "10.0.0.2"),
    ping("2001:db8::1", "2001:db8::2"),
  ];
  for (const request of requests) {
    // Every byte but the first, which decides what is decoded.
    for (let at = 1; at < request.length; at++) {
      const damaged = request.slice();
      damaged[at] ^= 0x10;
      const before = damaged.toHex();
      const isHopLimit = request[0] === 0x60 && at === 7;
      const isLabel = request[0] === 0x60 && at < 4;
      // No checksum covers these fields of IPv6.
      assertEquals(answerEcho(damaged), isHopLimit || isLabel, `byte ${at}`);
      if (!isHopLimit && !isLabel) assertEquals(damaged.toHex(), before);
    }
  }
});

/** A solicitation for a target, with options, its checksum right. */
function solicit(
  target: string,
  options = "0101025056000001",
  { code = 0, destination = "ff02::1:ff00:2" } = {},
): Uint8Array {
  return hex(
    "3333ff000002" + "025056000001" + "86dd" +
      buildIcmp({ source: "fe80::1", destination, ttl: 255 }, {
        type: 135,
        code,
        identifier: 0,
        sequence: 0,
        payload: new Uint8Array([
          ...parseAddress(target).address,
          ...hex(options),
        ]),
      }).toHex(),
  );
}

Deno.test("solicitations that RFC 4861 section 7.1.1 discards get no reply", () => {
  assert(answerNeighbour(solicit("fe80::2"), link));
  assert(answerNeighbour(solicit("fe80::2", ""), link));
  const damaged = solicit("fe80::2");
  damaged[damaged.length - 1] ^= 1;
  const invalid: Record<string, Uint8Array> = {
    "wrong checksum": damaged,
    "code 1": solicit("fe80::2", "", { code: 1 }),
    "option of length 0": solicit("fe80::2", "0100025056000001"),
    "option beyond the end": solicit("fe80::2", "0102025056000001"),
    "unspecified target": solicit("::"),
    "multicast target": solicit("ff02::1"),
  };
  for (const [name, frame] of Object.entries(invalid)) {
    assertEquals(answerNeighbour(frame, link), undefined, name);
  }
});
