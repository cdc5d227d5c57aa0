// examples/vlans.yaml: applied, pinged, compared with `bridge`, damaged and
// healed under `ensure`, and taken down.

import { assertEquals } from "@std/assert";
import { Running } from "../support/command.ts";
import { ExampleFile } from "../support/example_file.ts";
import { testWith } from "../support/kinds.ts";
import { Netns, output, run } from "../support/netns.ts";
import { SLOWNESS } from "../support/timing.ts";

const EXAMPLE = new URL("../../examples/vlans.yaml", import.meta.url);
const PREFIX = `np${Deno.pid.toString(36)}-`;
const SWITCHES = ["switch1", "switch2"];
const NAMES = [...SWITCHES, "host1-10", "host1-20", "host2-10", "host2-20"];

const netns = (name: string) => new Netns(PREFIX + name);

/** The example with namespaces of this test. */
async function openExample(): Promise<ExampleFile> {
  const text = (await Deno.readTextFile(EXAMPLE))
    .replace(/\b(?=(?:switch|host)[\d$])/g, PREFIX);
  return await ExampleFile.write(text, NAMES.map((name) => PREFIX + name));
}

type Entry = Record<string, string | number | undefined>;

/** The VLANs and the flood lists of both switches, as `bridge` shows them. */
async function tables(): Promise<string[]> {
  const lines: string[] = [];
  for (const name of SWITCHES) {
    const read = async (words: string) =>
      JSON.parse(await netns(name).run("bridge", ["-j", ...words.split(" ")]));
    for (const { ifname, vlans } of await read("vlan show")) {
      for (const { vlan, flags = [] } of vlans) {
        lines.push([name, ifname, vlan, ...flags].join(" "));
      }
    }
    for (const { mac, dst, state } of await read("fdb show") as Entry[]) {
      if (state === "permanent" && dst) lines.push(`${name} ${mac} ${dst}`);
    }
  }
  return lines.toSorted();
}

const WANTED = SWITCHES.flatMap((name, at) => [
  `${name} 00:00:00:00:00:00 192.0.2.${2 - at}`,
  `${name} port10 10 PVID Egress Untagged`,
  `${name} port20 20 PVID Egress Untagged`,
  `${name} vxlan0 10`,
  `${name} vxlan0 20`,
]);

async function reaches(from: string, to: string): Promise<boolean> {
  const { code } = await output("ip", [
    ...["netns", "exec", PREFIX + from],
    ...["ping", "-q", "-c", "1", "-w", `${4 * SLOWNESS}`, to],
  ]);
  return code === 0;
}

await testWith(
  ["type bridge vlan_filtering 1", "type vxlan id 7 dstport 4789"],
  "the example of VLANs passes traffic, heals, and leaves nothing",
  async () => {
    await using lab = await openExample();
    await lab.ensure("--once");
    assertEquals(await lab.ensure("--once"), "no change\n");
    assertEquals(await tables(), WANTED);
    // Both VLANs have the same addresses.
    assertEquals(await reaches("host1-10", "10.0.0.2"), true);
    assertEquals(await reaches("host1-20", "10.0.0.2"), true);
    await netns("host2-20").ip("link set eth0 down");
    assertEquals(await reaches("host1-10", "10.0.0.2"), true);
    {
      await using running = new Running(
        undefined,
        ...["ensure", lab.path, "--json"],
      );
      while ((await running.object()).event !== "summary");
      for (
        const [name, words] of [
          ["switch1", "vlan del dev port10 vid 10"],
          ["switch2", "vlan del dev vxlan0 vid 10-20"],
          ["switch1", "vlan add dev port20 vid 20"],
          [
            "switch2",
            "fdb del 00:00:00:00:00:00 dev vxlan0 dst 192.0.2.1",
          ],
        ] as const
      ) {
        await netns(name).run("bridge", words.split(" "));
        for (;;) {
          const { event, namespace } = await running.object();
          if (event === "corrected" && namespace === PREFIX + name) break;
        }
        const end = performance.now() + 5000 * SLOWNESS;
        for (;;) {
          const now = await tables();
          if (now.join() === WANTED.join()) break;
          if (performance.now() > end) assertEquals(now, WANTED, words);
        }
      }
      assertEquals(await reaches("host1-10", "10.0.0.2"), true);
      assertEquals(await reaches("host1-20", "10.0.0.2"), true);
      await netns("switch1").ip("link delete br0");
      const end = performance.now() + 20_000 * SLOWNESS;
      while ((await tables().catch(String)).toString() !== WANTED.toString()) {
        if (performance.now() > end) assertEquals(await tables(), WANTED);
      }
      assertEquals((await running.stop()).code, 0);
    }
    assertEquals(await lab.ensure("--once"), "no change\n");
    await lab.ensure("--down");
    const left = (await run("ip", ["netns", "list"])).split("\n")
      .filter((line) => line.startsWith(PREFIX));
    assertEquals(left, []);
  },
);
