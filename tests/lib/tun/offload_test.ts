// A device with offload: packets joined as they are written, split as they are
// read, or taken whole. The kernel forwards between two devices of its own.

import { assert, assertEquals } from "@std/assert";
import { libc } from "../../../ffi/libc.ts";
import { TUNSETVNETHDRSZ } from "../../../ffi/uapi/linux_if_tun.ts";
import { decodePacket } from "../../../lib/packet/decode.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import { Tun } from "../../../lib/tun/device.ts";
import type { TunOptions } from "../../../lib/tun/options.ts";
import "../../support/descriptors.ts";
import {
  kernelJoinsUdp,
  NO_JOINED_UDP,
  testUnless,
} from "../../support/kinds.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { data, tcp, udp, v4, v6 } from "./segments.ts";

/** Two devices in one namespace, and forwarding from one to the other. */
class Path implements AsyncDisposable {
  private constructor(
    readonly lab: Lab<"host">,
    readonly host: Netns,
    readonly from: Tun,
    readonly to: Tun,
  ) {}

  static async open(from: TunOptions, to: TunOptions): Promise<Path> {
    const lab = await Lab.open("host");
    const { host } = lab;
    const opened: Tun[] = [];
    try {
      for (const [i, options] of [from, to].entries()) {
        const tun = Tun.open({ namespace: host.name, ...options });
        opened.push(tun);
        await host.ip(`address add 10.${i + 1}.0.1/24 dev ${tun.name}`);
        await host.ip(`address add fd0${i + 1}::1/64 dev ${tun.name} nodad`);
        tun.up();
      }
      await host.sysctl("net.ipv4.ip_forward", 1);
      await host.sysctl("net.ipv6.conf.all.forwarding", 1);
      return new Path(lab, host, opened[0], opened[1]);
    } catch (error) {
      for (const tun of opened) await tun.close();
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Packets that came through, as they are read, without the kernel's own. */
  async read(count: number, batch: PacketBatch): Promise<Uint8Array[]> {
    const packets: Uint8Array[] = [];
    while (packets.length < count) {
      await this.to.readMany(batch, { timeout: 5000 });
      for (let i = 0; i < batch.count; i++) {
        const { tcp, udp } = decodePacket(batch.packet(i));
        if (tcp ?? udp) packets.push(batch.packet(i).slice());
      }
    }
    return packets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.from.close();
    await this.to.close();
    await this.lab[Symbol.asyncDispose]();
  }
}

/** A packet as its next hop has it: one hop less, everything else the same. */
function forwarded(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  if (copy[0] >> 4 === 6) {
    copy[7]--;
    return copy;
  }
  copy[8]--;
  let sum = 0;
  copy[10] = copy[11] = 0;
  for (let i = 0; i < 20; i += 2) sum += copy[i] << 8 | copy[i + 1];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  copy[10] = ~sum >> 8;
  copy[11] = ~sum;
  return copy;
}

/** What `count` full segments and a shorter one are, on the wire. */
function segments(kind: "tcp" | "udp", version: 4 | 6, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const payload = data(i === count - 1 ? 100 : 1000, i);
    const envelope = version === 6 ? v6 : {
      ...v4,
      identification: v4.identification + i & 0xffff,
    };
    return kind === "tcp"
      ? tcp(envelope, payload, { sequence: (0xfffffc00 + i * 1000) >>> 0 })
      : udp(envelope, payload);
  });
}

const JOINS_UDP = await kernelJoinsUdp();

function testJoined(
  kind: "tcp" | "udp",
  name: string,
  fn: () => Promise<void>,
) {
  testUnless(
    kind === "udp" && !JOINS_UDP ? NO_JOINED_UDP : undefined,
    name,
    fn,
  );
}

