// Everything that waits: given up before it began, given up or closed while it
// waits, one or several at a time, and numbers that are used again.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EAGAIN } from "../../ffi/errno.ts";
import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg, RTM_GETLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { ClosedError } from "../../lib/errors.ts";
import { NetlinkConnection } from "../../lib/netlink/connection.ts";
import { NetlinkSubscription } from "../../lib/netlink/subscription.ts";
import type { WaitOptions } from "../../lib/io/reactor.ts";
import { replaceAddress } from "../../lib/rtnetlink/address.ts";
import { Monitor } from "../../lib/rtnetlink/monitor/monitor.ts";
import { Network } from "../../lib/rtnetlink/network.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { addTunAddress } from "../../lib/rtnetlink/tun.ts";
import { PacketBatch } from "../../lib/tun/batch.ts";
import { Tun } from "../../lib/tun/device.ts";
import { ReceiveBatch } from "../../lib/udp/receive_batch.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { assertDescriptors, idleDescriptors } from "../support/descriptors.ts";
import { failing, Faults } from "../support/faults.ts";
import { SocketPair } from "../support/socket_pair.ts";
import { elsewhere } from "./operations/namespace.ts";

type Owner = AsyncDisposable & { close(): Promise<void> };

/** A wait without an end of its own. */
interface Pending {
  readonly name: string;
  open(): Owner | Promise<Owner>;
  begin(owner: Owner, options: WaitOptions): Promise<unknown>;
  /** The call that says EAGAIN, without which it would not have to wait. */
  readonly held?: string;
}

function pending<O extends Owner>(
  name: string,
  open: () => O | Promise<O>,
  begin: (owner: O, options: WaitOptions) => Promise<unknown>,
  held?: string,
): Pending {
  return { name, open, begin: begin as Pending["begin"], held };
}

const TO = { address: "127.0.0.1", port: 9 };
const LINKS = { type: RTM_GETLINK, body: ifinfomsg.build({}) };
const ONE = { type: RTM_GETLINK, body: ifinfomsg.build({ ifi_index: 1 }) };
const PACKET = new Uint8Array(40).fill(0x45, 0, 1);

const udp = () => UdpSocket.bind({ address: "127.0.0.1" });
const errors = () =>
  UdpSocket.bind({ address: "127.0.0.1", receiveErrors: true });
const route = () => RouteSocket.open({ namespace: elsewhere() });
const connection = () => NetlinkConnection.open({ protocol: NETLINK_ROUTE });
const tun = () => {
  const tun = Tun.open({ namespace: elsewhere() });
  tun.up();
  return tun;
};
const queues = () => Tun.open({ namespace: elsewhere(), queues: 3 });
const watching = () =>
  Monitor.open({ namespace: elsewhere(), objects: ["rule"] });

const EVERYTHING: readonly Pending[] = [
  pending(
    "a descriptor",
    () => new SocketPair().a,
    (it, options) => it.readable(options),
  ),
  pending("UdpSocket.receive", udp, (it, options) => it.receive(options)),
  pending(
    "UdpSocket.receiveMany",
    udp,
    (it, options) => it.receiveMany(new ReceiveBatch(), options),
  ),
  pending(
    "UdpSocket.datagrams",
    udp,
    (it, options) => it.datagrams(options).next(),
  ),
  pending(
    "UdpSocket.errors",
    errors,
    (it, options) => it.errors(options).next(),
  ),
  pending(
    "UdpSocket.send",
    udp,
    (it, options) => it.send("x", TO, options),
    "sendmmsg",
  ),
  pending(
    "UdpSocket.sendMany",
    udp,
    (it, options) => it.sendMany([{ data: "x", to: TO }], options),
    "sendmmsg",
  ),
  pending("Tun.read", tun, (it, options) => it.read(options)),
  pending(
    "Tun.readMany",
    tun,
    (it, options) => it.readMany(new PacketBatch(), options),
  ),
  pending("Tun.packets", tun, (it, options) => it.packets(options).next()),
  pending("Tun.batches", tun, (it, options) => it.batches(options).next()),
  pending(
    "Tun.read of several queues",
    queues,
    (it, options) => it.read(options),
  ),
  pending(
    "Tun.write",
    tun,
    (it, options) => it.write(PACKET, options),
    "write",
  ),
  pending(
    "NetlinkConnection.request",
    connection,
    (it, options) => it.request(ONE, undefined, options),
    "recvfrom",
  ),
  pending(
    "NetlinkConnection.requestMany",
    connection,
    (it, options) => it.requestMany([ONE, ONE], options),
    "recvfrom",
  ),
  pending(
    "NetlinkConnection.dump",
    connection,
    (it, options) => it.dump(LINKS, () => undefined, options),
    "recvfrom",
  ),
  pending(
    "NetlinkSubscription.readable",
    () =>
      NetlinkSubscription.open({
        protocol: NETLINK_ROUTE,
        namespace: elsewhere(),
        groups: [],
      }),
    (it, options) => it.readable(options),
  ),
  pending(
    "RouteSocket.links",
    route,
    (it, options) => it.links(options),
    "recvfrom",
  ),
  pending(
    "Network.apply",
    () => Network.open({ namespace: elsewhere() }),
    (it, options) =>
      it.apply(replaceAddress({ address: "10.9.7.1/32", dev: "lo" }), options),
    "recvfrom",
  ),
  pending("Monitor.receive", watching, (it, options) => it.receive(options)),
];

const REASON = new RangeError("given up");
/** The end that an iteration sees in the place of ClosedError. */
const END = '{"value":undefined,"done":true}';

function underWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** Fails if it takes longer than closing a device does on a busy machine. */
async function soon(body: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await body();
  const took = performance.now() - start;
  assert(took < 3000, `took ${took.toFixed(0)} ms`);
}

/** What became of it: its reason to fail, or what it gave. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    const { value, done } = await promise as { value: unknown; done: boolean };
    return done ? END : `gave ${value}`;
  } catch (error) {
    return error;
  }
}

async function prepared(
  { open, held }: Pending,
  body: (owner: Owner, faults: Faults) => Promise<void>,
): Promise<void> {
  elsewhere();
  using faults = new Faults();
  const before = await idleDescriptors();
  {
    await using owner = await open();
    const fault = failing(EAGAIN);
    const arming = { call: held ?? "", times: Infinity, fault };
    faults.arm(held === undefined ? undefined : arming);
    await body(owner, faults);
    faults.disarm();
  }
  // The other end of the pair is the test's.
  if (open.toString().includes("SocketPair")) return;
  await assertDescriptors(before);
}

const ended = (it: unknown) => it instanceof ClosedError || it === END;

for (const one of EVERYTHING) {
  Deno.test(`pending: ${one.name}: aborted before, nothing is done`, async () => {
    await prepared(one, async (owner, faults) => {
      const signal = AbortSignal.abort(REASON);
      const begun = one.begin(owner, { signal });
      assertEquals(await outcome(begun), REASON);
      const done = faults.trace.filter((call) =>
        /^(send|recv|read$|write$)/.test(call)
      );
      // What is there already may be looked at, not waited for and not sent.
      assertEquals(done.filter((call) => !/^recv/.test(call)), []);
    });
  });

  Deno.test(`pending: ${one.name}: aborted or out of time meanwhile`, async () => {
    await prepared(one, async (owner) => {
      const stop = new AbortController();
      const waits = [1, 2].map(() =>
        outcome(one.begin(owner, { signal: stop.signal }))
      );
      await underWay();
      await soon(() => {
        stop.abort(REASON);
        return Promise.all(waits);
      });
      assertEquals(await Promise.all(waits), [REASON, REASON]);
      const late = await outcome(one.begin(owner, { timeout: 5 }));
      assert(late instanceof Error && late.name === "TimeoutError", `${late}`);
    });
  });

  Deno.test(`pending: ${one.name}: closed meanwhile, and ever after`, async () => {
    await prepared(one, async (owner) => {
      const waits = [1, 2].map(() => outcome(one.begin(owner, {})));
      await underWay();
      await soon(async () => {
        await owner.close();
        for (const wait of waits) assert(ended(await wait), `${await wait}`);
      });
      const after = await outcome(one.begin(owner, {}));
      assert(ended(after), `${after}`);
    });
  });
}

Deno.test("pending: a monitor that is opened gives up and leaves nothing open", async () => {
  elsewhere();
  using faults = new Faults();
  const before = await idleDescriptors();
  const open = (signal: AbortSignal) =>
    Monitor.open({ namespace: elsewhere() }, { signal });
  await assertRejects(() => open(AbortSignal.abort(REASON)), RangeError);
  await assertDescriptors(before);
  faults.arm({ call: "recvfrom", times: Infinity, fault: failing(EAGAIN) });
  const stop = new AbortController();
  const opening = open(stop.signal);
  await underWay();
  stop.abort(REASON);
  await assertRejects(() => opening, RangeError);
  faults.disarm();
  await assertDescriptors(before);
});

Deno.test("pending: a socket on the number of one that was waited on hears its own alone", async () => {
  for (let round = 0; round < 20; round++) {
    const old = udp();
    const was = old.handle.fd;
    const port = old.address.port;
    const wait = outcome(old.receive());
    if (round % 2 === 0) await underWay();
    const closing = old.close();
    await closing;
    await using next = UdpSocket.bind({ address: "127.0.0.1", port });
    assertEquals(next.handle.fd, was);
    await next.send("new", next.address);
    assert(ended(await wait));
    const { data } = await next.receive({ timeout: 5000 });
    assertEquals(new TextDecoder().decode(data), "new");
    await assertRejects(() => old.receive(), ClosedError);
  }
});

Deno.test("pending: a device opened when one that was waited on is closed hears its own alone", async () => {
  elsewhere();
  const old = tun();
  const wait = outcome(old.read());
  await underWay();
  await old.close();
  await using next = tun();
  await addTunAddress(next, "10.9.3.1/24");
  await using socket = UdpSocket.bind({
    namespace: elsewhere(),
    address: "10.9.3.1",
  });
  const reading = next.read({ timeout: 5000 });
  await socket.send("new", { address: "10.9.3.2", port: 9 });
  assertEquals(new TextDecoder().decode((await reading).subarray(28)), "new");
  assert(ended(await wait));
});

Deno.test("pending: an answer for a connection that was closed is not the next one's", async () => {
  const old = connection();
  const wait = outcome(old.dump(LINKS, ({ type }) => type));
  await old.close();
  await using next = connection();
  const { objects } = await next.request(ONE, ({ type }) => type);
  assertEquals([objects.length, next.counters.foreignSequence], [1, 0]);
  assert(ended(await wait));
});

Deno.test("pending: hundreds of sockets, each hears its own", async () => {
  await using stack = new AsyncDisposableStack();
  const sockets = Array.from({ length: 300 }, () => stack.use(udp()));
  await using sender = udp();
  const heard = sockets.map(async (socket) => {
    const { data } = await socket.receive({ timeout: 20_000 });
    return new TextDecoder().decode(data);
  });
  await sender.sendMany(sockets.map(({ address }, index) => ({
    data: `${index}`,
    to: address,
  })));
  assertEquals(await Promise.all(heard), sockets.map((_, index) => `${index}`));
});
