// Making and attaching to devices: what the kernel gives, and what it refuses.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { StopEvent } from "../../../lib/io/blocking_poll.ts";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { PacketBatch } from "../../../lib/tun/batch.ts";
import { Tun } from "../../../lib/tun/device.ts";
import type { TunOptions } from "../../../lib/tun/options.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { AS_NOBODY, withNode } from "../../support/privileges.ts";
import { TunLab, udpPayload } from "../../support/tun.ts";

interface TunLink {
  ifname: string;
  mtu: number;
  linkinfo: {
    info_kind: string;
    info_data: {
      type: string;
      pi: boolean;
      vnet_hdr: boolean;
      multi_queue: boolean;
      numqueues: number;
      persist: boolean;
      user?: string;
      group?: string;
    };
  };
}

async function show(host: Netns, name: string): Promise<TunLink> {
  return (await host.json<TunLink>(`-d link show ${name}`))[0];
}

function refused(options: TunOptions): SystemError {
  const error = assertThrows(() => Tun.open(options));
  assertInstanceOf(error, SystemError);
  return error;
}

Deno.test("tun: what is requested is what `ip -d link` shows", async () => {
  await using lab = await Lab.open("host");
  const namespace = lab.host.name;
  const cases: [TunOptions, Partial<TunLink["linkinfo"]["info_data"]>][] = [
    [{}, {
      type: "tun",
      pi: false,
      vnet_hdr: false,
      multi_queue: false,
      persist: false,
    }],
    [{ mode: "tap" }, { type: "tap", pi: false }],
    [{ packetInformation: true }, { pi: true }],
    [{ multiQueue: true }, { multi_queue: true, numqueues: 1 }],
    [{ queues: 3 }, { multi_queue: true, numqueues: 3 }],
    [{ owner: 65534, group: 0 }, { user: "nobody", group: "root" }],
  ];
  for (const [options, expected] of cases) {
    await using tun = Tun.open({ ...options, namespace });
    const { linkinfo } = await show(lab.host, tun.name);
    assertEquals(linkinfo.info_kind, "tun");
    for (const [key, value] of Object.entries(expected)) {
      assertEquals(
        linkinfo.info_data[key as keyof typeof expected],
        value,
        `${key} of ${JSON.stringify(options)}`,
      );
    }
  }
});

Deno.test("tun: the kernel numbers names with %d, and the name is read back", async () => {
  await using lab = await Lab.open("host");
  const namespace = lab.host.name;
  await using first = Tun.open({ namespace });
  await using second = Tun.open({ namespace });
  await using third = Tun.open({ namespace, name: "vpn%d" });
  await using fourth = Tun.open({ namespace, name: "fifteen-bytes-x" });
  assertEquals(
    [first.name, second.name, third.name, fourth.name],
    ["tun0", "tun1", "vpn0", "fifteen-bytes-x"],
  );
});

Deno.test("tun: options that cannot be right are refused before the kernel sees them", () => {
  const before = ownedDescriptors();
  const wrong: TunOptions[] = [
    { name: "sixteen-bytes-xx" },
    { name: "a/b" },
    { name: "a b" },
    { name: ".." },
    { name: "tun%s" },
    { name: "" },
    { queues: 0 },
    { queues: 257 },
    { queues: 2, multiQueue: false },
    { owner: -1 },
    { group: 2 ** 32 },
    { mode: "tunnel" as "tun" },
  ];
  for (const options of wrong) {
    assertThrows(() => Tun.open(options), ArgumentError);
  }
  assertEquals(ownedDescriptors(), before);
});

Deno.test("tun: a refusal says what to do and leaves no descriptor", async () => {
  await using lab = await TunLab.open({ name: "t0" });
  const namespace = lab.host.name;
  const before = ownedDescriptors();

  const busy = refused({ namespace, name: "t0" });
  assertEquals(busy.code, "EBUSY");
  assertStringIncludes(busy.message, "Another program holds the device");

  const exists = refused({ namespace, name: "t0", exclusive: true });
  assertEquals(exists.code, "EBUSY");
  assertStringIncludes(exists.message, "An interface of that name exists");

  for (
    const options of [
      { name: "t0", mode: "tap" },
      { name: "t0", queues: 2 },
      { name: "lo" },
    ] as const
  ) {
    const other = refused({ namespace, ...options });
    assertEquals(other.code, "EINVAL");
    assertStringIncludes(other.message, "is not a T");
    assertStringIncludes(other.message, `ip -d link show ${options.name}`);
  }
  assertEquals(ownedDescriptors(), before);
});

