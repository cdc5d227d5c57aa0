// What a batch of packets gives for an index that it does not have.

import { assertThrows } from "@std/assert";
import { PacketBatch } from "../../../lib/tun/batch.ts";

Deno.test("tun: a packet that a batch does not hold is a RangeError", () => {
  const batch = new PacketBatch(4);
  batch.push(new Uint8Array([0x45, 0, 0, 20]));
  batch.clear();
  batch.push(new Uint8Array([0x60]));
  for (const index of [1, 4, -1, NaN]) {
    for (
      const read of [
        () => batch.packet(index),
        () => batch.length(index),
        () => batch.protocol(index),
        () => batch.header(index),
        () => batch.resize(index, 1),
      ]
    ) assertThrows(read, RangeError, `no packet ${index} of 1`);
  }
});
