// Sysctls of namespaces and links: set, compared again, corrected, restored
// when a namespace or a link is made again; read by sysctl(8) in the namespace.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import { openDescriptors } from "../../../support/descriptors.ts";
import { Lab, type Netns, run, UnmadeNetns } from "../../../support/netns.ts";
import { Reconciled } from "../../../support/reconciled.ts";

const LINK = {
  name: "d0",
  kind: "bridge",
  up: true,
  sysctls: {
    "net.ipv6.conf.accept_ra": 0,
    "net.ipv4.conf.rp_filter": 2,
    "net.ipv4.neigh.gc_stale_time": 77,
  },
};

const configuration = (name: string) => ({
  namespaces: {
    [name]: {
      links: [LINK, { name: "d0.5", kind: "bridge" }],
      sysctls: {
        "net.ipv4.ip_forward": 1,
        "net.ipv6.conf.default.accept_dad": 0,
        "net.ipv4.ip_local_port_range": "20000  30000",
        "net.ipv4.conf.d0/5.arp_ignore": 1,
        "net/ipv4/conf/d0.5/arp_announce": 2,
      },
    },
  },
});

const WANTED = {
  "net.ipv4.ip_forward": "1",
  "net.ipv6.conf.default.accept_dad": "0",
  "net.ipv4.ip_local_port_range": "20000\t30000",
  "net.ipv4.conf.d0/5.arp_ignore": "1",
  "net.ipv4.conf.d0/5.arp_announce": "2",
  "net.ipv6.conf.d0.accept_ra": "0",
  "net.ipv4.conf.d0.rp_filter": "2",
  "net.ipv4.neigh.d0.gc_stale_time": "77",
};

async function seen(netns: Netns): Promise<Record<string, string>> {
  const keys = Object.keys(WANTED);
  const text = await netns.run("sysctl", ["-n", ...keys]);
  const values = text.trimEnd().split("\n");
  return Object.fromEntries(keys.map((key, at) => [key, values[at]]));
}

async function comesBack(netns: Netns): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const now = await seen(netns).catch(() => ({}));
    if (JSON.stringify(now) === JSON.stringify(WANTED)) return;
    if (performance.now() > end) assertEquals(now, WANTED);
  }
}

Deno.test("sysctls are set in their namespace, and compared", async () => {
  await using netns = new UnmadeNetns("sysctls");
  const host = await run("sysctl", ["-n", "net.ipv4.ip_forward"]);
  const desired = parseConfiguration(configuration(netns.name));
  await using reconciler = await Reconciler.open(desired);
  assertEquals((await reconciler.apply()).refused, undefined);
  assertEquals(await seen(netns), WANTED);
  assertEquals(await run("sysctl", ["-n", "net.ipv4.ip_forward"]), host);
  assertEquals((await reconciler.plan()).actions, []);

  await netns.sysctl("net.ipv4.ip_local_port_range", "1024 2048");
  const { actions: [action] } = await reconciler.plan();
  assertEquals(action.summary, "change sysctl net.ipv4.ip_local_port_range");
  assertEquals(action.reasons, ["is 1024 2048, wanted 20000 30000"]);
  const [{ first }] = await reconciler.messages([action]);
  assertEquals(
    first?.description,
    "set sysctl net.ipv4.ip_local_port_range to 20000 30000",
  );
});

Deno.test("sysctls are corrected, also of links and namespaces made again", async (t) => {
  await using netns = new UnmadeNetns("sysctls");
  const before = openDescriptors();
  {
    await using reconciled = await Reconciled.open(configuration(netns.name));
    const acts = {
      "a sysctl is written": () => netns.sysctl("net.ipv4.ip_forward", 0),
      "a sysctl of a link is written": () =>
        netns.sysctl("net.ipv6.conf.d0.accept_ra", 2),
      "a link is deleted": () => netns.ip("link delete d0"),
      "a namespace is deleted": () =>
        run("ip", ["netns", "delete", netns.name]),
      "a sysctl of the new namespace is written": () =>
        netns.sysctl("net.ipv4.conf.d0.rp_filter", 0),
    };
    for (const [name, act] of Object.entries(acts)) {
      await t.step(name, async () => {
        reconciled.reports.length = 0;
        await act();
        const { milliseconds } = await reconciled.report(
          "corrected",
          ({ action }) => action.object === "sysctl",
        );
        assert(milliseconds < 5000, `corrected after ${milliseconds} ms`);
        await comesBack(netns);
      });
    }
  }
  assertEquals(openDescriptors(), before);
});

Deno.test("a sysctl that does not exist is refused, with advice", async () => {
  await using lab = await Lab.open("one");
  for (
    const [sysctls, message] of [
      [
        { "net.ipv4.nosuch": 1 },
        "set sysctl net.ipv4.nosuch to 1: ENOENT, no such file or directory " +
        "(open). Check its name; its link or its kernel module may be missing",
      ],
      [
        { "net.ipv4.ip_forward": "much" },
        "set sysctl net.ipv4.ip_forward to much: EINVAL, invalid argument " +
        "(write). The kernel does not accept this value",
      ],
    ] as const
  ) {
    const desired = parseConfiguration({ sysctls });
    const options = { namespace: lab.one.name };
    await using reconciler = await Reconciler.open(desired, options);
    const { refused } = await reconciler.apply();
    assertEquals(refused?.error.message, message);
  }
});

Deno.test("sysctls that cannot be right are problems of the configuration", () => {
  const problem = (configuration: unknown, message: string) => {
    const error = assertThrows(() => parseConfiguration(configuration));
    assertEquals((error as Error).message, message);
  };
  const kernel = "the name of a sysctl of network namespaces, such as " +
    "net.ipv4.ip_forward";
  problem(
    { sysctls: { "net/../ip_forward": 1 } },
    `sysctls.net/../ip_forward: "net/../ip_forward" is not ${kernel}`,
  );
  problem(
    { sysctls: { "kernel.hostname": "x" } },
    'sysctls.kernel.hostname: "kernel.hostname" is not the name of a sysctl, ' +
      "such as net.ipv4.ip_forward",
  );
  problem(
    { sysctls: { "net.ipv4.ip_forward": true } },
    "sysctls.net.ipv4.ip_forward: true is not a whole number or text, as " +
      "sysctl(8) prints it",
  );
  problem(
    {
      links: [{ ...LINK, sysctls: { "net.ipv6.conf.accept_ra": 0 } }],
      sysctls: { "net.ipv6.conf.d0.accept_ra": 1 },
    },
    "sysctls.net.ipv6.conf.d0.accept_ra: the same sysctl as " +
      "links[0].sysctls.net.ipv6.conf.accept_ra",
  );
});
