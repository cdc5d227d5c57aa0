// The reactor and its process: what keeps the process alive, and what happens
// when it runs out of descriptors.

import { assertEquals } from "@std/assert";
import { scriptLines } from "../../support/script.ts";

/** Each leaves its socket open and must end by itself all the same. */
const ENDS: Record<string, string> = {
  "nobody ever waited": ``,
  "the wait ended with data": `
    await socket.send("x", socket.address);
    await socket.receive();`,
  "the wait ended by its time": `
    await socket.receive({ timeout: 10 }).catch(() => {});`,
  "the wait ended by a signal": `
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    await socket.receive({ signal: controller.signal }).catch(() => {});`,
  "the wait ended by closing": `
    setTimeout(() => socket.close(), 10);
    await socket.receive().catch(() => {});`,
  "one of two waits ended by each": `
    const other = UdpSocket.bind({ address: "127.0.0.1" });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    setTimeout(() => other.close(), 10);
    await Promise.allSettled([
      socket.receive({ signal: controller.signal }),
      other.receive(),
    ]);`,
};

for (const [name, body] of Object.entries(ENDS)) {
  Deno.test(`process: ends by itself when ${name}`, async () => {
    const lines = await scriptLines(`
      import { UdpSocket } from "lib:udp/mod.ts";
      const socket = UdpSocket.bind({ address: "127.0.0.1" });
      ${body}
      console.log("last line");`);
    assertEquals(lines, ["last line"]);
  });
}

Deno.test("process: stays alive while an operation waits, with nothing else to do", async () => {
  const lines = await scriptLines(`
    import { UdpSocket } from "lib:udp/mod.ts";
    const socket = UdpSocket.bind({ address: "127.0.0.1" });
    const { port } = socket.address;
    new Deno.Command("bash", {
      args: ["-c", "sleep 0.1; echo -n late >/dev/udp/127.0.0.1/" + port],
    }).spawn().unref();
    const { data } = await socket.receive();
    console.log(new TextDecoder().decode(data));`);
  assertEquals(lines, ["late"]);
});

Deno.test("process: out of descriptors, a wait is refused and the next one is not", async () => {
  const lines = await scriptLines(
    `
    import { Descriptor } from "lib:io/descriptor.ts";
    import { cString, libc } from "ffi:libc.ts";
    const { open, close, eventfd } = libc();
    const fd = eventfd(1, 0o2004000);
    const descriptor = new Descriptor(fd, "event");
    const taken = [];
    for (let next; (next = open(cString("/dev/null"), 0, 0)) >= 0;) {
      taken.push(next);
    }
    const refused = [descriptor.readable(), descriptor.readable()];
    for (const wait of refused) await wait.catch((e) => console.log(e.message));
    for (const next of taken) close(next);
    console.log(await descriptor.readable({ timeout: 5000 }));
    await descriptor.close();`,
    { under: ["prlimit", "--nofile=100"] },
  );
  const sentence = "open the reactor of this thread: EMFILE, too many open " +
    "files (epoll_create1)";
  assertEquals(lines, [sentence, sentence, "1"]);
});

Deno.test("process: any number of waits on one descriptor", async () => {
  const lines = await scriptLines(
    `
    import { Descriptor } from "lib:io/descriptor.ts";
    import { libc } from "ffi:libc.ts";
    const make = (count) =>
      new Descriptor(libc().eventfd(count, 0o2004000), "event");
    const ready = make(1);
    const crowd = (descriptor) =>
      Promise.allSettled(
        Array.from({ length: 1000 }, () => descriptor.readable()),
      );
    const messages = (results) =>
      [...new Set(results.map(({ value, reason }) => value ?? reason.message))];
    console.log(messages(await crowd(ready)).join());
    const never = make(0);
    const crowded = crowd(never);
    for (let turn = 0; turn < 20; turn++) await undefined;
    await never.close();
    console.log(messages(await crowded).join());
    await ready.close();`,
    { under: ["prlimit", "--nofile=100"] },
  );
  assertEquals(lines, ["1", "event is closed"]);
});
