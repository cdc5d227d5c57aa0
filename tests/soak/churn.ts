// Links, addresses, routes, neighbours and rules that come and go all the time.

import { type Netns, output } from "../support/netns.ts";
import { sleep } from "./sleep.ts";

const ROUTES = 200;

function commands(): string {
  const routes = Array.from(
    { length: ROUTES },
    (_, index) => `10.1.${index}.0/24`,
  );
  return [
    "link add pair0 type veth peer name pair1",
    "link set pair0 up",
    "link set pair1 up",
    "address add 192.0.2.1/24 dev pair0",
    "address add 2001:db8::1/64 dev pair0",
    ...routes.map((route) => `route add ${route} via 192.0.2.2`),
    "neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev pair0",
    "rule add from 192.0.2.0/24 table 100 priority 1000",
    ...routes.map((route) => `route change ${route} via 192.0.2.3`),
    "link set pair0 mtu 1400",
    "rule delete priority 1000",
    "link set pair0 down",
    "link delete pair0",
  ].join("\n") + "\n";
}

/** Changes things in a namespace until disposed of. */
export function churn(netns: Netns): AsyncDisposable {
  let over = false;
  const text = commands();
  const running = (async () => {
    while (!over) {
      await output("ip", ["-n", netns.name, "-batch", "-"], { stdin: text });
      // The monitor shares the processors with everything else.
      await sleep(500);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      over = true;
      await running;
    },
  };
}
