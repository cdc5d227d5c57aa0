// Metrics as Prometheus reads them: promtool checks the text, a server scrapes it
// in both formats, and the counters equal those of `ip -s -j link`.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  ensureMetrics,
  monitorMetrics,
} from "../../../cli/metrics/commands.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import { linkMetrics } from "../../../cli/metrics/links.ts";
import type { Metric } from "../../../cli/metrics/metric.ts";
import {
  metricsResponse,
  metricsText,
} from "../../../cli/metrics/openmetrics.ts";
import { noTotals } from "../../../cli/monitor/totals.ts";
import { LinkSampler } from "../../../cli/rates/sampler.ts";
import "../../support/descriptors.ts";
import { Lab, output } from "../../support/netns.ts";
import { ViewServer } from "../view/serve.ts";
import { Prometheus } from "../../support/prometheus.ts";

const { signal } = new AbortController();

/** Totals that all differ. */
function commandMetrics(): Metric[] {
  const totals = noTotals(["link", "route"]);
  Object.assign(totals.byObject, { link: 3, route: 4 });
  Object.assign(totals, { overruns: 5, resynchronisations: 6, corrections: 7 });
  return [
    ...monitorMetrics(totals),
    ...ensureMetrics({
      corrections: 8,
      refused: 9,
      conflicts: 10,
      overruns: 11,
    }),
  ];
}

Deno.test("promtool check metrics has nothing to say", async () => {
  const samples = await new LinkSampler([undefined]).read(signal);
  const text = metricsText(
    [...linkMetrics(samples), ...commandMetrics()],
    "prometheus",
  );
  const checked = await output("promtool", ["check", "metrics"], {
    stdin: text,
  });
  assertEquals(checked, { code: 0, stdout: "", stderr: "" });
  // It complains of what it should.
  const bad = await output("promtool", ["check", "metrics"], {
    stdin: text.replaceAll("_total", ""),
  });
  assertEquals(bad.code, 3);
});

