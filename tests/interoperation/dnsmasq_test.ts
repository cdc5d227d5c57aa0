// dnsmasq on an address that `netplumb ensure` keeps.

import { assertEquals } from "@std/assert";
import { Running } from "../support/command.ts";
import { Lab } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";
import { settled } from "../support/settled.ts";

Deno.test("dnsmasq serves again on an address that ensure restores", async () => {
  await using lab = await Lab.open("server", "client");
  await lab.veth("server", "eth0", "client", "eth0");
  await lab.client.ip("address add 192.0.2.100/24 dev eth0");
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(
      file,
      "links: [{ name: eth0, addresses: [192.0.2.1/24], exclusive: [addresses] }]\n",
    );
    await using monitor = new Running(
      lab.server,
      ...["monitor", "address", "--json"],
    );
    assertEquals((await monitor.object()).event, "start");
    await using _ensure = new Running(lab.server, "ensure", file, "--json");
    const reported = async (event: string) => {
      for (;;) {
        const line = await monitor.object();
        if (line.event === event && line.data.local === "192.0.2.1") return;
      }
    };
    await reported("new");
    await using _dnsmasq = new RunningProgram(
      { netns: lab.server },
      ...["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null"],
      ...["--no-resolv", "--no-hosts", "--bind-dynamic", "--interface=eth0"],
      ...["--user=root", "--pid-file", "--address=/a.example/203.0.113.7"],
    );
    const resolves = () =>
      settled(async () => {
        const { stdout } = await lab.client.output("dig", [
          ...["@192.0.2.1", "a.example", "A", "+short", "+tries=1", "+time=1"],
        ]);
        assertEquals(stdout, "203.0.113.7\n");
      });
    await resolves();
    await lab.server.ip("address delete 192.0.2.1/24 dev eth0");
    await reported("delete");
    await reported("new");
    await resolves();
  } finally {
    await Deno.remove(file);
  }
});
