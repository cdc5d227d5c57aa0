// Routes put, removed and settled by hand: what no kernel here would do at the
// right moment.

import { assertEquals } from "@std/assert";
import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from "../../../../ffi/uapi/linux_netlink.ts";
import { RouteTable } from "../../../../lib/rtnetlink/monitor/route_table.ts";
import type { Sink } from "../../../../lib/rtnetlink/monitor/table.ts";
import type { Route } from "../../../../lib/rtnetlink/route.ts";

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
class Told {
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
    return this.table.settle(found, this.#sink);
  }

  /** What was said since it was last asked. */
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
  const told = new Told().put(route("a")).put(route("b"), APPEND);
  told.said;
  // Their link went down and came back; nobody said so.
  told.put(route("c"));
  assertEquals(told.said, ["-a", "-b", "+c"]);
  assertEquals(told.known, ["c"]);
  const six_ = new Told().put(six(undefined)).put(six("c"));
  assertEquals(six_.said, ["+dev", "-dev", "+c"]);
});

Deno.test("the same message twice says nothing the second time", () => {
  const told = new Told().put(route("a")).put(route("a"))
    .put(route("b"), APPEND).put(route("b"), APPEND)
    .put(route("a"), NLM_F_REPLACE)
    .remove(route("b")).remove(route("b"));
  assertEquals(told.said, ["+a", "+b", "-b"]);
  assertEquals(told.known, ["a"]);
});

Deno.test("a removal that fits nothing that is known leaves a doubt", () => {
  const told = new Told().put(route("a")).put(route("b"), APPEND);
  assertEquals(told.table.needsDump, false);
  told.remove(route("c"));
  assertEquals([told.known, told.table.needsDump], [["a", "b"], true]);
  const one = new Told().put(route("a")).remove(route("b"));
  assertEquals([one.known, one.table.needsDump], [["a"], true]);
  const ways = new Told().put(six("a")).remove(six("b"));
  assertEquals([ways.known, ways.table.needsDump], [["a"], true]);
});

Deno.test("settling tells what a dump found otherwise, each once", () => {
  const told = new Told()
    .put(route("a")).put(route("b"), APPEND)
    .put(route("m", { metric: 5 })).put(route("t", { table: 100 }));
  told.said;
  told.begin();
  const certain = told.settle(
    route("b"),
    route("c"),
    route("m", { metric: 5, flags: 16 }),
    route("n", { metric: 6 }),
  );
  assertEquals(certain, true);
  assertEquals(told.said, [
    "-t",
    "-a",
    "+c",
    "m metric 5>m metric 5 flags",
    "+n metric 6",
  ]);
  assertEquals(told.known.sort(), ["b", "c", "m metric 5", "n metric 6"]);
});

Deno.test("what messages said while a dump was read is newer than the dump", () => {
  const told = new Told().put(route("a")).put(route("x", { metric: 1 }));
  told.said;
  told.begin();
  told.put(route("b"), NLM_F_REPLACE).remove(route("x", { metric: 1 }))
    .put(route("y", { metric: 2 }));
  told.said;
  // The dump came by before each of them.
  assertEquals(told.settle(route("a"), route("x", { metric: 1 })), true);
  assertEquals(told.said, []);
  assertEquals(told.known, ["b", "y metric 2"]);
  // And what was said before it began, it knows better.
  told.begin();
  assertEquals(told.settle(route("a")), true);
  assertEquals(told.said.sort(), ["+a", "-b", "-y metric 2"]);
});

Deno.test("where more than the last message decides, another dump has to tell", () => {
  // A message about one of several, while the dump may be from before or after.
  const told = new Told().put(route("a")).put(route("b"), APPEND).begin();
  told.remove(route("a"));
  assertEquals(told.settle(route("a"), route("b")), false);
  assertEquals(told.known, ["b"]);
  told.begin();
  assertEquals(told.settle(route("b")), true);

  // Removed, while something else is there than was removed.
  const other = new Told().put(route("a")).begin().remove(route("a"));
  assertEquals(other.settle(route("z")), false);
  other.begin();
  assertEquals(other.settle(route("z")), true);
  assertEquals(other.known, ["z"]);
});

Deno.test("ways of IPv6 keep the order of the dump, whatever order messages have", () => {
  const way = (gateway: string) => ({
    ifindex: 2,
    weight: 1,
    flags: 0,
    gateway,
  });
  const ways = (...gateways: string[]) =>
    six(undefined, { ifindex: 0, nexthops: gateways.map(way) });
  const told = new Told().put(six("a"))
    .put(ways("b", "a"), APPEND).put(ways("c", "a", "b"), APPEND);
  assertEquals(told.known, ["a&b&c"]);
  told.remove(six("b"));
  assertEquals(told.known, ["a&c"]);
  told.remove(six("a"));
  assertEquals(told.known, ["c"]);
  assertEquals(told.said.at(-1), "a&c>c ifindex,gateway,nexthops");
  told.put(ways("c", "d"), NLM_F_REPLACE).remove(ways("d", "c"));
  assertEquals([told.known, told.table.needsDump], [[], false]);
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
  const settled = new Told().begin();
  settled.settle(...dump);
  const table = RouteTable.of(dump);
  assertEquals(table.size, dump.length);
  for (const one of dump) {
    assertEquals(table.group(one), settled.table.group(one));
  }
});
