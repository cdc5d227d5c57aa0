// OpenVPN takes over persistent devices that netplumb made, and netplumb takes
// them back.

import { assertEquals, assertRejects } from "@std/assert";
import { addTunAddress, Tun } from "../../mod.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { RunningProgram } from "../support/program.ts";
import "../support/descriptors.ts";

Deno.test("openvpn uses a persistent device, which is free again afterwards", async () => {
  await using lab = await Lab.open("one", "two");
  await lab.veth("one", "eth0", "two", "eth0");
  const hosts = [lab.one, lab.two];
  for (const [at, netns] of hosts.entries()) {
    await netns.ip(`address add 192.0.2.${at + 1}/24 dev eth0`);
    await using tun = Tun.open({
      name: "vpn0",
      persist: true,
      namespace: netns.name,
    });
    await addTunAddress(tun, `10.8.0.${at + 1}`, { peer: `10.8.0.${2 - at}` });
    await tun.up();
  }
  const openvpn = (netns: Netns, local: number, remote: number) =>
    new RunningProgram(
      { netns },
      ...["openvpn", "--dev", "vpn0", "--dev-type", "tun", "--ping", "1"],
      ...["--local", `192.0.2.${local}`, "--remote", `192.0.2.${remote}`],
    );
  const ready = async (program: RunningProgram) => {
    while (!(await program.line()).includes("Sequence Completed"));
  };
  {
    await using one = openvpn(lab.one, 1, 2);
    await using two = openvpn(lab.two, 2, 1);
    await ready(one);
    await ready(two);
    for (const [at, netns] of hosts.entries()) {
      await netns.run("ping", ["-c", "1", "-W", "20", `10.8.0.${2 - at}`]);
      await assertRejects(
        async () => {
          await using _tun = Tun.open({ name: "vpn0", namespace: netns.name });
        },
        Error,
        "EBUSY",
      );
    }
    for (const program of [one, two]) {
      assertEquals((await program.stop("SIGTERM")).code, 0);
    }
  }
  await using tun = Tun.open({ name: "vpn0", namespace: lab.one.name });
  await using _ping = lab.one.spawn(
    "ping",
    ["-c", "1", "-W", "1", "10.8.0.2"],
    { stdout: "null" },
  );
  for (;;) {
    const packet = await tun.read({ timeout: 20_000 });
    // Others are of IPv6.
    if (packet[0] >> 4 === 4) {
      assertEquals([...packet.subarray(12, 20)], [10, 8, 0, 1, 10, 8, 0, 2]);
      break;
    }
  }
});
