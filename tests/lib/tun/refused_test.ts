// Kernels that refuse segmented packets (EINVAL) and accept the same packets
// one by one; and refusals counted and reported for each packet.

import { assertEquals } from "@std/assert";
import { setErrno } from "../../../ffi/libc.ts";
import { EINVAL } from "../../../ffi/errno.ts";
import { buildUdp } from "../../../lib/packet/build.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import type { PacketRejectedError } from "../../../lib/tun/errors.ts";
import { Faults } from "../../support/faults.ts";
import { BEYOND, HERE, TunLab } from "../../support/tun.ts";

const PACKETS = 10;
/** Bytes of each packet. */
const LENGTH = 140;

/** Where gso_type stands in struct virtio_net_hdr, which begins a write. */
const GSO_TYPE = 1;

/** Write(2) as on a kernel without GSO writes; counts those it refused. */
function refuseSegmented(faults: Faults): { refused: number } {
  const seen = { refused: 0 };
  faults.arm({
    call: "write",
    times: Infinity,
    fault(call, [, buffer]) {
      if ((buffer as Uint8Array)[GSO_TYPE] === 0) return call();
      seen.refused++;
      setErrno(EINVAL);
      return -1;
    },
  });
  return seen;
}

function packetsTo(port: number): PacketBatch {
  const batch = new PacketBatch(PACKETS);
  for (let i = 0; i < PACKETS; i++) {
    batch.push(
      buildUdp({ source: BEYOND, destination: HERE, dontFragment: true }, {
        sourcePort: 9,
        destinationPort: port,
        payload: new Uint8Array(LENGTH - 28).fill(i),
      }),
    );
  }
  return batch;
}

Deno.test("tun: a joined write that is refused is written packet by packet", async () => {
  using faults = new Faults();
  await using lab = await TunLab.open({ offload: true });
  await using socket = lab.socket();
  const seen = refuseSegmented(faults);
  const batch = packetsTo(socket.address.port);
  const rejected: PacketRejectedError[] = [];
  const options = {
    coalesce: true,
    onRejected: (error: PacketRejectedError) => rejected.push(error),
  } as const;
  for (let round = 1; round <= 3; round++) {
    await lab.tun.writeMany(batch, options);
    for (let i = 0; i < PACKETS; i++) {
      const { data } = await socket.receive({ timeout: 5000 });
      assertEquals(data, new Uint8Array(LENGTH - 28).fill(i));
    }
    const { packetsWritten, bytesWritten } = lab.tun.counters;
    assertEquals(packetsWritten, round * PACKETS);
    assertEquals(bytesWritten, round * PACKETS * LENGTH);
  }
  assertEquals(rejected, []);
  // Once it is known, that kind is not joined again.
  assertEquals(seen.refused, 1);
});

Deno.test("tun: bytes of joined packets are counted as those of the packets", async () => {
  await using lab = await TunLab.open({ offload: true });
  await using socket = lab.socket();
  await lab.tun.writeMany(packetsTo(socket.address.port), { coalesce: true });
  for (let i = 0; i < PACKETS; i++) await socket.receive({ timeout: 5000 });
  const { packetsWritten, bytesWritten } = lab.tun.counters;
  assertEquals([packetsWritten, bytesWritten], [PACKETS, PACKETS * LENGTH]);
});

Deno.test("tun: a refused run is reported for each of its packets", async () => {
  await using lab = await TunLab.open({ offload: true });
  lab.tun.down();
  const rejected: [number, string][] = [];
  await lab.tun.writeMany(packetsTo(9), {
    coalesce: true,
    onRejected: ({ index, code }) => rejected.push([index, code]),
  });
  assertEquals(
    rejected,
    Array.from({ length: PACKETS }, (_, index) => [index, "EIO"]),
  );
  assertEquals(lab.tun.counters.packetsRejected, PACKETS);
});

Deno.test("tun: a packet that is refused by itself keeps the joining of others", async () => {
  using faults = new Faults();
  await using lab = await TunLab.open({ offload: true });
  await using socket = lab.socket();
  let segmented = 0;
  faults.arm({
    call: "write",
    times: Infinity,
    fault(call, [, buffer]) {
      // Always rejected in the first round.
      if ((buffer as Uint8Array)[GSO_TYPE] !== 0) segmented++;
      else return call();
      if (segmented > 1) return call();
      setErrno(EINVAL);
      return -1;
    },
  });
  const batch = packetsTo(socket.address.port);
  // Not IP: refused one by one, too.
  batch.packet(4)[0] = 0x95;
  const rejected: number[] = [];
  const onRejected = ({ index }: PacketRejectedError) => rejected.push(index);
  await lab.tun.writeMany(batch, { coalesce: "trusted", onRejected });
  for (let i = 0; i < PACKETS - 1; i++) await socket.receive({ timeout: 5000 });
  assertEquals(rejected, [4]);
});

Deno.test("tun: an unsegmented packet that is refused is split and written", async () => {
  await using source = await TunLab.open({ offload: true });
  using faults = new Faults();
  await using target = await TunLab.open({ offload: true });
  await using receiver = target.socket(9);
  // One datagram of UDP_SEGMENT comes as one packet that stands for many.
  const sender = source.socket();
  await using _sender = sender;
  const payload = new Uint8Array(1000).fill(7);
  await sender.sendMany(
    Array.from({ length: PACKETS }, () => ({
      data: payload,
      to: { address: BEYOND, port: 9 },
    })),
  );
  const seen = refuseSegmented(faults);
  const batch = new PacketBatch(PACKETS, { unsegmented: true });
  let received = 0;
  while (received < PACKETS) {
    await source.tun.readMany(batch, { timeout: 5000 });
    for (let i = 0; i < batch.count; i++) {
      // Addressed to the other machine, which has the same addresses.
      const packet = batch.packet(i);
      const swapped = packet.slice(12, 16);
      packet.copyWithin(12, 16, 20);
      packet.set(swapped, 16);
    }
    await target.tun.writeMany(batch);
    received = target.tun.counters.packetsWritten;
  }
  for (let i = 0; i < PACKETS; i++) {
    const { data } = await receiver.receive({ timeout: 5000 });
    assertEquals(data, payload);
  }
  assertEquals(seen.refused, 1);
});
