// Addresses and routes of a device, as `ip -j` shows them.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import { NetlinkError } from "../../../lib/netlink/errors.ts";
import { addTunAddress, addTunRoute } from "../../../lib/rtnetlink/tun.ts";
import { DeviceGoneError } from "../../../lib/tun/errors.ts";
import { Tun } from "../../../lib/tun/device.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";

interface Shown {
  addr_info: { local: string; address?: string; prefixlen: number }[];
}

/** The addresses that were given, without the kernel's own link-local one. */
async function addresses(host: Netns, name: string) {
  const [{ addr_info }] = await host.json<Shown>(`address show dev ${name}`);
  return addr_info.filter(({ local }) => !local.startsWith("fe80:")).map(
    ({ local, address, prefixlen }) => ({ local, address, prefixlen }),
  );
}

async function routes(host: Netns, version: 4 | 6, name: string) {
  const shown = await host.json<
    { dst: string; dev: string; protocol: string; scope?: string }
  >(`-${version} route show dev ${name} proto boot`);
  return shown.map(({ dst, scope }) => ({ dst, scope }));
}

Deno.test("tun: addresses are what `ip address` shows, and may be there already", async () => {
  await using lab = await Lab.open("host");
  await using tun = Tun.open({ namespace: lab.host.name });
  for (let times = 0; times < 2; times++) {
    await addTunAddress(tun, "10.9.0.1/24");
    await addTunAddress(tun, "2001:db8::1/64");
    await addTunAddress(tun, "192.0.2.1", { peer: "192.0.2.2" });
    await addTunAddress(tun, "198.51.100.1", { peer: "203.0.113.0/24" });
    await addTunAddress(tun, "2001:db8:1::1", { peer: "2001:db8:1::2" });
  }
  assertEquals((await addresses(lab.host, tun.name)).sort(byLocal), [
    { local: "10.9.0.1", address: undefined, prefixlen: 24 },
    { local: "192.0.2.1", address: "192.0.2.2", prefixlen: 32 },
    { local: "198.51.100.1", address: "203.0.113.0", prefixlen: 24 },
    { local: "2001:db8:1::1", address: "2001:db8:1::2", prefixlen: 128 },
    { local: "2001:db8::1", address: undefined, prefixlen: 64 },
  ]);
});

function byLocal(a: { local: string }, b: { local: string }): number {
  return a.local < b.local ? -1 : 1;
}

Deno.test("tun: routes are what `ip route` shows, and may be there already", async () => {
  await using lab = await Lab.open("host");
  await using tun = Tun.open({ namespace: lab.host.name });
  tun.up();
  const four = ["192.0.2.0/24", "198.51.100.7", "0.0.0.0/0"];
  const six = ["2001:db8::/32", "::/0"];
  for (const to of [...four, ...four, ...six, ...six]) {
    await addTunRoute(tun, to);
  }
  assertEquals(await routes(lab.host, 4, tun.name), [
    { dst: "default", scope: "link" },
    { dst: "192.0.2.0/24", scope: "link" },
    { dst: "198.51.100.7", scope: "link" },
  ]);
  assertEquals(
    (await routes(lab.host, 6, tun.name)).map(({ dst }) => dst).sort(),
    ["2001:db8::/32", "default"],
  );
});

Deno.test("tun: a network that is routed elsewhere stays there", async () => {
  await using lab = await Lab.open("host");
  const namespace = lab.host.name;
  await using first = Tun.open({ namespace });
  await using second = Tun.open({ namespace });
  first.up();
  second.up();
  await addTunRoute(first, "192.0.2.0/24");
  const error = await assertRejects(
    () => addTunRoute(second, "192.0.2.0/24"),
    NetlinkError,
  );
  assertEquals(error.code, "EEXIST");
  assertStringIncludes(error.message, "route 192.0.2.0/24 into tun1");
  assertEquals((await routes(lab.host, 4, first.name)).length, 1);
});

Deno.test("tun: what is no address or network is refused before the kernel sees it", async () => {
  await using lab = await Lab.open("host");
  await using tun = Tun.open({ namespace: lab.host.name });
  await assertRejects(() => addTunAddress(tun, "10.9.0.1/33"), ArgumentError);
  await assertRejects(
    () => addTunAddress(tun, "10.9.0.1", { peer: "2001:db8::1" }),
    ArgumentError,
    "same IP version",
  );
  await assertRejects(
    () => addTunRoute(tun, "10.9.0.1/24"),
    ArgumentError,
    "10.9.0.0/24",
  );
});

Deno.test("tun: a device that was moved gets its addresses and routes where it is", async () => {
  await using lab = await Lab.open("here", "there");
  await using tun = Tun.open({ namespace: lab.here.name });
  await lab.here.ip(`link set ${tun.name} netns ${lab.there.name}`);
  tun.up();
  await addTunAddress(tun, "10.9.0.1/24");
  await addTunRoute(tun, "192.0.2.0/24");
  assertEquals((await addresses(lab.there, tun.name)).length, 1);
  assertEquals((await routes(lab.there, 4, tun.name)).length, 1);
});

Deno.test("tun: a deleted device gets none", async () => {
  await using lab = await Lab.open("host");
  await using tun = Tun.open({ namespace: lab.host.name });
  await lab.host.ip(`link delete ${tun.name}`);
  await assertRejects(() => addTunAddress(tun, "10.9.0.1/24"), DeviceGoneError);
  await assertRejects(() => addTunRoute(tun, "10.9.0.0/24"), DeviceGoneError);
  assert(!tun.queues[0].closed);
});
