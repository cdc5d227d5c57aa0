// Monitors all route changes with a cache of the routes. Each line of stdin
// returns the number of events since the last one.

import { Monitor } from "../../mod.ts";
import { lines } from "../harness/lines.ts";

await using monitor = await Monitor.open({ objects: ["route"] });
let events = 0;

async function answer(): Promise<void> {
  for await (const _ of lines(Deno.stdin.readable)) {
    console.log(JSON.stringify({ events }));
    events = 0;
  }
}

void answer();
console.log("listening");
for (;;) {
  for (const event of await monitor.receive()) {
    if (event.event === "new" || event.event === "delete") events++;
  }
}
