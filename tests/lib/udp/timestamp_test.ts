// When a datagram was received and how many were not: the clock and the
// kernel's own counters say what is right.

import { assert, assertEquals } from "@std/assert";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

/** Nanoseconds since 1970, to the millisecond. */
const now = () => BigInt(Date.now()) * 1_000_000n;

Deno.test("timestamp: the moment the kernel received it, for each family", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ receiveTimestamp: true });
  const port = String(server.address.port);
  for (const queried of [FOUR[1], `::ffff:${FOUR[1]}`, SIX[1]]) {
    const before = now();
    await lab.ask("-w", "1", queried, port, "q");
    const after = now() + 1_000_000n;
    // Read later, it has the same value.
    while (now() < after + 5_000_000n);
    const { timestamp } = await server.receive({ timeout: 5000 });
    assert(timestamp !== undefined);
    assert(before <= timestamp && timestamp <= after, `${timestamp}`);
  }
});

Deno.test("timestamp: absent unless requested", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind();
  const requesting = lab.ask("-w1", FOUR[0], String(server.address.port), "q");
  assertEquals("timestamp" in await server.receive({ timeout: 5000 }), false);
  await requesting;
});

/** Datagrams that the namespace's sockets dropped because of full buffers. */
async function dropped(lab: UdpLab, six: boolean): Promise<number> {
  if (six) {
    const text = await lab.server.run("cat", ["/proc/net/snmp6"]);
    return Number(/^Udp6RcvbufErrors\s+(\d+)/m.exec(text)![1]);
  }
  const text = await lab.server.run("cat", ["/proc/net/snmp"]);
  const [names, values] = text.split("\n").filter((it) => /^Udp:/.test(it))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("RcvbufErrors")]);
}

/** Receives all datagrams; returns the overflow counter of each. */
async function drain(socket: UdpSocket): Promise<(number | undefined)[]> {
  const batch = new ReceiveBatch();
  const reported: (number | undefined)[] = [];
  await socket.receiveMany(batch, { timeout: 5000 });
  do {
    for (let slot = 0; slot < batch.count; slot++) {
      reported.push(batch.describe(slot).overflow);
    }
  } while (socket.tryReceiveMany(batch) > 0);
  return reported;
}

for (const queried of [FOUR[1], SIX[1]]) {
  Deno.test(`overflow: dropped datagrams are counted, sent to ${queried}`, async () => {
    await using lab = await UdpLab.open();
    const server = lab.bind({ receiveOverflow: true, receiveBuffer: 4096 });
    const port = String(server.address.port);
    const lost = () => dropped(lab, queried.includes(":"));

    await lab.ask("-w", "1", queried, port, "q");
    assertEquals(
      await drain(server),
      [undefined],
      "absent while none was lost",
    );

    await lab.pour("-n", "300", queried, port, "100");
    const first = await drain(server);
    const total = await lost();
    assertEquals(first.length + total, 300);
    assert(total > 0);

    // Reported with the next queued datagram, and with all after it.
    await lab.ask("-w", "1", queried, port, "q");
    await lab.ask("-w", "1", queried, port, "q");
    assertEquals(await drain(server), [total, total]);

    await lab.pour("-n", "300", queried, port, "100");
    await drain(server);
    await lab.ask("-w", "1", queried, port, "q");
    const again = await lost();
    assertEquals(await drain(server), [again]);
    assert(again > total, "it is the sum since the socket was made");
  });
}
