// Buffer sizes as the kernel sets them, and drops as /proc/net/udp counts them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClosedError } from "../../../lib/errors.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import {
  bufferSize,
  queuedBytes,
  setBufferSize,
} from "../../../lib/socket/option.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";

/** The column "drops" of the only socket there is. */
function drops(netns: Netns, table: "udp" | "udp6"): number {
  const text = inNamespace(
    netns.name,
    () => Deno.readTextFileSync(`/proc/thread-self/net/${table}`),
  );
  const [, ...rows] = text.trimEnd().split("\n");
  assertEquals(rows.length, 1);
  return Number(rows[0].trim().split(/ +/).at(-1));
}

for (
  const [family, table, address] of [
    ["ipv4", "udp", "127.0.0.1"],
    ["dual", "udp6", "::1"],
  ] as const
) {
  Deno.test(`dropped: what has no room at a socket for ${family}`, async () => {
    await using lab = await Lab.open("here");
    await using socket = UdpSocket.bind({
      namespace: lab.here.name,
      family,
      receiveBuffer: 4096,
    });
    assertEquals(socket.dropped, 0);
    const { port } = socket.address;
    const sent = 200;
    await socket.sendMany(
      Array.from({ length: sent }, () => ({
        data: new Uint8Array(500),
        to: { address, port },
      })),
    );
    const { dropped } = socket;
    assert(dropped > 0);
    assertEquals(dropped, drops(lab.here, table));
    let received = 0;
    for await (const _ of drained(socket)) received++;
    assertEquals(received + dropped, sent);
  });
}

async function* drained(socket: UdpSocket): AsyncGenerator<void> {
  try {
    for await (const _ of socket.datagrams({ timeout: 0 })) yield;
  } catch (error) {
    if (!(error instanceof Error && error.name === "TimeoutError")) throw error;
  }
}

Deno.test("dropped: not of a closed socket", async () => {
  const socket = UdpSocket.bind({ address: "127.0.0.1" });
  await socket.close();
  assertThrows(() => socket.dropped, ClosedError);
});

Deno.test("buffers: the effective size is twice what was set, beyond the limit too", async () => {
  const limit = Number(Deno.readTextFileSync("/proc/sys/net/core/rmem_max"));
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const { fd } = socket.handle;
  for (const direction of ["receive", "send"] as const) {
    for (const bytes of [65536, limit + 4096]) {
      setBufferSize(fd, direction, bytes);
      assertEquals(bufferSize(fd, direction), 2 * bytes);
    }
  }
});

Deno.test("buffers: queued bytes include the kernel's overhead", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const { fd } = socket.handle;
  assertEquals(queuedBytes(fd), 0);
  await socket.send(new Uint8Array(100), socket.address);
  assert(queuedBytes(fd) > 100);
  await socket.receive();
});