Deno.test("the format of /metrics is the one that the client accepts", async () => {
  const get = async (accept: string) => {
    const request = new Request("http://localhost/metrics", {
      headers: { accept },
    });
    const response = metricsResponse(request, commandMetrics());
    return [response.headers.get("content-type"), await response.text()];
  };
  const [plain, text] = await get("*/*");
  assertEquals(plain, "text/plain; version=0.0.4; charset=utf-8");
  assertStringIncludes(text!, "# TYPE netplumb_monitor_events_total counter\n");
  const [open, openText] = await get(
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
  );
  assertEquals(
    open,
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  assertStringIncludes(openText!, "# TYPE netplumb_monitor_events counter\n");
  assert(openText!.endsWith("# EOF\n"));
});

Deno.test("Prometheus scrapes what `ip -s -j link` counts, in both formats", async () => {
  await using lab = await Lab.open("left", "right");
  // IPv6 sends packets by itself.
  for (const netns of [lab.left, lab.right]) {
    await netns.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  }
  await lab.veth("left", "eth0", "right", "eth0");
  await lab.left.ip("address add 192.0.2.1/24 dev eth0");
  await lab.right.ip("address add 192.0.2.2/24 dev eth0");
  // A name that has to be escaped.
  await lab.left.ip(`link add a"b\\c type bridge`);
  await lab.left.run("ping", "-q -c 5 -i 0.002 192.0.2.2".split(" "));
  const namespaces = [lab.left.name, lab.right.name];
  const samples = await new LinkSampler(namespaces).read(signal);
  const metrics = [...linkMetrics(samples), ...commandMetrics()];
  // A link that nothing passes any more counts the same for `ip`.
  const links = await Promise.all(
    [lab.left, lab.right].map(async (netns) => ({
      namespace: netns.name,
      links: await netns.json<IpLink>("-s -s -d link show"),
    })),
  );
  const accepts: (string | null)[] = [];
  await using server = inNamespace(
    lab.left.name,
    () =>
      Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        (request) => {
          const { headers, url } = request;
          accepts.push(headers.get("accept"));
          const plain = url.endsWith("/prometheus");
          return metricsResponse(plain ? new Request(url) : request, metrics);
        },
      ),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  await using prometheus = await Prometheus.start(lab.left, {
    openmetrics: `${url}/openmetrics`,
    prometheus: `${url}/prometheus`,
  });
  for (const format of ["openmetrics", "prometheus"]) {
    const series = await prometheus.series(format);
    const value = (name: string, labels: Record<string, string>) => {
      const found = series.filter((one) =>
        one.labels.__name__ === name &&
        Object.entries(labels)
          .every(([key, value]) => (one.labels[key] ?? "") === value)
      );
      assertEquals(found.length, 1, `${name} ${JSON.stringify(labels)}`);
      return found[0].value;
    };
    let counted = 0;
    for (const { namespace, links: all } of links) {
      for (const { ifname, linkinfo, operstate, stats64 } of all) {
        const labels = {
          netplumb_namespace: namespace,
          netplumb_link_kind: linkinfo?.info_kind ?? "",
          network_interface_name: ifname,
        };
        for (const way of ["rx", "tx"] as const) {
          const direction = {
            ...labels,
            network_io_direction: way === "rx" ? "receive" : "transmit",
          };
          for (
            const [name, key] of [
              ["io_bytes", "bytes"],
              ["packet_count", "packets"],
              ["packet_dropped", "dropped"],
              ["errors", "errors"],
            ]
          ) {
            assertEquals(
              value(`system_network_${name}_total`, direction),
              stats64[way][key],
              `${ifname} ${way} ${key}`,
            );
            counted++;
          }
        }
        assertEquals(
          value("netplumb_link_carrier_changes_total", labels),
          stats64.tx.carrier_changes,
        );
        assertEquals(
          value("netplumb_link_up", labels),
          Number(operstate === "UP" || ifname === "lo"),
          ifname,
        );
      }
    }
    assertEquals(counted, 5 * 8);
    const object = { netplumb_object: "route" };
    assertEquals(value("netplumb_monitor_events_total", object), 4);
    assertEquals(value("netplumb_ensure_conflicts_total", {}), 10);
  }
  assertStringIncludes(accepts[0]!, "application/openmetrics-text");
});

Deno.test("Prometheus scrapes netplumb view; promtool has nothing to say", async () => {
  await using lab = await Lab.open("left", "right");
  await lab.veth("left", "eth0", "right", "eth0");
  const names = [lab.left, lab.right];
  await using own = await ViewServer.open(names);
  const text = await (await fetch(`${own.url}metrics`)).text();
  const checked = await output("promtool", ["check", "metrics"], {
    stdin: text,
  });
  assertEquals(checked, { code: 0, stdout: "", stderr: "" });

  await using view = await ViewServer.openIn(lab.left, names);
  // After the snapshot: an event.
  await lab.left.ip("link set eth0 alias uplink");
  await lab.right.ip("address add 192.0.2.2/24 dev eth0");
  await using prometheus = await Prometheus.start(lab.left, {
    view: `${view.url}metrics`,
  });
  const series = await prometheus.series("view");
  const value = (name: string, labels: Record<string, string>) =>
    series.find((one) =>
      one.labels.__name__ === name &&
      Object.entries(labels).every(([key, value]) => one.labels[key] === value)
    )?.value;
  const links = await lab.right.json<IpLink>("-s -s link show dev eth0");
  const [{ stats64 }] = links;
  const labels = {
    netplumb_namespace: lab.right.name,
    netplumb_link_kind: "veth",
    network_interface_name: "eth0",
  };
  assertEquals(
    value("netplumb_link_carrier_changes_total", labels),
    stats64.tx.carrier_changes,
  );
  const sent = value("system_network_io_bytes_total", {
    ...labels,
    network_io_direction: "transmit",
  });
  assert(sent !== undefined && sent <= stats64.tx.bytes);
  const events = (netplumb_object: string) =>
    value("netplumb_monitor_events_total", { netplumb_object });
  assert(events("address")! >= 1);
  assertEquals(events("rule"), 0);
});

interface IpLink {
  readonly ifname: string;
  readonly operstate: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly stats64: Record<"rx" | "tx", Record<string, number>>;
}