Deno.test("tun: a persistent device stays, and is attached to again", async () => {
  await using lab = await Lab.open("host");
  const options = { namespace: lab.host.name, name: "stay0" };
  const first = Tun.open({ ...options, persist: true });
  assertEquals(first.state().persistent, true);
  await first.close();
  assertEquals(
    (await show(lab.host, "stay0")).linkinfo.info_data.persist,
    true,
  );

  // Not given: it remains unchanged.
  await Tun.open(options).close();
  assertEquals(
    (await show(lab.host, "stay0")).linkinfo.info_data.persist,
    true,
  );

  const last = Tun.open(options);
  last.setPersist(false);
  await last.close();
  assertEquals(
    (await lab.host.json<TunLink>("link show")).map(({ ifname }) => ifname),
    ["lo"],
  );
});

Deno.test("tun: a device made by `ip tuntap` is attached to", async () => {
  await using lab = await Lab.open("host");
  await lab.host.ip("tuntap add dev made0 mode tap");
  await using tun = Tun.open({
    namespace: lab.host.name,
    name: "made0",
    mode: "tap",
  });
  assertEquals(tun.state().persistent, true);
});

Deno.test("tun: MTU, index and flags are what the kernel has", async () => {
  await using lab = await TunLab.open();
  const { tun, host } = lab;
  for (const mtu of [68, 1280, 65_535]) {
    tun.setMtu(mtu);
    assertEquals((await show(host, tun.name)).mtu, mtu);
    assertEquals(tun.state().mtu, mtu);
  }
  assertThrows(() => tun.setMtu(67), ArgumentError);
  assertThrows(() => tun.setMtu(65_536), ArgumentError);
  const [link] = await host.json<{ ifindex: number; flags: string[] }>(
    `link show ${tun.name}`,
  );
  const { index, up, running } = tun.state();
  assertEquals([index, up, running], [link.ifindex, true, true]);
  tun.down();
  tun.down();
  const [down] = await host.json<{ flags: string[] }>(`link show ${tun.name}`);
  assert(!down.flags.includes("UP"));

  await using tap = Tun.open({ namespace: host.name, mode: "tap" });
  tap.setMtu(65_521);
  assertThrows(() => tap.setMtu(65_522), ArgumentError);
  await host.output("ip", ["link", "set", tap.name, "mtu", "65522"]).then(
    ({ code }) => assert(code !== 0, "the kernel takes a larger MTU"),
  );
});

Deno.test("tun: flows are spread over the queues, and the device reads them all", async () => {
  await using lab = await TunLab.open({ queues: 4 });
  const { tun } = lab;
  const pending = tun.read();
  const payloads = Array.from({ length: 200 }, (_, i) => `flow ${i}`);
  // Each from a socket of its own: another port, another flow.
  for (const payload of payloads) await lab.send(payload);
  const got = [udpPayload(await pending)];
  const batch = new PacketBatch();
  while (got.length < payloads.length) {
    await tun.readMany(batch, { timeout: 5000 });
    for (let i = 0; i < batch.count; i++) {
      got.push(udpPayload(batch.packet(i)));
    }
  }
  assertEquals(got.sort(), payloads.sort());
  const used = tun.queues.filter(({ counters }) => counters.packetsRead > 0);
  assert(used.length > 1, "one queue had everything");
  assertEquals(tun.counters.packetsRead, 200);
});

Deno.test("tun: a second holder attaches to a device with several queues", async () => {
  await using lab = await TunLab.open({ name: "mq0", multiQueue: true });
  await using other = Tun.open({
    namespace: lab.host.name,
    name: "mq0",
    multiQueue: true,
  });
  assertEquals(other.name, "mq0");
  const { linkinfo } = await show(lab.host, "mq0");
  assertEquals(linkinfo.info_data.numqueues, 2);
});

