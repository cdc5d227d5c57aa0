// /metrics of `netplumb view`, checked by promtool and by `ip -s -j link`.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Lab, output } from "../../support/netns.ts";
import { Prometheus } from "../../support/prometheus.ts";
import { ViewServer } from "./serve.ts";

/** A link of `ip -s -j`. */
interface IpLink {
  readonly ifname: string;
  readonly stats64: Record<"rx" | "tx", { bytes: number; packets: number }>;
}

Deno.test("Prometheus scrapes /metrics of view", async () => {
  await using lab = await Lab.open("left");
  const { left } = lab;
  await left.ip("link set lo up");
  await using server = await ViewServer.openIn(left, []);
  await using prometheus = await Prometheus.start(left, {
    view: `${server.url}metrics`,
  });
  const names = (await prometheus.series("view"))
    .map(({ labels }) => labels.__name__);
  assert(names.includes("system_network_io_bytes_total"), names.join());
  assert(names.includes("netplumb_monitor_events_total"));
});

Deno.test("/metrics has the counters of ip -s -j, and the events", async () => {
  await using lab = await Lab.open("left", "right");
  await lab.veth("left", "v0", "right", "v1");
  const both = [lab.left, lab.right];
  await using server = await ViewServer.open(both);
  const get = async () => await (await fetch(`${server.url}metrics`)).text();
  const value = (text: string, series: string) =>
    text.split("\n").find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1);

  const text = await get();
  assertEquals(
    await output("promtool", ["check", "metrics"], { stdin: text }),
    {
      code: 0,
      stdout: "",
      stderr: "",
    },
  );
  for (const netns of both) {
    const stats = () => netns.json<IpLink>("-s link show type veth");
    // IPv6 sends a few packets after a link came up.
    let [before, counted, after] = [await stats(), await get(), await stats()];
    while (JSON.stringify(before) !== JSON.stringify(after)) {
      [before, counted, after] = [after, await get(), await stats()];
    }
    const [{ ifname, stats64 }] = before;
    const labels = `netplumb_namespace="${netns.name}",` +
      `netplumb_link_kind="veth",network_interface_name="${ifname}"`;
    for (const [way, direction] of [["rx", "receive"], ["tx", "transmit"]]) {
      assertEquals(
        value(
          counted,
          `system_network_io_bytes_total{${labels},` +
            `network_io_direction="${direction}"}`,
        ),
        String(stats64[way as "rx"].bytes),
      );
    }
  }
  const events = 'netplumb_monitor_events_total{netplumb_object="link"}';
  const before = Number(value(text, events));
  await lab.left.batch("link set v0 mtu 1400\nlink set v0 mtu 1300");
  while (Number(value(await get(), events)) < before + 2);
  assertMatch(await get(), /^netplumb_monitor_overruns_total 0$/m);
});
