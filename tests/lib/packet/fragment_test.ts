// Fragmentation and reassembly, with the kernel and tshark as oracles.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ArgumentError } from "../../../lib/errors.ts";
import { buildUdp } from "../../../lib/packet/build.ts";
import { decodePacket } from "../../../lib/packet/decode.ts";
import {
  fragmentPacket,
  FragmentReassembler,
} from "../../../lib/packet/fragment.ts";
import { capture, tsharkFields } from "../../support/capture.ts";
import { hex, ipSamples, ipv4Packet, ipv6Packet } from "./samples.ts";

function udp(version: 4 | 6, length: number, identification = 7): Uint8Array {
  const envelope = version === 4
    ? { source: "10.0.0.1", destination: "10.0.0.2", identification }
    : { source: "2001:db8::1", destination: "2001:db8::2" };
  return buildUdp(envelope, {
    sourcePort: 40000,
    destinationPort: 50000,
    payload: Uint8Array.from({ length }, (_, i) => i * 7),
  });
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  return items.map((item, i) => ({ item, rank: (i + 1) * seed % 65537 }))
    .sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}

Deno.test("fragments in any order become the packet they were", () => {
  fc.assert(fc.property(
    fc.constantFrom(4 as const, 6 as const),
    fc.integer({ min: 0, max: 65_000 }),
    fc.integer({ min: 68, max: 9000 }),
    fc.integer({ min: 1, max: 65_536 }),
    (version, length, mtu, seed) => {
      const packet = udp(version, length);
      const fragments = fragmentPacket(packet, mtu);
      const reassembler = new FragmentReassembler();
      const results = shuffled(fragments, seed).map((fragment) => {
        assert(fragment.length <= mtu);
        return reassembler.add(fragment);
      });
      const last = results.pop();
      assertEquals(last?.toHex(), packet.toHex());
      assert(results.every((result) => result === undefined));
      assertEquals([reassembler.pending, reassembler.dropped], [0, 0]);
    },
  ));
});

