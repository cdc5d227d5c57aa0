// Routes put, removed and settled by hand: what no kernel here would do at the
// right moment.

import { assert, assertEquals } from "@std/assert";
import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../../ffi/uapi/linux_netlink.ts";
import { RouteTable } from "../../../../lib/rtnetlink/monitor/route_table.ts";
import type { Parts, Sink } from "../../../../lib/rtnetlink/monitor/table.ts";
import type { Route } from "../../../../lib/rtnetlink/route.ts";
import { completed } from "../../../support/completed.ts";

const NEW = NLM_F_CREATE | NLM_F_EXCL;
const APPEND = NLM_F_CREATE | NLM_F_APPEND;

function route(gateway: string | undefined, more: Partial<Route> = {}): Route {
  return {
    family: "inet",
    type: 1,
    destination: "10.0.0.0",
    prefixLength: 8,
    table: 254,
    protocol: 3,
    scope: 0,
    flags: 0,
    ifindex: 2,
    gateway,
    preferredSource: undefined,
    metric: undefined,
    preference: undefined,
    ...more,
  };
}

const six = (gateway: string | undefined, more: Partial<Route> = {}) =>
  route(gateway, { family: "inet6", destination: "2001:db8::", ...more });

/** A table that keeps what it said, in few words. */
class Reported {
  readonly table = new RouteTable();
  #words: string[] = [];
  readonly #sink: Sink<Route> = {
    added: (one) => this.#words.push(`+${words(one)}`),
    changed: (one, previous, fields) =>
      this.#words.push(`${words(previous)}>${words(one)} ${fields}`),
    removed: (one) => this.#words.push(`-${words(one)}`),
  };

  put(one: Route, flags = NEW): this {
    this.table.put(one, flags, this.#sink);
    return this;
  }

  remove(one: Route): this {
    this.table.remove(one, this.#sink);
    return this;
  }

  begin(): this {
    this.table.begin();
    return this;
  }

  settle(...found: Route[]): boolean {
    return completed(this.parts(found));
  }

  /** The same in parts. */
  parts(found: readonly Route[]): Parts<boolean> {
    return this.table.settle(found, this.#sink);
  }

  /** The events since the last call. */
  get said(): string[] {
    return this.#words.splice(0);
  }

  get known(): string[] {
    const known = [...this.table];
    assertEquals(this.table.size, known.length);
    return known.map(words);
  }
}

function words({ gateway, nexthops, metric }: Route): string {
  const way = nexthops?.map((hop) => hop.gateway).join("&") ?? gateway ?? "dev";
  return metric === undefined ? way : `${way} metric ${metric}`;
}

Deno.test("a route that cannot be there beside others says that those are gone", () => {
  const reported = new Reported().put(route("a")).put(route("b"), APPEND);
  reported.said;
  // Their link went down and came back, without a notification.
  reported.put(route("c"));
  assertEquals(reported.said, ["-a", "-b", "+c"]);
  assertEquals(reported.known, ["c"]);
  const six_ = new Reported().put(six(undefined)).put(six("c"));
  assertEquals(six_.said, ["+dev", "-dev", "+c"]);
});

Deno.test("the same message twice says nothing the second time", () => {
  const reported = new Reported().put(route("a")).put(route("a"))
    .put(route("b"), APPEND).put(route("b"), APPEND)
    .put(route("a"), NLM_F_REPLACE)
    .remove(route("b")).remove(route("b"));
  assertEquals(reported.said, ["+a", "+b", "-b"]);
  assertEquals(reported.known, ["a"]);
});

Deno.test("a removal that matches no cached object requires a dump", () => {
  const reported = new Reported().put(route("a")).put(route("b"), APPEND);
  assertEquals(reported.table.needsDump, false);
  reported.remove(route("c"));
  assertEquals([reported.known, reported.table.needsDump], [["a", "b"], true]);
  const one = new Reported().put(route("a")).remove(route("b"));
  assertEquals([one.known, one.table.needsDump], [["a"], true]);
  const ways = new Reported().put(six("a")).remove(six("b"));
  assertEquals([ways.known, ways.table.needsDump], [["a"], true]);
});

Deno.test("reconciling reports the differences of a dump, each once", () => {
  const reported = new Reported()
    .put(route("a")).put(route("b"), APPEND)
    .put(route("m", { metric: 5 })).put(route("t", { table: 100 }));
  reported.said;
  reported.begin();
  const certain = reported.settle(
    route("b"),
    route("c"),
    route("m", { metric: 5, flags: 16 }),
    route("n", { metric: 6 }),
  );
  assertEquals(certain, true);
  assertEquals(reported.said, [
    "-t",
    "-a",
    "+c",
    "m metric 5>m metric 5 flags",
    "+n metric 6",
  ]);
  assertEquals(reported.known.sort(), ["b", "c", "m metric 5", "n metric 6"]);
});

Deno.test("what messages said while a dump was read is newer than the dump", () => {
  const reported = new Reported().put(route("a")).put(
    route("x", { metric: 1 }),
  );
  reported.said;
  reported.begin();
  reported.put(route("b"), NLM_F_REPLACE).remove(route("x", { metric: 1 }))
    .put(route("y", { metric: 2 }));
  reported.said;
  // The dump came by before each of them.
  assertEquals(reported.settle(route("a"), route("x", { metric: 1 })), true);
  assertEquals(reported.said, []);
  assertEquals(reported.known, ["b", "y metric 2"]);
  // And what was said before it began, it knows better.
  reported.begin();
  assertEquals(reported.settle(route("a")), true);
  assertEquals(reported.said.sort(), ["+a", "-b", "-y metric 2"]);
});

Deno.test("if more than the last message decides, another dump is needed", () => {
  // A message about one of several, while the dump may be from before or after.
  const reported = new Reported().put(route("a")).put(route("b"), APPEND)
    .begin();
  reported.remove(route("a"));
  assertEquals(reported.settle(route("a"), route("b")), false);
  assertEquals(reported.known, ["b"]);
  reported.begin();
  assertEquals(reported.settle(route("b")), true);

  // Removed, while something else is there than was removed.
  const other = new Reported().put(route("a")).begin().remove(route("a"));
  assertEquals(other.settle(route("z")), false);
  other.begin();
  assertEquals(other.settle(route("z")), true);
  assertEquals(other.known, ["z"]);
});

Deno.test("nexthops of IPv6 keep the order of the dump, for any order of messages", () => {
  const way = (gateway: string) => ({
    ifindex: 2,
    weight: 1,
    flags: 0,
    gateway,
  });
  const ways = (...gateways: string[]) =>
    six(undefined, { ifindex: 0, nexthops: gateways.map(way) });
  const reported = new Reported().put(six("a"))
    .put(ways("b", "a"), APPEND).put(ways("c", "a", "b"), APPEND);
  assertEquals(reported.known, ["a&b&c"]);
  reported.remove(six("b"));
  assertEquals(reported.known, ["a&c"]);
  reported.remove(six("a"));
  assertEquals(reported.known, ["c"]);
  assertEquals(reported.said.at(-1), "a&c>c ifindex,gateway,nexthops");
  reported.put(ways("c", "d"), NLM_F_REPLACE).remove(ways("d", "c"));
  assertEquals([reported.known, reported.table.needsDump], [[], false]);
});

Deno.test("a table of a dump is the one that is settled with it", () => {
  const dump = [
    route("a"),
    route("m", { metric: 5 }),
    route("b"),
    six("d"),
    route("c"),
    six(undefined, { ifindex: 7 }),
    route("e", { destination: "10.1.0.0", prefixLength: 16 }),
  ];
  const settled = new Reported().begin();
  settled.settle(...dump);
  const table = RouteTable.of(dump);
  assertEquals(table.size, dump.length);
  for (const one of dump) {
    assertEquals(table.group(one), settled.table.group(one));
  }
});

Deno.test("what is notified between two parts of a reconciliation is newer than the dump", () => {
  const numbered = (i: number, gateway = "a") =>
    route(gateway, { destination: `10.${i >> 8}.${i & 255}.0` });
  const dump = Array.from({ length: 2000 }, (_, i) => numbered(i));
  for (let at = 1;; at++) {
    const reported = new Reported();
    // Of these, the dump does not have the last.
    for (const i of [0, 1000, 1999, 2000]) reported.put(numbered(i));
    reported.begin();
    const parts = reported.parts(dump);
    let part = parts.next();
    for (let i = 1; i < at && !part.done; i++) part = parts.next();
    if (part.done) {
      assert(at > 14, `only ${at} parts`);
      break;
    }
    reported.remove(numbered(0)).put(numbered(1000, "b")).remove(numbered(1999))
      .put(numbered(2000, "b"));
    completed(parts);
    const group = (i: number) =>
      reported.table.group(numbered(i)).map(({ gateway }) => gateway);
    assertEquals(
      [500, 0, 1000, 1999, 2000].map(group),
      [["a"], [], ["b"], [], ["b"]],
      `after part ${at}`,
    );
  }
});
