// A thousand sockets, one after the other, leave nothing behind.

import { assert, assertEquals } from "@std/assert";
import { scriptLines } from "../../support/script.ts";

/** Bytes. A leaked receive buffer a socket would be 64 MiB in all. */
const GROWTH = { heap: 2 ** 20, resident: 48 * 2 ** 20 };

Deno.test("a thousand times bind, receive, close: no descriptor and no memory is left", async () => {
  const lines = await scriptLines(
    `
    import { UdpSocket } from "lib:udp/mod.ts";
    async function cycle() {
      await using socket = UdpSocket.bind({ address: "127.0.0.1" });
      const { port } = socket.address;
      const receiving = socket.receive();
      await socket.send("x", socket.address);
      await receiving;
      const pending = socket.receive().catch(() => {});
      await socket.close();
      await pending;
      await using again = UdpSocket.bind({ address: "127.0.0.1", port });
    }
    // Deno makes UNIX sockets of its own whenever it likes.
    const open = () => {
      const unix = Deno.readTextFileSync("/proc/self/net/unix");
      return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
        try {
          const target = Deno.readLinkSync("/proc/self/fd/" + name);
          const inode = /^socket:.(\\d+)/.exec(target)?.[1];
          return target.includes("eventfd") ||
            inode !== undefined && !unix.includes(" " + inode);
        } catch {
          return false;
        }
      }).length;
    };
    const state = async () => {
      // The poller's own eventfd goes a moment after the last wait.
      await new Promise((resolve) => setTimeout(resolve, 0));
      globalThis.gc();
      globalThis.gc();
      const { heapUsed, external, rss } = Deno.memoryUsage();
      return [open(), heapUsed + external, rss].join(" ");
    };
    // The allocator keeps what it once had, up to some point.
    for (let warm = 0; warm < 4000; warm++) await cycle();
    console.log(await state());
    for (let cycles = 0; cycles < 1000; cycles++) await cycle();
    console.log(await state());`,
    { v8: ["--expose-gc"], limit: 60 },
  );
  const [before, after] = lines.map((line) => line.split(" ").map(Number));
  assertEquals(after[0], before[0], "descriptors");
  const [heap, resident] = [after[1] - before[1], after[2] - before[2]];
  assert(heap < GROWTH.heap, `${heap} bytes more on the heap`);
  assert(resident < GROWTH.resident, `${resident} bytes more resident`);
});