Deno.test("tshark reassembles the fragments and finds the checksum right", async () => {
  const packets = [4 as const, 6 as const].flatMap((version) =>
    fragmentPacket(udp(version, 4000), 1280, 9)
  );
  assertEquals(packets.length, 8);
  const rows = await tsharkFields(capture(packets, "ip"), [
    "udp.length",
    "udp.checksum.status",
    "ip.flags.mf",
    "ipv6.fraghdr.more",
  ], ["-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
  assertEquals(rows.map(([length, status]) => `${length} ${status}`), [
    ...[" ", " ", " ", "4008 1"],
    ...[" ", " ", " ", "4008 1"],
  ]);
});

Deno.test("a packet that is not a fragment passes unchanged", () => {
  const reassembler = new FragmentReassembler();
  for (const bytes of [...ipSamples, hex(""), hex("99")]) {
    if (decodePacket(bytes).ip?.isFragment) continue;
    assert(reassembler.add(bytes) === bytes);
    assert(bytes.length < 20 || fragmentPacket(bytes, 65535)[0] === bytes);
  }
  assertEquals(reassembler.pending, 0);
});

Deno.test("headers before the fragment header stay, others follow it", () => {
  // Hop-by-hop options (per fragment), destination options (fragmentable).
  const packet = ipv6Packet(
    17,
    udp(6, 3000).subarray(40),
    0,
    "3c00 05020000 0100 1100 0104 00000000",
  );
  const fragments = fragmentPacket(packet, 1280, 1);
  for (const fragment of fragments) {
    const { ip } = decodePacket(fragment);
    assert(ip?.version === 6 && ip.isFragment);
    assertEquals(ip.extensions[0].protocol, 0);
    assertEquals(ip.extensions[1].protocol, 44);
  }
  const reassembler = new FragmentReassembler();
  const [whole] = fragments.map((fragment) => reassembler.add(fragment))
    .slice(-1);
  assertEquals(whole?.toHex(), packet.toHex());
});

Deno.test("IPv4 options that are not copied are in the first fragment only", () => {
  const payload = udp(4, 2000).subarray(20);
  // Record route (7), not copied; router alert (0x94), copied.
  const packet = ipv4Packet(17, payload, {
    optionBytes: hex("070704 00000000 94040000 00"),
  });
  const fragments = fragmentPacket(packet, 576);
  const kinds = fragments.map((fragment) => {
    const { ip } = decodePacket(fragment);
    assert(ip?.version === 4 && ip.verifyChecksum());
    return ip.options().options.map(({ kind }) => kind);
  });
  assertEquals(kinds[0], [7, 148, 0]);
  assertEquals(kinds.slice(1), fragments.slice(1).map(() => [148]));
  const reassembler = new FragmentReassembler();
  const results = fragments.map((fragment) => reassembler.add(fragment));
  assertEquals(results.at(-1)?.toHex(), packet.toHex());
});

Deno.test("overlapping and contradicting fragments drop the packet (RFC 5722)", () => {
  const [first, second, third] = fragmentPacket(udp(4, 3000), 1500);
  const cases: Uint8Array[][] = [
    [first, first],
    [third, third],
    [second, first.slice(), second],
  ];
  for (const fragments of cases) {
    const reassembler = new FragmentReassembler();
    for (const fragment of fragments) {
      assertEquals(reassembler.add(fragment), undefined);
    }
    assertEquals([reassembler.pending, reassembler.dropped], [0, 1]);
  }
});

Deno.test("fragments wait no longer than the timeout, and no more than so many", () => {
  const reassembler = new FragmentReassembler({ timeout: 100, maxPackets: 3 });
  const [first, ...rest] = fragmentPacket(udp(4, 3000, 1), 1500);
  reassembler.add(first, 0);
  for (const fragment of rest) {
    assertEquals(reassembler.add(fragment, 100), undefined);
  }
  assertEquals([reassembler.pending, reassembler.dropped], [1, 1]);
  for (let id = 2; id < 12; id++) {
    reassembler.add(fragmentPacket(udp(4, 3000, id), 1500)[0], 110);
  }
  assertEquals([reassembler.pending, reassembler.dropped], [3, 9]);
});

Deno.test("packets of different protocols and addresses are kept apart", () => {
  const reassembler = new FragmentReassembler();
  const a = fragmentPacket(udp(4, 3000), 1500);
  const b = a.map((fragment) => {
    const copy = fragment.slice();
    copy[9] = 132;
    return copy;
  });
  a.slice(0, -1).forEach((fragment, i) => {
    reassembler.add(fragment);
    reassembler.add(b[i]);
  });
  assertEquals(reassembler.pending, 2);
  assert(reassembler.add(b.at(-1)!) && reassembler.add(a.at(-1)!));
});

Deno.test("what cannot be fragmented is refused", () => {
  const packet = udp(4, 3000);
  const [fragment] = fragmentPacket(packet, 1500);
  for (
    const [argument, bytes, mtu] of [
      ["packet", hex("45"), 1500],
      ["packet", packet.subarray(0, 2000), 1500],
      ["packet", fragment, 576],
      ["mtu", packet, 27],
      ["mtu", packet, -1],
      ["mtu", udp(6, 2000), 55],
    ] as const
  ) {
    const error = assertThrows(() => fragmentPacket(bytes, mtu), ArgumentError);
    assertEquals(error.argument, argument);
  }
});

Deno.test("any bytes can be added", () => {
  const reassembler = new FragmentReassembler({ maxPackets: 4 });
  const samples = ipSamples.filter((bytes) =>
    decodePacket(bytes).ip?.isFragment
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(70), fc.nat(255)), { maxLength: 6 }),
      fc.nat(1500),
      (sample, changes, cut) => {
        const bytes = sample.slice(0, Math.max(20, sample.length - cut));
        for (const [at, value] of changes) {
          if (at < bytes.length) bytes[at] = value;
        }
        const result = reassembler.add(bytes);
        if (result === undefined) return;
        const { ip } = decodePacket(result);
        if (result !== bytes) assert(ip && !ip.isFragment && !ip.defect);
      },
    ),
    { numRuns: 5_000 },
  );
});
