// No descriptor is left: the kernel's own EMFILE, in a process that may open few.

import { assertEquals } from "@std/assert";
import { scriptLines } from "../../support/script.ts";
import type { FaultCase } from "../operation.ts";

export const descriptors: readonly FaultCase[] = [
  {
    operation: "all operations that open a descriptor, all waits",
    fault: "the descriptor limit is reached",
    outcome:
      "each throws a SystemError, EMFILE (`interfaceName` the error of glibc); they work again after some are closed",
    async run() {
      const lines = await scriptLines(
        `
        import { StopEvent } from "lib:io/blocking_poll.ts";
        import { interfaceName } from "lib:net/interface_index.ts";
        import { inNamespace } from "lib:netns/namespace.ts";
        import { NetlinkConnection } from "lib:netlink/connection.ts";
        import { Monitor } from "lib:rtnetlink/monitor/monitor.ts";
        import { TemporaryNamespace } from "lib:netns/namespace.ts";
        import { Tun } from "lib:tun/device.ts";
        import { UdpSocket } from "lib:udp/socket.ts";
        const socket = UdpSocket.bind({ address: "127.0.0.1" });
        const kept = [];
        const fill = () => {
          try {
            for (;;) kept.push(StopEvent.create());
          } catch (error) {
            return error.code;
          }
        };
        console.log(fill());
        const attempts = {
          bind: () => UdpSocket.bind(),
          tun: () => Tun.open(),
          netlink: () => NetlinkConnection.open({ protocol: 0 }),
          monitor: () => Monitor.open(),
          namespace: () => inNamespace(Deno.pid, () => {}),
          temporary: () => TemporaryNamespace.create(),
          name: () => interfaceName(1),
          wait: () => socket.receive({ timeout: 1000 }),
        };
        for (const [name, attempt] of Object.entries(attempts)) {
          try {
            console.log(name, await attempt());
          } catch (error) {
            console.log(name, error.name, error.code);
          }
        }
        // The reactor of the thread takes four.
        for (let freed = 0; freed < 4; freed++) await kept.pop().close();
        await socket.send("x", socket.address);
        console.log((await socket.receive({ timeout: 1000 })).data.length);
        Deno.exit();`,
        { under: ["prlimit", "--nofile=100"] },
      );
      const refused = "bind tun netlink monitor namespace temporary"
        .split(" ").map((name) => `${name} SystemError EMFILE`);
      assertEquals(lines, [
        "EMFILE",
        ...refused,
        // glibc, which opens a socket for it, leaves another errno behind.
        "name SystemError ENOENT",
        "wait SystemError EMFILE",
        "1",
      ]);
    },
  },
];
