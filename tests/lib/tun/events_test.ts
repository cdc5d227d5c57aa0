// Device events, with `ip` as the one that changes the device.

import { assertEquals, assertRejects } from "@std/assert";
import { Monitor } from "../../../lib/rtnetlink/monitor/monitor.ts";
import { tunEvents } from "../../../lib/rtnetlink/tun_events.ts";
import { TimeoutError } from "../../../lib/errors.ts";
import { Tun } from "../../../lib/tun/device.ts";
import type { TunEvent } from "../../../lib/tun/events.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

const TIMEOUT = { timeout: 10_000 };

/** Reads events until one matches; gives those up to and including it. */
async function until(
  events: AsyncIterator<TunEvent>,
  matches: (event: TunEvent) => boolean,
): Promise<TunEvent[]> {
  const seen: TunEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`ended after ${JSON.stringify(seen)}`);
    seen.push(value);
    if (matches(value)) return seen;
  }
}

Deno.test("tun events: up, down, MTU, name, addresses and removal", async () => {
  await using lab = await Lab.open("host");
  const { host } = lab;
  await host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  await using tun = Tun.open({ namespace: host.name, name: "dev0" });
  await using other = Tun.open({ namespace: host.name, name: "dev1" });
  await using monitor = await Monitor.open({
    objects: ["link", "address"],
    snapshot: true,
    namespace: host.name,
  });
  const events = tun.events(monitor, TIMEOUT);
  assertEquals(await until(events, ({ event }) => event === "mtu"), [
    { event: "down", running: false },
    { event: "mtu", mtu: 1500 },
  ]);
  // Another device's events are not this one's.
  other.up();
  await host.ip("link set dev0 mtu 1400");
  assertEquals(await until(events, () => true), [{ event: "mtu", mtu: 1400 }]);
  await host.ip("link set dev0 up");
  const up = await until(
    events,
    (event) => event.event === "up" && event.running,
  );
  assertEquals(new Set(up.map(({ event }) => event)), new Set(["up"]));
  await host.ip("address add 10.9.0.1/24 dev dev0");
  assertEquals(await until(events, () => true), [{
    event: "address",
    change: "added",
    address: "10.9.0.1",
    prefixLength: 24,
  }]);
  await host.ip("address delete 10.9.0.1/24 dev dev0");
  assertEquals(await until(events, () => true), [{
    event: "address",
    change: "removed",
    address: "10.9.0.1",
    prefixLength: 24,
  }]);
  await host.ip("link set dev0 down");
  assertEquals((await until(events, () => true))[0].event, "down");
  await host.ip("link set dev0 name new0");
  const renamed = await until(events, ({ event }) => event === "renamed");
  assertEquals(renamed.at(-1), { event: "renamed", name: "new0" });
  await host.ip("link delete new0");
  const removed = await until(events, ({ event }) => event === "removed");
  assertEquals(removed.at(-1), { event: "removed" });
  assertEquals(await events.next(), { done: true, value: undefined });
  // The monitor stays open for its owner.
  assertEquals(monitor.all("link").some(({ name }) => name === "dev1"), true);
});

Deno.test("tun events: a move is the last event of a monitor, and is followed by tunEvents", async () => {
  await using lab = await Lab.open("here", "there");
  await using tun = Tun.open({ namespace: lab.here.name, name: "dev0" });
  await using monitor = await Monitor.open({
    objects: ["link", "address"],
    snapshot: true,
    namespace: lab.here.name,
  });
  const events = tun.events(monitor, TIMEOUT);
  const followed = tunEvents(tun, TIMEOUT);
  await until(events, ({ event }) => event === "mtu");
  await until(followed, ({ event }) => event === "mtu");
  await lab.here.ip(`link set dev0 netns ${lab.there.name}`);
  const moved = await until(events, ({ event }) => event === "moved");
  assertEquals(moved.at(-1), { event: "moved" });
  assertEquals((await events.next()).done, true);
  await until(followed, ({ event }) => event === "moved");
  await lab.there.ip("link set dev0 mtu 1300");
  await until(followed, (event) => event.event === "mtu" && event.mtu === 1300);
  await lab.there.ip("link delete dev0");
  await until(followed, ({ event }) => event === "removed");
  assertEquals((await followed.next()).done, true);
});

Deno.test("tun events: return() and a timeout end a pending next()", async () => {
  await using lab = await Lab.open("host");
  await using tun = Tun.open({ namespace: lab.host.name });
  const events = tunEvents(tun);
  await until(events, ({ event }) => event === "mtu");
  const pending = events.next();
  await events.return();
  assertEquals((await pending).done, true);

  await using monitor = await Monitor.open({
    objects: ["link"],
    namespace: lab.host.name,
  });
  await assertRejects(
    () => tun.events(monitor, { timeout: 20 }).next(),
    TimeoutError,
  );
  const controller = new AbortController();
  const aborted = tun.events(monitor, { signal: controller.signal }).next();
  controller.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
});