for (const kind of ["tcp", "udp"] as const) {
  for (const version of [4, 6] as const) {
    const packets = segments(kind, version, 40);
    const expected = packets.map(forwarded);
    const name = `${kind} over IPv${version}`;

    Deno.test(`offload: ${name} is joined as written and split as read`, async () => {
      await using path = await Path.open({ offload: true }, { offload: true });
      const batch = new PacketBatch();
      for (const packet of packets) batch.push(packet);
      await path.from.writeMany(batch, { coalesce: true });
      // A batch that does not fit all: the rest is returned next.
      const small = new PacketBatch(7);
      assertEquals(await path.read(40, small), expected);
      assertEquals(path.from.counters.packetsWritten, 40);
      // What was written is what it was: joining happens elsewhere.
      assertEquals(batch.packet(0), packets[0]);
      assertEquals(batch.packet(39), packets[39]);
    });

    testJoined(
      kind,
      `offload: ${name} is taken whole by a batch that wants it so`,
      async () => {
        await using path = await Path.open({ offload: true }, {
          offload: true,
        });
        const batch = new PacketBatch();
        for (const packet of packets) batch.push(packet);
        await path.from.writeMany(batch, { coalesce: true });
        const whole = new PacketBatch(4, { unsegmented: true });
        const [packet] = await path.read(1, whole);
        const headers = packets[0].length - 1000;
        assertEquals(packet.length, headers + 39 * 1000 + 100);
        let found = 0;
        for (let i = 0; i < whole.count; i++) {
          const header = whole.header(i);
          if (header.segmentation === "none") continue;
          found++;
          assertEquals(
            header.segmentation,
            kind === "udp" ? "udp" : `tcp${version}`,
          );
          assertEquals(header.segmentSize, 1000);
          assert(header.needsChecksum);
        }
        assertEquals(found, 1);
      },
    );

    testJoined(
      kind,
      `offload: ${name} taken whole goes ordinary to a device without`,
      async () => {
        await using path = await Path.open({ offload: true }, {
          offload: true,
        });
        await using there = await Path.open({}, {});
        const batch = new PacketBatch();
        for (const packet of packets) batch.push(packet);
        await path.from.writeMany(batch, { coalesce: true });
        const whole = new PacketBatch(4, { unsegmented: true });
        await path.read(1, whole);
        await there.from.writeMany(whole);
        const plain = new PacketBatch();
        assertEquals(await there.read(40, plain), expected.map(forwarded));
      },
    );
  }
}

Deno.test("offload: packets of several flows are joined, each with its own", async () => {
  await using path = await Path.open({ offload: true }, { offload: true });
  const flows = [
    segments("tcp", 4, 10),
    ...JOINS_UDP ? [segments("udp", 6, 10)] : [],
    segments("tcp", 6, 10),
  ];
  const batch = new PacketBatch();
  for (let i = 0; i < 10; i++) for (const flow of flows) batch.push(flow[i]);
  await path.from.writeMany(batch, { coalesce: true });
  const whole = new PacketBatch(64, { unsegmented: true });
  const packets = await path.read(flows.length, whole);
  assertEquals(
    packets.map(({ length }) => length).sort(),
    [
      20 + 20 + 9100,
      ...JOINS_UDP ? [40 + 8 + 9100] : [],
      40 + 20 + 9100,
    ].sort(),
  );
});

Deno.test("offload: nothing is coalesced unless requested", async () => {
  await using path = await Path.open({ offload: true }, { offload: true });
  const batch = new PacketBatch();
  for (const packet of segments("tcp", 4, 5)) batch.push(packet);
  await path.from.writeMany(batch);
  const whole = new PacketBatch(64, { unsegmented: true });
  const packets = await path.read(5, whole);
  assertEquals(packets.length, 5);
});

