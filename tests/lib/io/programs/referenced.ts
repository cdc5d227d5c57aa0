// Programs whose waits do or do not keep them alive, for ref_test.ts.
//
//   referenced.ts NAME

import { Monitor, PacketBatch, Tun, UdpSocket } from "../../../../mod.ts";

const [name] = Deno.args;
const socket = UdpSocket.bind({ address: "127.0.0.1", receiveErrors: true });

async function iterate(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

function same(value: unknown, expected: unknown): void {
  if (value !== expected) throw new Error(`${value}, not ${expected}`);
}

/** Once the reactor sleeps. */
const asleep = () => new Promise((resolve) => setTimeout(resolve, 30));

async function device(queues = 1): Promise<Tun> {
  const tun = Tun.open({ queues });
  await new Deno.Command("ip", {
    args: ["address", "add", "10.9.0.1/24", "dev", tun.name],
  }).output();
  return tun;
}

/** Those that end by themselves; what they wait for never comes. */
const ENDS: Record<string, () => Promise<void> | void> = {
  "unref, then wait"() {
    same(socket.unref(), undefined);
    socket.receive();
  },
  async "wait, then unref"() {
    socket.receive();
    await asleep();
    socket.unref();
  },
  "unref twice"() {
    socket.unref();
    socket.receive();
    socket.unref();
  },
  async "unref of every wait"() {
    socket.unref();
    socket.receive({ timeout: 3_600_000 });
    socket.receive({ signal: new AbortController().signal });
    for (let n = 0; n < 100; n++) socket.receive();
    await asleep();
  },
  async "unref of an iterator"() {
    socket.unref();
    iterate(socket);
    iterate(socket.errors());
    await asleep();
  },
  async "unref after ref"() {
    socket.unref();
    socket.receive();
    await asleep();
    same(socket.ref(), undefined);
    await asleep();
    socket.unref();
  },
  async "unref of a monitor"() {
    const monitor = await Monitor.open();
    same(monitor.unref(), undefined);
    monitor.receive();
  },
  async "unref of a monitor that waits"() {
    const monitor = await Monitor.open();
    monitor.receive();
    await asleep();
    monitor.unref();
  },
  async "unref of a loop over a monitor"() {
    const monitor = await Monitor.open();
    monitor.unref();
    iterate(monitor);
    await asleep();
  },
  async "unref of a device"() {
    const tun = await device();
    same(tun.unref(), undefined);
    tun.read();
    tun.readMany(new PacketBatch());
  },
  async "unref of a device that waits"() {
    const tun = await device();
    tun.read();
    await asleep();
    tun.unref();
  },
  async "unref of a device of two queues"() {
    const tun = await device(2);
    tun.unref();
    tun.read();
    await asleep();
  },
  async "unref of a loop over a device"() {
    const tun = await device();
    tun.unref();
    iterate(tun);
    iterate(tun.batches());
    await asleep();
  },
  async "open and idle"() {
    await Monitor.open();
    const tun = await device();
    tun.up();
    await socket.send("x", socket.address);
    await socket.receive();
  },
};

/** Those that live until something comes from outside; each resolves with it. */
const LIVES: Record<
  string,
  () => Promise<{ wait: Promise<unknown>; device?: string }>
> = {
  async "ref after unref"() {
    socket.unref();
    socket.ref();
    await asleep();
    return { wait: socket.receive() };
  },
  async "ref during the wait"() {
    socket.unref();
    const wait = socket.receive();
    await asleep();
    socket.ref();
    return { wait };
  },
  async "one of two sockets"() {
    const other = UdpSocket.bind({ address: "127.0.0.1" });
    other.unref();
    other.receive();
    const wait = socket.receive();
    await asleep();
    return { wait };
  },
  async "a timer keeps it alive"() {
    socket.unref();
    const timer = setTimeout(() => {}, 60_000);
    const wait = socket.receive().then(() => clearTimeout(timer));
    await asleep();
    return { wait };
  },
  async "ref of a monitor"() {
    const monitor = await Monitor.open({ objects: ["link"] });
    monitor.unref();
    monitor.ref();
    return { wait: monitor.receive() };
  },
  async "ref of a device"() {
    const tun = await device();
    tun.up();
    tun.unref();
    const wait = (async () => {
      // The kernel itself sends IPv6 packets.
      for await (const packet of tun) if (packet[0] >> 4 === 4) break;
    })();
    await asleep();
    tun.ref();
    return { wait, device: tun.name };
  },
};

if (ENDS[name] !== undefined) {
  await ENDS[name]();
  console.log("last line");
} else {
  const { wait, device } = await LIVES[name]();
  wait.then(() => console.log("received"));
  console.log(JSON.stringify({ port: socket.address.port, device }));
}
