// avahi-daemon and a socket of this library on the port of mDNS, in one namespace.

import { assertEquals } from "@std/assert";
import { UdpSocket } from "../../mod.ts";
import { Lab } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";
import "../support/descriptors.ts";

const GROUP = "224.0.0.251";
const PORT = 5353;

const CONFIGURATION = `
[server]
host-name=one
allow-interfaces=eth0
use-ipv6=no
enable-dbus=no
`;

/** A query of the address of one.local, as RFC 1035 encodes it. */
const QUERY = Uint8Array.of(
  ...[0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...[3, ...new TextEncoder().encode("one")],
  ...[5, ...new TextEncoder().encode("local"), 0],
  ...[0, 1, 0, 1],
);

Deno.test("avahi and a multicast socket both receive a query, and avahi replies", async () => {
  await using lab = await Lab.open("server", "client");
  await lab.veth("server", "eth0", "client", "eth0");
  await lab.server.ip("address add 192.0.2.1/24 dev eth0");
  await lab.client.ip("address add 192.0.2.2/24 dev eth0");
  const file = await Deno.makeTempFile({ suffix: ".conf" });
  try {
    await Deno.writeTextFile(file, CONFIGURATION);
    // Also before avahi starts, which binds the same port.
    await using beside = UdpSocket.bind({
      address: "0.0.0.0",
      port: PORT,
      reuseAddress: true,
      namespace: lab.server.name,
    });
    beside.join(GROUP, "eth0");
    await using avahi = new RunningProgram(
      { netns: lab.server },
      // Its pid file is in /run.
      ...["unshare", "--mount", "sh", "-ec"],
      'mount -t tmpfs tmpfs /run; exec "$@" 2>&1',
      ...["sh", "avahi-daemon", "--no-drop-root", "--no-chroot"],
      ...["--no-rlimits", "--file", file],
    );
    while (!(await avahi.line()).includes("Host name is one.local"));
    await using client = UdpSocket.bind({
      address: "192.0.2.2",
      namespace: lab.client.name,
    });
    const ask = async () => {
      await client.send(QUERY, { address: GROUP, port: PORT });
      const { data, peer } = await client.receive({ timeout: 20_000 });
      assertEquals([peer.address, peer.port], ["192.0.2.1", PORT]);
      // The id of the query, and the address at the end.
      assertEquals([...data.subarray(0, 2)], [0x12, 0x34]);
      assertEquals([...data.subarray(-4)], [192, 0, 2, 1]);
    };
    await ask();
    // Among the announcements of avahi.
    for (;;) {
      const { data, peer } = await beside.receive({ timeout: 20_000 });
      if (peer.address !== "192.0.2.2") continue;
      assertEquals([...data], [...QUERY]);
      break;
    }
    // Membership is that of a socket: avahi keeps its own.
    await beside.close();
    await ask();
    assertEquals((await avahi.stop("SIGTERM")).code, 0);
  } finally {
    await Deno.remove(file);
  }
});
