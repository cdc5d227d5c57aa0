// Queued events of IPv4 routes. Each line of stdin is the number of events; the
// reply has the number received and the time.
//
//   monitor.ts nothing|objects|monitor

import {
  Monitor,
  type MonitorEvent,
  NetlinkSubscription,
  type Route,
} from "../../mod.ts";
import { decodeRoute } from "../../lib/rtnetlink/route.ts";
import { lines } from "../harness/lines.ts";

const NETLINK_ROUTE = 0;
const RTNLGRP_IPV4_ROUTE = 7;
const receiveBuffer = 64 << 20;

/** Receives this many events; returns their number. */
type Take = (wanted: number) => Promise<number> | number;

function subscribe(): NetlinkSubscription {
  return NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: [RTNLGRP_IPV4_ROUTE],
    receiveBuffer,
  });
}

/** The lower bound: all messages visited, no object created. */
function nothing(): Take {
  const subscription = subscribe();
  return () => {
    let count = 0;
    subscription.drain(() => void count++);
    return count;
  };
}

function objects(): Take {
  const subscription = subscribe();
  return () => {
    const events: { type: number; route: Route | undefined }[] = [];
    subscription.drain((message) => {
      events.push({ type: message.type, route: decodeRoute(message) });
    });
    return events.length;
  };
}

/** With a cache of all routes that every event updates. */
async function pictured(): Promise<Take> {
  const monitor = await Monitor.open({ objects: ["route"], receiveBuffer });
  return async (wanted) => {
    const events: MonitorEvent[] = [];
    while (events.length < wanted) {
      for (const event of await monitor.receive()) events.push(event);
    }
    return events.length;
  };
}

const TAKE: Record<string, () => Take | Promise<Take>> = {
  nothing,
  objects,
  monitor: pictured,
};

const take = await TAKE[Deno.args[0]]();
console.log("listening");
for await (const line of lines(Deno.stdin.readable)) {
  const begin = performance.now();
  const events = await take(Number(line));
  const seconds = (performance.now() - begin) / 1e3;
  console.log(JSON.stringify({ events, seconds }));
}
