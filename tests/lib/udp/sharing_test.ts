// Ports held by more than one socket, and by one alone.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { FOUR, UdpLab } from "../../support/udp_lab.ts";

/** How many datagrams each of the sockets has. */
function counts(sockets: UdpSocket[]): number[] {
  const batch = new ReceiveBatch({ size: 256 });
  return sockets.map((socket) => socket.tryReceiveMany(batch));
}

/** Sends requests from many ports. */
async function askOften(lab: UdpLab, port: number, times: number) {
  for (let n = 0; n < times; n++) {
    await using client = lab.bind({}, "client");
    await client.send("q", { address: FOUR[0], port });
  }
}

Deno.test("sharing: sockets with reusePort share the load", async () => {
  await using lab = await UdpLab.open();
  const first = lab.bind({ reusePort: true });
  const { port } = first.address;
  const others = [1, 2].map(() => lab.bind({ port, reusePort: true }));
  await askOften(lab, port, 120);
  const shares = counts([first, ...others]);
  assertEquals(shares.reduce((sum, share) => sum + share), 120);
  for (const share of shares) assert(share > 0, `${shares}`);
});

Deno.test("sharing: with reuseAddress the socket bound last has them all", async () => {
  await using lab = await UdpLab.open();
  const first = lab.bind({ reuseAddress: true });
  const { port } = first.address;
  const last = lab.bind({ port, reuseAddress: true });
  await askOften(lab, port, 10);
  assertEquals(counts([first, last]), [0, 10]);
  await last.close();
  await askOften(lab, port, 10);
  assertEquals(counts([first]), [10]);
});

Deno.test("sharing: a port that is taken is refused, with advice", async () => {
  await using lab = await UdpLab.open();
  const { port } = lab.bind({ reusePort: true }).address;
  for (const options of [{}, { reuseAddress: true }, { address: FOUR[0] }]) {
    const error = assertThrows(
      () => lab.bind({ port, ...options }),
      SystemError,
    );
    assertEquals([error.syscall, error.code], ["bind", "EADDRINUSE"]);
    assert(error.message.includes(`ss -ulpn sport = :${port}`), error.message);
  }
});

Deno.test("sharing: different addresses and families do not share", async () => {
  await using lab = await UdpLab.open();
  const first = lab.bind({ address: FOUR[0] });
  const { port } = first.address;
  const second = lab.bind({ address: FOUR[1], port });
  const six = lab.bind({ family: "ipv6", port });
  for (const [index, socket] of [first, second].entries()) {
    await lab.ask("-w", "1", FOUR[index], String(port), "q");
    const { local } = await socket.receive({ timeout: 5000 });
    assertEquals(local?.address, FOUR[index]);
  }
  assertEquals(counts([first, second, six]), [0, 0, 0]);
});
