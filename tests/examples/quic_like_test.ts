// A transfer over a path whose MTU drops in the middle, with ICMP and without.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { FAR, MtuLab } from "../support/mtu_lab.ts";
import { Wire } from "../support/wire.ts";
import { example } from "./example.ts";

/** Enough to be on its way when the MTU drops. */
const BYTES = 15_000_000;
const HEADERS = { ipv4: 28, ipv6: 48 } as const;

for (const version of ["ipv4", "ipv6"] as const) {
  for (const filtered of [false, true]) {
    const how = filtered ? "that filters ICMP" : "that reports its MTU";
    Deno.test(`quic_like adapts to an ${version} path ${how}`, async () => {
      await using lab = await MtuLab.open();
      await lab.far.batch(`
        address add 198.51.100.7/24 dev eth0
        address add 2001:db8:2::7/64 dev eth0 nodad
      `);
      if (filtered) {
        await lab.router.run("nft", ["-f", "-"], {
          stdin: `
            table inet filter {
              chain output {
                type filter hook output priority filter;
                icmp type destination-unreachable drop
                icmpv6 type packet-too-big drop
              }
            }
          `,
        });
      }
      await using server = example("quic_like", lab.far, "--port=4433");
      assertEquals(await server.line(), "listening on port 4433");
      // A secondary address: the client receives from that one only.
      const to = FAR[version].replace(/2$/, "7");
      await using client = example(
        "quic_like",
        lab.near,
        ...[`--to=${to}`, "--port=4433", `--bytes=${BYTES}`],
      );
      const whole = 1500 - HEADERS[version];
      assertEquals(await client.line(), `packets of ${whole} bytes`);
      await lab.narrow(1280);
      const fits = filtered ? 1200 : 1280 - HEADERS[version];
      const reason = filtered ? "packets are lost" : "path MTU 1280";
      assertEquals(await client.line(), `${reason}: packets of ${fits} bytes`);
      {
        await using wire = await Wire.open(lab.far, "eth0");
        for (let n = 0; n < 10; n++) {
          const packet = await wire.packet();
          assertEquals(packet.length, fits + HEADERS[version]);
          if (version === "ipv4") assertEquals(packet[6]! & 0x60, 0x40, "DF");
        }
      }
      const summary = await client.line();
      assertMatch(summary, /^\d+ packets, 0 with congestion experienced$/);
      const packets = parseInt(summary);
      assert(packets > BYTES / whole && packets < BYTES / fits + 10, summary);
      const { code, stderr } = await client.end();
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      assertEquals((await server.stop()).code, 0);
    });
  }
}
