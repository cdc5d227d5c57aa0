// The objects of events under the keys that `show` prints.

import { bpfProgram } from "../../lib/bpf_program.ts";
import { ipAddress } from "../../lib/route/json/address.ts";
import { ipLink } from "../../lib/route/json/link.ts";
import { ipNeighbour } from "../../lib/route/json/neighbour.ts";
import { ipNexthop } from "../../lib/route/json/nexthop.ts";
import type { IpJsonOptions } from "../../lib/route/json/options.ts";
import { ipRoute } from "../../lib/route/json/route.ts";
import { ipRule } from "../../lib/route/json/rule.ts";
import type { LinkNames } from "../../lib/route/link/names.ts";
import type {
  AnyObjectEvent,
  MonitoredObject,
  MonitoredObjects,
} from "../../lib/route/monitor/event.ts";
import type { Json } from "../show/shown.ts";

/** The names of links are always known here. */
type NamedOptions = IpJsonOptions & { readonly names: LinkNames };

type Shows = {
  readonly [K in MonitoredObject]: (
    data: MonitoredObjects[K],
    options: NamedOptions,
  ) => Json;
};

const SHOWS: Shows = {
  link: (link, options) => ipLink(link, { ...options, program: bpfProgram }),
  port: ({ ifindex, name, master, portData }, { names }) => ({
    ifindex,
    ifname: name,
    master: names.name(master),
    ...portData,
  }),
  address: (address, { names }) => ({
    ifindex: address.ifindex,
    ifname: names.name(address.ifindex),
    ...ipAddress(address),
  }),
  route: ipRoute,
  nexthop: ipNexthop,
  neighbour: ipNeighbour,
  rule: ipRule,
  netns: ({ nsid }) => ({ nsid }),
};

function show<K extends MonitoredObject>(
  object: K,
  data: MonitoredObjects[K],
  options: NamedOptions,
): Json {
  return SHOWS[object](data, options);
}

/** What an event is about, as it is now or was before. */
export function shown(
  { object, names, ...event }: AnyObjectEvent,
  when: "data" | "previous",
  details: boolean,
): Json {
  const data = event[when];
  return data === undefined ? {} : show(object, data, { names, details });
}
