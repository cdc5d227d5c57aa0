// Reading the kernel's tables, to compare what is known with what there is.

import { EOPNOTSUPP, SystemError } from "../../../ffi/errno.ts";
import { DumpInterruptedError } from "../../netlink/errors.ts";
import { isShownNeighbour } from "../neighbour.ts";
import type { RouteSocket } from "../socket.ts";
import type { MonitoredObject, MonitoredObjects } from "./event.ts";
import { isKept, isNeighbour } from "./kept.ts";
import { type Found, MONITORED_OBJECTS } from "./picture.ts";

/** How each kind is read. */
const READ: {
  readonly [K in MonitoredObject]: (
    route: RouteSocket,
    signal: AbortSignal,
  ) => Promise<MonitoredObjects[K][]>;
} = {
  link: (route, signal) => route.links({ signal }),
  port: async (route, signal) =>
    (await route.links({ family: "bridge", signal }))
      .filter(({ master }) => master !== 0),
  address: (route, signal) => route.addresses({ signal }),
  route: async (route, signal) =>
    (await route.routes({ signal })).filter(isKept),
  nexthop: (route, signal) => route.nexthops({ signal }),
  neighbour: async (route, signal) =>
    (await route.neighbours({ signal }))
      .filter((one) => isNeighbour(one) && isShownNeighbour(one)),
  rule: (route, signal) => route.rules({ signal }),
  netns: (route, signal) => route.namespaceIds({ signal }),
};

/** Every namespace has the loopback, under this index. */
const LOOPBACK = 1;

/**
 * Reads the tables of some kinds. Left out of the answer are those that changes
 * interrupted again and again: what was read of them is not sure.
 */
export async function read(
  route: RouteSocket,
  kinds: ReadonlySet<MonitoredObject>,
  signal: AbortSignal,
): Promise<Found> {
  const found: { [K in MonitoredObject]?: Iterable<MonitoredObjects[K]> } = {};
  const readOne = async <K extends MonitoredObject>(kind: K) => {
    try {
      found[kind] = await READ[kind](route, signal) as typeof found[K];
    } catch (error) {
      if (error instanceof DumpInterruptedError) return;
      // A kernel without rules, bridges or nexthop objects has none.
      if (!(error instanceof SystemError && error.errno === EOPNOTSUPP)) {
        throw error;
      }
      found[kind] = [] as typeof found[K];
    }
  };
  // A change is told before all that follows from it is done, and dumps do not
  // wait for that as this request does: the kernel makes one change at a time.
  await route.link(LOOPBACK, { signal });
  for (const kind of MONITORED_OBJECTS) {
    if (kinds.has(kind)) await readOne(kind);
  }
  return found;
}
