// Dumps in a running process. Each line of stdin is the number of dumps; the
// reply has their size and time.
//
//   dump.ts routes|lazy|nothing|links|neighbours|addresses

import { NetlinkConnection, RouteSocket } from "../../mod.ts";
import { lines } from "../harness/lines.ts";

const RTM_GETROUTE = 26;
const AF_INET = 2;

await using route = RouteSocket.open();
await using connection = NetlinkConnection.open({ protocol: 0 });

/** The lower bound of a dump: all messages visited, no object created. */
async function nothing(): Promise<number> {
  const body = new Uint8Array(12);
  body[0] = AF_INET;
  let count = 0;
  await connection.dump({ type: RTM_GETROUTE, body }, () => void count++);
  return count;
}

const DUMPS: Record<string, () => Promise<number>> = {
  routes: async () => (await route.routes({ family: "inet" })).length,
  lazy: async () => (await route.routes({ family: "inet", lazy: true })).length,
  nothing,
  links: async () => (await route.links()).length,
  neighbours: async () => (await route.neighbours({ family: "inet" })).length,
  addresses: async () => (await route.addresses({ family: "inet" })).length,
};

const dump = DUMPS[Deno.args[0]];
console.log("ready");
for await (const line of lines(Deno.stdin.readable)) {
  let objects = 0;
  const begin = performance.now();
  for (let left = Number(line); left > 0; left--) objects += await dump();
  const seconds = (performance.now() - begin) / 1e3;
  console.log(JSON.stringify({ objects, seconds }));
}
