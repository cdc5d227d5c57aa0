// A queue that is not writable, and packets that do not fit: with
// the other end of a socket pair, because the driver is always writable.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { errno, libc, unwrap } from "../../../ffi/libc.ts";
import { EAGAIN } from "../../../ffi/errno.ts";
import {
  AF_UNIX,
  SO_SNDBUF,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "../../../ffi/uapi/sys_socket.ts";
import { ClosedError } from "../../../lib/errors.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import type { Framing } from "../../../lib/tun/framing.ts";
import { TunQueue } from "../../../lib/tun/queue.ts";
import "../../support/descriptors.ts";
import {
  coalesce,
  data,
  split,
  tcp,
  udp,
  unsegmented,
  v4,
  v6,
} from "./segments.ts";

/** Keeps the limits of packets, as the driver does. */
const SOCK_SEQPACKET = 5;

const PLAIN: Framing = { mode: "tun", information: false, offload: undefined };
const OFFLOAD: Framing = {
  ...PLAIN,
  offload: { tso4: true, tso6: true, ecn: true, uso: true },
};
const INFORMATION: Framing = { ...PLAIN, information: true };

/** A queue, and the end of it where the kernel would be. */
class Pair implements AsyncDisposable {
  readonly queue: TunQueue;
  readonly #kernel: number;

  constructor(framing: Framing) {
    const fds = new Int32Array(2);
    const type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
    unwrap(libc().socketpair(AF_UNIX, type, 0, fds), "socketpair");
    const size = new Uint8Array(new Int32Array([4096]).buffer);
    for (const fd of fds) {
      unwrap(
        libc().setsockopt(fd, SOL_SOCKET, SO_SNDBUF, size, 4),
        "setsockopt",
      );
    }
    this.queue = TunQueue.own(fds[0], "a queue", framing);
    this.#kernel = fds[1];
  }

  /** What the queue wrote, until there is nothing more for now. */
  taken(): Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (;;) {
      const packet = new Uint8Array(70_000);
      const length = libc().read(this.#kernel, packet, 70_000n);
      if (length < 0) {
        assertEquals(errno(), EAGAIN);
        return taken;
      }
      taken.push(packet.subarray(0, length));
    }
  }

  /** Puts a packet where the queue reads it. */
  give(packet: Uint8Array): void {
    const bytes = new Uint8Array(packet);
    const written = libc().write(this.#kernel, bytes, BigInt(bytes.length));
    assertEquals(written, packet.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue.close();
    libc().close(this.#kernel);
  }
}

/** Takes what is written until it ends, a few packets at a time. */
async function takeAll(pair: Pair, written: Promise<void>) {
  const taken: Uint8Array[] = [];
  let done = false;
  const end = written.finally(() => done = true);
  while (!done) {
    taken.push(...pair.taken());
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await end;
  taken.push(...pair.taken());
  return taken;
}

function fill(packets: readonly Uint8Array[]): PacketBatch {
  const batch = new PacketBatch(packets.length);
  for (const packet of packets) batch.push(packet);
  return batch;
}

/** Two flows, their packets taking turns. */
const mixed = Array.from({ length: 40 }, (_, i) => {
  const at = (i >> 1) * 500;
  return i % 2 === 0
    ? tcp(v4, data(500, i), { sequence: at })
    : tcp(v6, data(500, i), { sequence: at });
});

Deno.test("queue: a batch is written when the queue becomes writable", async () => {
  await using pair = new Pair(PLAIN);
  const batch = fill(mixed);
  assert(pair.queue.tryWriteMany(batch) < batch.count);
  const first = pair.taken();
  const from = first.length;
  assertEquals(first, mixed.slice(0, from));
  const rest = takeAll(pair, pair.queue.writeMany(batch));
  assertEquals(await rest, mixed);
});

Deno.test("queue: a coalesced write continues where it stopped", async () => {
  await using pair = new Pair(OFFLOAD);
  // Flows that take turns, so that the next run begins inside the one before.
  const flows = [v4, v6, { ...v6, destination: "fd02::3" }];
  const packets = Array.from({ length: 18 }, (_, i) => {
    const sequence = Math.floor(i / 3) * 500;
    return tcp(flows[i % 3], data(500, i), { sequence });
  });
  const batch = fill([...packets, udp(v4, data(9))]);
  const options = { coalesce: true } as const;
  const from = pair.queue.tryWriteMany(batch, options);
  assert(from > 0 && from < 3, `${from} is not inside the runs`);
  const taken = pair.taken();
  const rest = { ...options, from };
  while (pair.queue.tryWriteMany(batch, rest) < batch.count) {
    taken.push(...pair.taken());
  }
  taken.push(...pair.taken());
  assertEquals(taken, coalesce([...packets, udp(v4, data(9))]));
  assertEquals(pair.queue.counters.packetsWritten, 19);
});

Deno.test("queue: the segments of a GSO packet continue where a batch was full", async () => {
  await using source = new Pair(OFFLOAD);
  await using pair = new Pair(PLAIN);
  const whole = unsegmented(tcp(v6, data(5000)), 500);
  source.give(whole);
  const batch = new PacketBatch(4, { unsegmented: true });
  assertEquals(source.queue.tryReadMany(batch), 1);
  assertEquals(pair.queue.tryWriteMany(batch), 0);
  const taken = pair.taken();
  assert(taken.length > 0 && taken.length < 10);
  taken.push(...await takeAll(pair, pair.queue.writeMany(batch)));
  assertEquals(taken.map((packet) => packet.toHex()), split(whole));
});

Deno.test("queue: a pending write ends with close and with its signal", async () => {
  const pair = new Pair(PLAIN);
  const batch = fill(mixed);
  const reason = new Error("enough");
  const controller = new AbortController();
  const aborted = pair.queue.writeMany(batch, { signal: controller.signal });
  controller.abort(reason);
  assertEquals(await assertRejects(() => aborted), reason);
  const closed = assertRejects(() => pair.queue.writeMany(batch), ClosedError);
  await pair[Symbol.asyncDispose]();
  await closed;
});

Deno.test("queue: closing it from `onRejected` ends the write", async () => {
  await using pair = new Pair(INFORMATION);
  // The first packet has no protocol.
  const batch = fill([new Uint8Array(20), mixed[0]]);
  let rejected = 0;
  const written = pair.queue.writeMany(batch, {
    onRejected() {
      rejected++;
      pair.queue.close();
    },
  });
  await assertRejects(() => written, ClosedError);
  assertEquals(rejected, 1);
});

Deno.test("queue: segments that did not fit into a batch need no wait", async () => {
  await using pair = new Pair(OFFLOAD);
  const whole = unsegmented(tcp(v6, data(5000)), 500);
  pair.give(whole);
  const batch = new PacketBatch(3);
  const got: string[] = [];
  for (let reads = 0; reads < 4; reads++) {
    await pair.queue.waitReadable({ timeout: 5000 });
    const count = pair.queue.tryReadMany(batch);
    for (let i = 0; i < count; i++) got.push(batch.packet(i).toHex());
  }
  assertEquals(got, split(whole));
});

Deno.test("queue: packet information leaves nothing that looks like a header", async () => {
  await using pair = new Pair(INFORMATION);
  await using other = new Pair(OFFLOAD);
  const packet = mixed[0];
  const batch = new PacketBatch(2, { unsegmented: true });
  pair.give(new Uint8Array([0, 0, 0x08, 0x00, ...packet]));
  assertEquals(pair.queue.tryReadMany(batch), 1);
  await other.queue.writeMany(batch);
  await pair.queue.writeMany(batch);
  await other.queue.writeMany(batch);
  const plain = new Uint8Array([...new Uint8Array(10), ...packet]);
  assertEquals(other.taken(), [plain, plain]);
  assertEquals(pair.taken(), [new Uint8Array([0, 0, 0x08, 0, ...packet])]);
});
