// Passes packets between two TUN devices, each in a namespace of its own, both
// ways; by order, also opens one in another namespace and reads it until it is
// gone.
//
//   tun.ts LEFT RIGHT

import { PacketBatch } from "../../../lib/tun/batch.ts";
import { Tun } from "../../../lib/tun/device.ts";
import { DeviceGoneError, LinkDownError } from "../../../lib/tun/errors.ts";
import { arrived, sayMemory, visits } from "../subject.ts";

const [left, right] = Deno.args;
const counts = { packets: 0, rejected: 0, down: 0, visits: 0 };

async function forward(from: Tun, to: Tun): Promise<void> {
  const batch = new PacketBatch(64);
  for await (const _ of from.batches({ batch })) {
    counts.packets += batch.count;
    try {
      await to.writeMany(batch, { onRejected: () => counts.rejected++ });
    } catch (error) {
      if (!(error instanceof LinkDownError)) throw error;
      counts.down++;
    }
  }
}

const a = Tun.open({ namespace: left, name: "tun0" });
const b = Tun.open({ namespace: right, name: "tun0" });
sayMemory(() => counts);
visits(async (namespace) => {
  await using device = Tun.open({ namespace, name: "gone0" });
  device.up();
  arrived();
  try {
    for (;;) await device.read();
  } catch (error) {
    if (!(error instanceof DeviceGoneError)) throw error;
  }
  counts.visits++;
});
await Promise.all([forward(a, b), forward(b, a)]);
