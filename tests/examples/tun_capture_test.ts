// ping's packets, answered and read back by tshark.

import { assertEquals, assertMatch } from "@std/assert";
import { Lab, run } from "../support/netns.ts";
import { example } from "./example.ts";

Deno.test("tun_capture answers pings and writes what tshark reads", async () => {
  await using lab = await Lab.open("host");
  await lab.host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
  const file = await Deno.makeTempFile({ suffix: ".pcapng" });
  try {
    await using tunnel = example(
      "tun_capture",
      lab.host,
      "--name=tun7",
      `--write=${file}`,
    );
    assertEquals(await tunnel.line(), "tun7 is up");
    await lab.host.ip("address add 192.0.2.1/24 dev tun7");
    await lab.host.ip("route add 198.51.100.0/24 dev tun7");
    // deno-fmt-ignore
    await lab.host.run("ping", ["-c", "3", "-i", "0.01", "-W", "5", "198.51.100.1"]);
    for (let n = 0; n < 3; n++) {
      assertMatch(
        await tunnel.line(),
        /192\.0\.2\.1 > 198\.51\.100\.1: ICMP echo request/,
      );
    }
    const { code, stderr } = await tunnel.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    // deno-fmt-ignore
    const seen = await run("tshark", ["-r", file, "-T", "fields",
      "-e", "ip.src", "-e", "icmp.type", "-e", "frame.interface_name"]);
    assertEquals(
      seen.trim().split("\n"),
      Array(3).fill(["192.0.2.1\t8\ttun7", "198.51.100.1\t0\ttun7"]).flat(),
    );
  } finally {
    await Deno.remove(file);
  }
});
