// radvd in the network of a host whose addresses `netplumb ensure` reconciles.

import { assertEquals } from "@std/assert";
import { Running } from "../support/command.ts";
import { Lab } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";

// deno-lint-ignore no-explicit-any -- each kind its own shape
type Line = any;

const RADVD = `
interface eth0 {
  AdvSendAdvert on;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 4;
  prefix 2001:db8:1::/64 { AdvOnLink on; AdvAutonomous on; };
};
`;

const HOST = `
links:
- name: eth0
  addresses: [192.0.2.1/24]
  exclusive: [addresses, routes]
`;

Deno.test("ensure with exclusive keeps what radvd announces, and monitor reports it", async () => {
  await using lab = await Lab.open("router", "host");
  await lab.veth("router", "eth0", "host", "eth0");
  await lab.router.run("sysctl", ["-qw", "net.ipv6.conf.all.forwarding=1"]);
  const directory = await Deno.makeTempDir({ prefix: "netplumb-radvd-" });
  try {
    await Deno.writeTextFile(`${directory}/radvd.conf`, RADVD);
    await Deno.writeTextFile(`${directory}/host.yaml`, HOST);
    await using monitor = new Running(
      lab.host,
      ...["monitor", "address", "route", "--json"],
    );
    assertEquals((await monitor.object()).event, "start");
    await using _ensure = new Running(
      lab.host,
      ...["ensure", `${directory}/host.yaml`, "--json"],
    );
    const reported = async (fits: (line: Line) => boolean) => {
      for (;;) {
        const line = await monitor.object();
        if (fits(line)) return line.data;
      }
    };
    await reported(({ event, data }) =>
      event === "new" && data.local === "192.0.2.1"
    );
    await using _radvd = new RunningProgram(
      { netns: lab.router },
      ...["radvd", "--nodaemon", "--logmethod=stderr"],
      ...[`--config=${directory}/radvd.conf`, `--pidfile=${directory}/pid`],
    );
    const found = new Set<string>();
    await reported(({ event, object, data }) => {
      if (event !== "new") return false;
      if (object === "address" && data.dynamic) found.add(data.local);
      if (object === "route" && data.dst === "default") {
        found.add(data.protocol);
      }
      return found.size === 2;
    });
    assertEquals(found.has("ra"), true);
    const kept = async () => {
      const links = await lab.host.json("-6 address show dev eth0 dynamic");
      const routes = await lab.host.json("-6 route show default");
      return {
        // Those that are filtered are empty.
        addresses: links.flatMap(({ addr_info }: Line) => addr_info)
          .flatMap(({ local }: Line) => local ?? []),
        routes: routes.map(({ protocol }: Line) => protocol),
      };
    };
    const before = await kept();
    assertEquals(before.addresses.length, 1);
    assertEquals(before.routes, ["ra"]);
    // ensure removes what others add by hand.
    for (const address of ["192.0.2.9/24", "2001:db8:1::9/64"]) {
      const [local] = address.split("/");
      await lab.host.ip(`address add ${address} dev eth0`);
      await reported(({ event, data }) =>
        event === "delete" && data.local === local
      );
    }
    assertEquals(await kept(), before);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
