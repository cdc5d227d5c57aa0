// netplumb show qdisc and show class: print them with the keys of `tc -j`.

import { ipClass, ipQdisc } from "../../lib/iproute2/qdisc.ts";
import type { Qdisc } from "../../lib/rtnetlink/qdisc.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import {
  bounds,
  interrupted,
  linkNames,
  type Shown,
  type ShowOptions,
} from "./shown.ts";

export async function showQdiscs(
  route: RouteSocket,
  options: ShowOptions,
): Promise<Shown> {
  const { details, statistics } = options;
  const { names, ifindex } = await linkNames(route, options);
  const qdiscs = await route.qdiscs({ ...bounds(options), ifindex });
  const how = { names, details, statistics, oneDevice: ifindex !== undefined };
  return {
    objects: qdiscs.map((one) => ipQdisc(one, how)),
    interrupted: interrupted(qdiscs),
  };
}

/** The classes of a link, or of all links with a queueing discipline. */
export async function showClasses(
  route: RouteSocket,
  options: ShowOptions,
): Promise<Shown> {
  const { details, statistics } = options;
  const { names, ifindex } = await linkNames(route, options);
  const links = ifindex === undefined
    ? new Set((await route.qdiscs(bounds(options))).map((one) => one.ifindex))
    : [ifindex];
  const how = { names, details, statistics, oneDevice: ifindex !== undefined };
  const classes: Qdisc[] = [];
  let isInterrupted = false;
  for (const link of links) {
    const dump = await route.classes(link, bounds(options));
    isInterrupted ||= interrupted(dump);
    for (const one of dump) classes.push(one);
  }
  return {
    objects: classes.map((one) => ipClass(one, how)),
    interrupted: isInterrupted,
  };
}
