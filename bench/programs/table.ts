// A Monitor of a large table of routes. Each line of stdin opens another one:
// the reply has the time until it has all routes, their number, and the
// resident memory in MiB after garbage collection.

import { Monitor } from "../../mod.ts";
import { lines } from "../harness/lines.ts";

const { gc } = globalThis as unknown as { gc(): void };

console.log("ready");
for await (const _ of lines(Deno.stdin.readable)) {
  const begin = performance.now();
  await using monitor = await Monitor.open({ objects: ["route"] });
  const seconds = (performance.now() - begin) / 1e3;
  gc();
  const resident = Deno.memoryUsage().rss / 2 ** 20;
  const routes = monitor.all("route").length;
  console.log(JSON.stringify({ seconds, routes, resident }));
}
