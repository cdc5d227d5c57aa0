// Sentences about routes that are made of those reported before.

import { assert, assertEquals } from "@std/assert";
import { RouteTexts } from "../../../cli/monitor/route_texts.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import type { ObjectEvent } from "../../../lib/rtnetlink/monitor/event.ts";
import type { Route } from "../../../lib/rtnetlink/route.ts";

type RouteEvent = ObjectEvent<"route">;

const names = new LinkNames();

const COMMON: Route = {
  family: "inet",
  type: 1,
  destination: "10.0.0.0",
  prefixLength: 24,
  table: 254,
  protocol: 3,
  scope: 0,
  flags: 0,
  ifindex: 2,
  gateway: "192.0.2.2",
  metric: 100,
};

/** Another value for each field there is. */
const OTHER: Required<Route> = {
  family: "inet6",
  type: 6,
  destination: "10.0.1.0",
  prefixLength: 25,
  table: 7,
  protocol: 4,
  scope: 253,
  flags: 16,
  ifindex: 3,
  gateway: "192.0.2.3",
  metric: 101,
  preferredSource: "192.0.2.1",
  preference: 1,
  source: "192.0.2.0",
  sourceLength: 24,
  tos: 8,
  via: { family: "inet6", address: "fe80::1" },
  inputIfindex: 2,
  nexthopId: 1,
  nexthops: [],
  metrics: { mtu: 1400 },
  mark: 1,
  realms: 1,
  uid: 1,
  ttlPropagate: 1,
  newDestination: "100",
  encapsulation: { type: 1, attributes: new Uint8Array() },
  cache: {
    references: 0,
    lastUse: 0,
    expires: 100,
    error: 0,
    used: 0,
    id: 0,
    timestamp: 0,
    timestampAge: 0,
  },
  unknown: [],
};

function eventOf(data: Route, more: Partial<RouteEvent> = {}): RouteEvent {
  return {
    event: "new",
    object: "route",
    data,
    previous: undefined,
    changed: undefined,
    origin: "kernel",
    namespace: undefined,
    names,
    ...more,
  };
}

/** All fields, so that two texts are equal only if all fields are. */
function all({ event, data, origin, names: one }: RouteEvent): string {
  const known = one === names ? "as they were" : "others";
  return JSON.stringify({ event, origin, known, ...data });
}

Deno.test("a route that differs in any field from a previous one is reported correctly", () => {
  const texts = new RouteTexts();
  const reported = (event: RouteEvent) =>
    assertEquals(texts.text(event, all), all(event));
  for (const [field, value] of Object.entries(OTHER)) {
    reported(eventOf(COMMON));
    reported(eventOf({ ...COMMON, [field]: value }));
    reported(eventOf(COMMON));
  }
  reported(eventOf({ ...COMMON, destination: undefined }));
  for (
    const more of [
      { event: "delete" },
      { event: "change", changed: ["metric"] },
      { origin: "recovered" },
      { names: new LinkNames() },
    ] as const
  ) {
    reported(eventOf(COMMON, more));
    reported(eventOf(COMMON));
  }
});

Deno.test("routes that differ only in their destination have the same cached text", () => {
  const texts = new RouteTexts();
  let made = 0;
  const tell = (destination: string) =>
    texts.text(eventOf({ ...COMMON, destination }), (event) => {
      made++;
      return all(event);
    });
  tell("10.0.0.0");
  const before = made;
  for (let net = 1; net < 200; net++) tell(`10.0.${net}.0`);
  assertEquals(made, before);
});

Deno.test("a link name equal to the placeholder of the destination is printed correctly", () => {
  const texts = new RouteTexts();
  const tell = ({ data }: RouteEvent) =>
    `to ${data.destination} by <destination>`;
  for (const destination of ["10.0.0.0", "10.0.1.0"]) {
    const text = texts.text(eventOf({ ...COMMON, destination }), tell);
    assert(text === `to ${destination} by <destination>`, text);
  }
});
