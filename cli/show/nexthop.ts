// netplumb show nexthop: prints nexthop objects with iproute2's keys.

import { ipNexthop } from "../../lib/iproute2/nexthop.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import {
  bounds,
  interrupted,
  linkNames,
  type Shown,
  type ShowOptions,
} from "./shown.ts";

export async function showNexthops(
  route: RouteSocket,
  options: ShowOptions,
): Promise<Shown> {
  const { details, family } = options;
  const { names, ifindex } = await linkNames(route, options);
  const nexthops = await route.nexthops({
    ...bounds(options),
    family,
    ifindex,
  });
  return {
    objects: nexthops.map((one) => ipNexthop(one, { names, details })),
    interrupted: interrupted(nexthops),
  };
}
