// TCP through two devices in two namespaces and a loop of ours between them:
// packets pass from one end to the other, with any offload.

import { assert, assertEquals } from "@std/assert";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import type { WriteOptions } from "../../../lib/tun/channel.ts";
import { Tun } from "../../../lib/tun/device.ts";
import type { TunOptions } from "../../../lib/tun/options.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { SLOWNESS } from "../../support/timing.ts";

const BYTES = 100_000_000 / SLOWNESS;
const ADDRESSES = {
  4: { left: "10.8.0.1", right: "10.8.0.2", prefix: 24 },
  6: { left: "fd08::1", right: "fd08::2", prefix: 64 },
};

interface Way {
  readonly left: TunOptions;
  readonly right: TunOptions;
  readonly unsegmented?: boolean;
  readonly write?: WriteOptions;
  check?(left: Tun, right: Tun): void;
}

async function forward(
  from: Tun,
  to: Tun,
  { unsegmented, write }: Way,
): Promise<void> {
  const batch = new PacketBatch(64, { unsegmented });
  for await (const _ of from.batches({ batch })) {
    await to.writeMany(batch, write);
  }
}

/** A file of bytes that do not repeat, gone when disposed of. */
async function makeFile(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempFile({ prefix: "netplumb-" });
  using file = await Deno.open(path, { write: true });
  const block = new Uint8Array(1_000_000);
  for (let at = 0; at < block.length; at += 65_536) {
    crypto.getRandomValues(block.subarray(at, at + 65_536));
  }
  const view = new DataView(block.buffer);
  for (let sent = 0; sent < BYTES; sent += block.length) {
    view.setUint32(0, sent);
    for (let at = 0; at < block.length;) {
      at += await file.write(block.subarray(at));
    }
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** Sends a file from left to right over TCP, checks that it is the same there. */
async function transfer(
  left: Netns,
  right: Netns,
  address: string,
): Promise<void> {
  await using file = await makeFile();
  const received = right.run("bash", [
    "-c",
    `nc -dlN ${address} 5000 | sha256sum`,
  ]);
  await right.run("bash", [
    "-c",
    "until ss -Htln | grep -q :5000; do sleep 0.02; done",
  ]);
  await left.run("bash", ["-c", `nc -N ${address} 5000 < ${file.path}`]);
  const sent = await left.run("bash", ["-c", `sha256sum < ${file.path}`]);
  assertEquals(await received, sent);
}

async function check(version: 4 | 6, way: Way): Promise<void> {
  const before = ownedDescriptors();
  {
    await using lab = await Lab.open("left", "right");
    const { left, right, prefix } = ADDRESSES[version];
    await using a = Tun.open({ namespace: lab.left.name, ...way.left });
    await using b = Tun.open({ namespace: lab.right.name, ...way.right });
    await lab.left.ip(`address add ${left}/${prefix} dev ${a.name}`);
    await lab.right.ip(`address add ${right}/${prefix} dev ${b.name}`);
    a.up();
    b.up();
    const loops = [forward(a, b, way), forward(b, a, way)];
    await transfer(lab.left, lab.right, right);
    await a.close();
    await b.close();
    await Promise.all(loops);
    const { bytesRead, packetsRejected } = a.counters;
    assert(bytesRead > BYTES);
    assertEquals(packetsRejected + b.counters.packetsRejected, 0);
    way.check?.(a, b);
  }
  assertEquals(ownedDescriptors(), before);
}

/** Bytes a packet on average. */
const mean = (bytes: number, packets: number) => bytes / packets;

const ways: Record<string, Way> = {
  "without offload": { left: {}, right: {} },
  "with offload, packets passed on unsegmented": {
    left: { offload: true },
    right: { offload: true },
    unsegmented: true,
    check(a) {
      // Or else nothing of what is tested here has happened.
      const { bytesRead, packetsRead } = a.counters;
      assert(mean(bytesRead, packetsRead) > 5000);
    },
  },
  "with offload, packets split and joined": {
    left: { offload: true },
    right: { offload: true },
    write: { coalesce: true },
    check(a) {
      const { bytesRead, packetsRead } = a.counters;
      assert(mean(bytesRead, packetsRead) <= 1500);
    },
  },
  "with offload at one end, which the other end does without": {
    left: { offload: true },
    right: {},
    unsegmented: true,
  },
  "with packet information and three queues": {
    left: { packetInformation: true, queues: 3 },
    right: { offload: true, packetInformation: true },
    write: { coalesce: "trusted" },
  },
};

for (const version of [4, 6] as const) {
  for (const [name, way] of Object.entries(ways)) {
    Deno.test(`tun: ${BYTES / 1e6} MB of TCP over IPv${version} ${name}`, () => {
      return check(version, way);
    });
  }
}
