// Dumps the kernel's tables to reconcile the cache.

import { EOPNOTSUPP, SystemError } from "../../../ffi/errno.ts";
import { DumpInterruptedError } from "../../netlink/errors.ts";
import { isShownNeighbour, type Neighbour } from "../neighbour.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { Qdisc } from "../qdisc.ts";
import type { RouteSocket } from "../socket.ts";
import type { MonitoredObject, MonitoredObjects } from "./event.ts";
import { isForwarding, isNeighbour, isPort, isTableRoute } from "./filter.ts";
import { type Found, MONITORED_OBJECTS } from "./cache.ts";

/** The dump request of each type. */
const READ: {
  readonly [K in MonitoredObject]: (
    route: RouteSocket,
    signal: AbortSignal,
  ) => Promise<MonitoredObjects[K][]>;
} = {
  link: (route, signal) => route.links({ signal }),
  port: async (route, signal) =>
    (await route.links({ family: "bridge", signal })).filter(isPort),
  address: (route, signal) => route.addresses({ signal }),
  route: async (route, signal) =>
    (await route.routes({ signal })).filter(isTableRoute),
  nexthop: (route, signal) => route.nexthops({ signal }),
  neighbour: async (route, signal) =>
    (await route.neighbours({ signal }))
      .filter((one) => isNeighbour(one) && isShownNeighbour(one)),
  rule: (route, signal) => route.rules({ signal }),
  netns: (route, signal) => route.namespaceIds({ signal }),
  fdb: (route, signal) => readFdb(route, { signal }),
  vlan: (route, signal) => route.bridgeVlans({ signal }),
  mdb: (route, signal) => route.mdb({ signal }),
  vni: (route, signal) => route.vnis({ signal }),
  qdisc: (route, signal) => route.qdiscs({ signal }),
  class: (route, signal) => readClasses(route, { signal }),
};

/** The entries of the forwarding tables of bridges and VXLANs. */
export async function readFdb(
  route: RouteSocket,
  options?: WaitOptions,
): Promise<Neighbour[]> {
  return (await route.neighbours({ family: "bridge", ...options }))
    .filter(isForwarding);
}

/** The kernel dumps the classes of one link at a time. */
export async function readClasses(
  route: RouteSocket,
  options?: WaitOptions,
): Promise<Qdisc[]> {
  const links = new Set<number>();
  for (const { kind, ifindex } of await route.qdiscs(options)) {
    if (!CLASSLESS.has(kind)) links.add(ifindex);
  }
  const classes: Qdisc[][] = [];
  for (const link of links) classes.push(await route.classes(link, options));
  return classes.flat();
}

/** Common kinds without classes, most of them defaults. */
const CLASSLESS: ReadonlySet<string> = new Set([
  "noqueue",
  "pfifo_fast",
  "pfifo",
  "bfifo",
  "fq",
  "ingress",
  "clsact",
]);

/** Every namespace has the loopback interface, with this ifindex. */
const LOOPBACK = 1;

/**
 * Dumps the tables of some types. The result does not have those whose dump was
 * interrupted by changes at every attempt.
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
      // Kernels without rules, bridges, VLANs or nexthop objects do not support the
      // dump.
      if (!(error instanceof SystemError && error.errno === EOPNOTSUPP)) {
        throw error;
      }
      found[kind] = [] as typeof found[K];
    }
  };
  // The kernel notifies a change before it applies all its consequences, and
  // dumps do not wait for them. This request takes RTNL, which makes it wait.
  await route.link(LOOPBACK, { signal });
  for (const kind of MONITORED_OBJECTS) {
    if (kinds.has(kind)) await readOne(kind);
  }
  return found;
}