/** What opening a device comes to in a process of its own. */
async function openElsewhere(
  host: Netns,
  prefix: readonly string[],
  options: TunOptions,
): Promise<Record<string, string>> {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-" });
  try {
    await Deno.chmod(directory, 0o777);
    const device = new URL("../../../lib/tun/device.ts", import.meta.url);
    const [command, ...args] = [
      ...prefix,
      Deno.execPath(),
      "eval",
      "--no-config",
      `import { Tun } from ${JSON.stringify(device.href)};
       try {
         await using tun = Tun.open(${JSON.stringify(options)});
         const read = tun.read();
         read.catch(() => {});
         console.log(JSON.stringify({ opened: tun.name }));
       } catch (error) {
         const { name, code, message, capability } = error;
         console.log(JSON.stringify({ name, code, message, capability }));
       }`,
    ];
    const { code, stdout, stderr } = await host.output(command, args, {
      env: { DENO_DIR: directory, HOME: directory },
    });
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("tun: without /dev/net/tun, ENOENT says how to get it", async () => {
  await using lab = await Lab.open("host");
  const error = await openElsewhere(lab.host, withNode(), {});
  assertEquals([error.name, error.code], ["SystemError", "ENOENT"]);
  assertStringIncludes(error.message, "modprobe tun");
});

Deno.test("tun: a node this user may not open is EACCES and says so", async () => {
  await using lab = await Lab.open("host");
  const error = await openElsewhere(
    lab.host,
    [...withNode("600"), ...AS_NOBODY],
    {},
  );
  assertEquals(error.code, "EACCES");
  assertStringIncludes(error.message, "chmod 0666 /dev/net/tun");
});

Deno.test("tun: without CAP_NET_ADMIN, EPERM names it and the way without", async () => {
  await using lab = await Lab.open("host");
  const error = await openElsewhere(
    lab.host,
    [...withNode("666"), ...AS_NOBODY],
    { name: "mine0" },
  );
  assertEquals([error.code, error.capability], ["EPERM", "CAP_NET_ADMIN"]);
  assertStringIncludes(error.message, "ip tuntap add mine0 mode tun user");
});

Deno.test("tun: the owner of a persistent device opens it without capabilities", async () => {
  await using lab = await Lab.open("host");
  const unprivileged = [...withNode("666"), ...AS_NOBODY];
  const make = (name: string, options: TunOptions) =>
    Tun.open({ namespace: lab.host.name, name, persist: true, ...options })
      .close();
  await make("owned0", { owner: 65534 });
  await make("group0", { group: 65534 });
  await make("other0", { owner: 12345 });
  for (const name of ["owned0", "group0"]) {
    assertEquals(await openElsewhere(lab.host, unprivileged, { name }), {
      opened: name,
    });
  }
  const error = await openElsewhere(lab.host, unprivileged, { name: "other0" });
  assertEquals(error.code, "EPERM");
});

Deno.test("tun: a worker may block on a queue, and closing there leaves it open here", async () => {
  await using lab = await TunLab.open({ queues: 2 });
  await using stop = StopEvent.create();
  const [mine, theirs] = lab.tun.queues;
  const worker = new Worker(new URL("queue_worker.ts", import.meta.url), {
    type: "module",
  });
  const lengths: number[] = [];
  const ended = Promise.withResolvers<void>();
  worker.onmessage = ({ data }) => {
    if (data === "ended") ended.resolve();
    else lengths.push(...data);
  };
  worker.postMessage([theirs.handle, stop.handle]);
  // Flows fall on either queue; what falls on this one is not the worker's.
  const batch = new PacketBatch();
  while (lengths.length < 5) {
    await lab.send("to whom?");
    mine.tryReadMany(batch);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  stop.set();
  await ended.promise;
  worker.terminate();
  assertEquals(new Set(lengths), new Set([36]));
  assertEquals(theirs.closed, false);
  while (theirs.tryReadMany(batch) > 0);
});
