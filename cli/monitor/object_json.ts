// The objects of events with the keys of `show`.

import { bpfProgram } from "../../lib/rtnetlink/bpf_program.ts";
import { bridgeMdb, bridgeVlan, bridgeVni } from "../../lib/iproute2/bridge.ts";
import { bridgeFdb } from "../../lib/iproute2/fdb.ts";
import { ipAddress } from "../../lib/iproute2/address.ts";
import { ipLink } from "../../lib/iproute2/link.ts";
import { ipNeighbour } from "../../lib/iproute2/neighbour.ts";
import { ipNexthop } from "../../lib/iproute2/nexthop.ts";
import type { IpJsonOptions } from "../../lib/iproute2/options.ts";
import { ipClass, ipQdisc } from "../../lib/iproute2/qdisc.ts";
import { ipRoute } from "../../lib/iproute2/route.ts";
import { ipRule } from "../../lib/iproute2/rule.ts";
import type { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import type {
  AnyObjectEvent,
  MonitoredObject,
  MonitoredObjects,
} from "../../lib/rtnetlink/monitor/event.ts";
import type { Json } from "../show/shown.ts";

/** Options with the names of links. */
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
  fdb: bridgeFdb,
  vlan: (vlan, options) => ({
    ...bridgeVlan(vlan, options),
    ...vlan.tunnelId !== undefined && { tunid: vlan.tunnelId },
  }),
  mdb: bridgeMdb,
  vni: bridgeVni,
  qdisc: ipQdisc,
  class: ipClass,
};

function show<K extends MonitoredObject>(
  object: K,
  data: MonitoredObjects[K],
  options: NamedOptions,
): Json {
  return SHOWS[object](data, options);
}

/** The object of an event, as it is or was before. */
export function objectJson(
  { object, names, ...event }: AnyObjectEvent,
  when: "data" | "previous",
  options: Pick<IpJsonOptions, "details" | "nexthops">,
): Json {
  const data = event[when];
  return data === undefined ? {} : show(object, data, { ...options, names });
}
