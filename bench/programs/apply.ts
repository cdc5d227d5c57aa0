// Adds routes of a link by Network.apply(). Each line of stdin is a number of routes; the
// reply has the time, their creation as objects included.
//
//   apply.ts LINK

import { addRoute, type Change, Network } from "../../mod.ts";
import { lines } from "../harness/lines.ts";

const dev = Deno.args[0];

/** The same routes as those of harness/routes.ts. */
function change(index: number): Change {
  return addRoute({
    to: `${16 + (index >> 16)}.${index >> 8 & 255}.${index & 255}.0/24`,
    via: `192.0.2.${2 + index % 16}`,
    dev,
    protocol: "static",
    metric: 100,
  });
}

await using network = Network.open();
console.log("ready");
for await (const line of lines(Deno.stdin.readable)) {
  const begin = performance.now();
  await network.apply(
    Array.from({ length: Number(line) }, (_, index) => change(index)),
  );
  const seconds = (performance.now() - begin) / 1e3;
  console.log(JSON.stringify({ seconds }));
}
