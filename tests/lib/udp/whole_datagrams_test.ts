// Every receive method returns complete datagrams of any size; a limit is an
// option. The C peer is the sender.

import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError, type Datagram, ReceiveBatch } from "../../../mod.ts";
import { FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

/** Longer than 2048 bytes, the longest over IPv4 and over IPv6. */
const SIZES: [string, number][] = [
  [FOUR[1], 2049],
  [FOUR[1], 9000],
  [FOUR[1], 65_507],
  [SIX[1], 65_527],
];

async function labWithServer() {
  const lab = await UdpLab.open();
  const from = lab.bind({ receiveBuffer: 4 << 20 });
  const port = String(from.address.port);
  const pourAll = async () => {
    for (const [address, size] of SIZES) {
      await lab.pour(address, port, String(size));
    }
  };
  return Object.assign(lab, { from, pourAll, port });
}

const sizeOf = ({ data, truncated }: Datagram) => [data.length, truncated];
const WHOLE = SIZES.map(([, size]) => [size, false]);

Deno.test("whole datagrams: for await", async () => {
  await using lab = await labWithServer();
  await lab.pourAll();
  const sizes: unknown[] = [];
  for await (const datagram of lab.from.datagrams({ timeout: 5000 })) {
    if (sizes.push(sizeOf(datagram)) === SIZES.length) break;
  }
  assertEquals(sizes, WHOLE);
});

Deno.test("whole datagrams: those that a loop left are whole for receive()", async () => {
  await using lab = await labWithServer();
  await lab.pourAll();
  const sizes: unknown[] = [];
  for await (const datagram of lab.from) {
    sizes.push(sizeOf(datagram));
    break;
  }
  while (sizes.length < SIZES.length) {
    sizes.push(sizeOf(await lab.from.receive({ timeout: 5000 })));
  }
  assertEquals(sizes, WHOLE);
});

Deno.test("whole datagrams: a batch of the default size", async () => {
  await using lab = await labWithServer();
  await lab.pourAll();
  const batch = new ReceiveBatch();
  const sizes: unknown[] = [];
  while (sizes.length < SIZES.length) {
    await lab.from.receiveMany(batch, { timeout: 5000 });
    for (let slot = 0; slot < batch.count; slot++) {
      sizes.push(sizeOf(batch.datagram(slot)));
    }
  }
  assertEquals(sizes, WHOLE);
});

Deno.test("whole datagrams: bufferSize cuts off and marks", async () => {
  await using lab = await labWithServer();
  await lab.pour(FOUR[1], lab.port, "512");
  await lab.pour(FOUR[1], lab.port, "513");
  const sizes: unknown[] = [];
  const options = { bufferSize: 512, timeout: 5000 };
  for await (const datagram of lab.from.datagrams(options)) {
    if (sizes.push(sizeOf(datagram)) === 2) break;
  }
  assertEquals(sizes, [[512, false], [512, true]]);
  assertThrows(
    () => lab.from.datagrams({ bufferSize: 0 }),
    ArgumentError,
    "bufferSize: 0 is not a whole number from 1 to 65535",
  );
});