Deno.test("offload: what the kernel left open is completed for a single read", async () => {
  await using path = await Path.open({}, { offload: true });
  // TCP and UDP of this machine itself leave their checksums to the device.
  const sent = await path.host.output("bash", [
    "-c",
    "echo -n hello > /dev/udp/10.2.0.9/9",
  ]);
  assertEquals(sent.code, 0);
  for await (const packet of path.to) {
    const { ip, udp } = decodePacket(packet);
    if (!udp || !ip) continue;
    assertEquals(udp.payloadLength, 5);
    // Summed together with its checksum, all of it comes to 0xffff.
    let sum = 17 + ip.payloadLength;
    for (let i = 12; i < packet.length; i++) {
      sum += i % 2 === 0 ? packet[i] << 8 : packet[i];
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    assertEquals(sum, 0xffff);
    break;
  }
});

Deno.test("offload: a batch used with a device without has no headers left", async () => {
  await using path = await Path.open({ offload: true }, { offload: true });
  await using plain = await Path.open({}, {});
  const batch = new PacketBatch();
  for (const packet of segments("tcp", 4, 5)) batch.push(packet);
  await path.from.writeMany(batch, { coalesce: true });
  const whole = new PacketBatch(64, { unsegmented: true });
  await path.read(1, whole);
  await plain.from.writeMany(batch);
  await plain.read(5, whole);
  for (let i = 0; i < whole.count; i++) {
    assertEquals(whole.header(i).segmentation, "none");
    assertEquals(whole.header(i).needsChecksum, false);
  }
});

Deno.test("offload: the kinds are those requested, as the kernel has them", async () => {
  await using lab = await Lab.open("host");
  const namespace = lab.host.name;
  const all = { tso4: true, tso6: true, ecn: true, uso: JOINS_UDP };
  const none = { tso4: false, tso6: false, ecn: false, uso: false };
  await using everything = Tun.open({ namespace, offload: true });
  assertEquals(everything.offload, all);
  await using one = Tun.open({ namespace, offload: { tso4: true } });
  assertEquals(one.offload, { ...none, tso4: true });
  await using nothing = Tun.open({ namespace });
  assertEquals(nothing.offload, undefined);
  await using checksums = Tun.open({ namespace, offload: {} });
  assertEquals(checksums.offload, none);
  const features = async ({ name }: Tun) => {
    const shown = await lab.host.run("ethtool", ["-k", name]);
    const on = (feature: string) =>
      new RegExp(`^\\s*${feature}: on`, "m").test(shown);
    return {
      tso4: on("tx-tcp-segmentation"),
      tso6: on("tx-tcp6-segmentation"),
      ecn: on("tx-tcp-ecn-segmentation"),
      uso: on("tx-udp-segmentation"),
      checksum: on("tx-checksum-ip-generic"),
    };
  };
  assertEquals(await features(everything), { ...all, checksum: true });
  assertEquals(await features(one), { ...none, tso4: true, checksum: true });
  assertEquals(await features(nothing), { ...none, checksum: false });
  assertEquals(await features(checksums), { ...none, checksum: true });
});

Deno.test("offload: a persistent device has only what its present user requested", async () => {
  await using lab = await Lab.open("host");
  const options = { namespace: lab.host.name, name: "stay0" };
  await Tun.open({ ...options, persist: true, offload: true }).close();
  await using tun = Tun.open(options);
  const shown = await lab.host.run("ethtool", ["-k", tun.name]);
  assert(/tcp-segmentation-offload: off/.test(shown), shown);
});

Deno.test("offload: a header of another length, left by the last user, does no harm", async () => {
  await using lab = await Lab.open("host");
  const options = { namespace: lab.host.name, name: "stay0", offload: true };
  {
    await using last = Tun.open({ ...options, persist: true });
    const size = new Uint8Array(new Int32Array([12]).buffer);
    const { fd } = last.queues[0];
    assertEquals(libc().ioctl(fd, BigInt(TUNSETVNETHDRSZ), size), 0);
  }
  await using tun = Tun.open(options);
  await lab.host.sysctl("net.ipv6.conf.all.disable_ipv6", 1);
  await lab.host.ip(`address add 10.1.0.1/24 dev ${tun.name}`);
  tun.up();
  await lab.host.run("bash", ["-c", "echo -n hello > /dev/udp/10.1.0.2/9"]);
  const packet = await tun.read({ timeout: 5000 });
  assertEquals([packet.length, packet[0]], [33, 0x45]);
});
