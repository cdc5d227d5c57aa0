// The file beside what `ip -j route` says, after each change.

import { assertEquals } from "@std/assert";
import { Lab } from "../support/netns.ts";
import { example } from "./example.ts";

Deno.test("route_watcher keeps a file as ip -j route has it", async () => {
  await using lab = await Lab.open("host", "other");
  await lab.veth("host", "eth0", "other", "eth0");
  await lab.host.ip("address add 192.0.2.1/24 dev eth0");
  const directory = await Deno.makeTempDir({ prefix: "netplumb-routes-" });
  try {
    const file = `${directory}/routes.json`;
    await using watcher = example("route_watcher", lab.host, `--file=${file}`);
    /** Waits until as many routes are in the file, and compares it. */
    const check = async (count: number) => {
      while (await watcher.line() !== `${count} routes`);
      const key = ({ dst, dev }: Record<string, unknown>) => `${dst} ${dev}`;
      const sorted = (routes: Record<string, unknown>[]) =>
        routes.toSorted((a, b) => key(a) < key(b) ? -1 : 1);
      const expected = [
        ...await lab.host.json("-4 route show"),
        ...await lab.host.json("-6 route show"),
      ];
      assertEquals(
        sorted(JSON.parse(await Deno.readTextFile(file))),
        sorted(expected),
      );
      assertEquals(Array.from(Deno.readDirSync(directory)).length, 1);
    };
    const now = [
      ...await lab.host.json("-4 route show"),
      ...await lab.host.json("-6 route show"),
    ].length;
    await check(now);
    await lab.host.ip("route add 198.51.100.0/24 via 192.0.2.9");
    await check(now + 1);
    await lab.host.ip("route add blackhole 2001:db8::/32");
    await check(now + 2);
    // Another table is another file's.
    await lab.host.ip("route add 203.0.113.0/24 dev eth0 table 77");
    await lab.host.ip("route delete 198.51.100.0/24");
    await check(now + 1);
    const { code, stderr } = await watcher.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
