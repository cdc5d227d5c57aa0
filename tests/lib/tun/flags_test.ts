// Interface flags: up() and down() write IFF_UP only, regardless of what another program
// changes at the same time.

import { assert, assertEquals } from "@std/assert";
import { substitute } from "../../../ffi/libc.ts";
import { Tun } from "../../../lib/tun/device.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

const SIOCSIFFLAGS = 0x8914n;

for (const up of [true, false]) {
  Deno.test(`tun: ${up ? "up" : "down"}() keeps a flag that is set at the same time`, async () => {
    await using lab = await Lab.open("host");
    await using tun = Tun.open({ namespace: lab.host.name });
    if (!up) tun.up();
    let changes = 0;
    // Between reading the flags, if they are read, and writing them.
    const change = () => {
      changes++;
      const { success } = new Deno.Command("ip", {
        args: ["-n", lab.host.name, "link", "set", tun.name, "allmulticast"]
          .concat("on"),
      }).outputSync();
      assert(success);
    };
    {
      using _substitution = substitute((real) => ({
        ioctl(fd, request, argument) {
          if (request === SIOCSIFFLAGS) change();
          return real.ioctl(fd, request, argument);
        },
        send(fd, bytes, length, flags) {
          change();
          return real.send(fd, bytes, length, flags);
        },
      }));
      if (up) tun.up();
      else tun.down();
    }
    assertEquals(changes, 1);
    const [{ flags }] = await lab.host.json<{ flags: string[] }>(
      `link show ${tun.name}`,
    );
    assertEquals([flags.includes("ALLMULTI"), flags.includes("UP")], [
      true,
      up,
    ]);
  });
}
