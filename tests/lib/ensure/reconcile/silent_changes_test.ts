// The reconcile loop beside changes that the kernel does not notify: routes are
// restored with the address and the MTU that they depend on.

import { assertEquals } from "@std/assert";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import type { NetworkConfiguration } from "../../../../lib/ensure/parse/configuration.ts";
import { Lab, type Netns } from "../../../support/netns.ts";
import { settled } from "../../../support/settled.ts";
import { advertise, hostAndRouter, ROUTER } from "../../../support/router.ts";
import "../../../support/descriptors.ts";

/** Reconciles until the end of its scope. */
async function looping(
  netns: Netns,
  configuration: NetworkConfiguration,
): Promise<Reconciler & AsyncDisposable> {
  const reconciler = await Reconciler.open(parseConfiguration(configuration), {
    namespace: netns.name,
  });
  assertEquals((await reconciler.apply()).refused, undefined);
  const reports = reconciler.reconcile();
  (async () => {
    for await (const _ of reports);
  })();
  return reconciler;
}

Deno.test("ensure restores the source and the MTU of IPv6 routes", async () => {
  await using lab = await Lab.open("ns");
  const { ns } = lab;
  const to = "2001:db8:7::/48";
  await using _reconciler = await looping(ns, {
    links: [
      {
        name: "d0",
        kind: "veth",
        options: { peer: { name: "d1" } },
        up: true,
        mtu: 1500,
        addresses: [
          { address: "2001:db8::1/64", nodad: true },
          { address: "2001:db8::7/64", nodad: true },
        ],
      },
      { name: "d1", up: true },
    ],
    routes: [
      { to, via: "2001:db8::2", dev: "d0", src: "2001:db8::7", mtu: 1500 },
    ],
  });
  const restored = () =>
    settled(async () => {
      const [route] = await ns.json<Record<string, unknown>>(
        `-6 route show ${to}`,
      );
      assertEquals(
        [route?.prefsrc, route?.metrics],
        ["2001:db8::7", [{ mtu: 1500 }]],
      );
    });
  await restored();
  await ns.ip("address delete 2001:db8::7/64 dev d0");
  await restored();
  await ns.ip("link set d0 mtu 1400");
  await restored();
});

Deno.test("ensure adds a static route beside one of a router advertisement", async () => {
  await using lab = await hostAndRouter();
  const { host, router } = lab;
  await advertise(router);
  const gateways = () =>
    host.json<{ gateway: string; protocol: string }>("-6 route show default");
  const are = (...wanted: string[]) =>
    settled(async () => {
      const shown = await gateways();
      const found = shown.map((one) => `${one.gateway} ${one.protocol}`);
      assertEquals(found.toSorted(), wanted);
    });
  await are(`${ROUTER} ra`);
  // The metric of the kernel's own, so that the add is refused as existing.
  await using reconciler = await looping(host, {
    routes: [
      {
        to: "default",
        via: "fe80::3",
        dev: "eth0",
        metric: 1024,
        protocol: "static",
      },
    ],
  });
  const both = [`${ROUTER} ra`, "fe80::3 static"];
  await are(...both);
  assertEquals((await reconciler.plan()).actions, []);
  await host.ip("route delete default via fe80::3 dev eth0");
  await are(...both);
});
