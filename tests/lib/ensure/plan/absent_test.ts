// Objects with `state: absent`, and those that `ignore` keeps, as `ip` shows
// them afterwards.

import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { IGNORED_NAMES } from "../../../../lib/ensure/parse/selection.ts";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import { Lab } from "../../../support/netns.ts";
import "../../../support/descriptors.ts";

/** Applies a configuration twice; returns the removed objects. */
async function removed(namespace: string, value: unknown): Promise<string[]> {
  await using reconciler = await Reconciler.open(parseConfiguration(value), {
    namespace,
  });
  const { refused, applied } = await reconciler.apply();
  assertEquals(refused?.error.message, undefined);
  assertEquals((await reconciler.plan()).actions, []);
  return applied.filter(({ type }) => type === "remove")
    .map(({ object, name }) => `${object} ${name}`).sort();
}

Deno.test("state: absent removes links, addresses and routes", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add old1 type bridge
    link add old2 type veth peer name far2
    link add keep1 type bridge
    link set keep1 up
    address add 192.0.2.1/24 dev keep1
    address add 192.0.2.2/24 dev keep1
    address add 2001:db8::1/64 dev keep1 nodad
    route add 198.51.100.0/24 via 192.0.2.9
    route add 198.51.100.0/24 via 192.0.2.8 metric 5
    route add 203.0.113.0/24 via 192.0.2.9
    route add default via 192.0.2.9
    route add 198.51.100.0/24 via 192.0.2.9 table 7`);
  const configuration = {
    links: [
      { name: "old?", state: "absent" },
      { name: "gone", state: "absent" },
      { name: "keep*", state: "absent" },
      {
        name: "keep1",
        addresses: [
          { address: "2001:DB8:0::1/64", state: "absent" },
          { address: "192.0.2.2/24", state: "absent" },
          { address: "192.0.2.1/25", state: "absent" },
        ],
      },
    ],
    routes: [
      { to: "198.51.100.0/24", metric: 5, state: "absent" },
      { to: "203.0.113.0/24", via: "192.0.2.8", state: "absent" },
      { to: "default", dev: "keep1", state: "absent" },
    ],
  };
  assertEquals(await removed(one.name, configuration), [
    "address 192.0.2.2/24 of keep1",
    "address 2001:db8::1/64 of keep1",
    "link old1",
    "link old2",
    "route 198.51.100.0/24 metric 5",
    "route default",
  ]);
  const links = await one.json<{ ifname: string }>("link");
  assertEquals(links.map(({ ifname }) => ifname), ["lo", "keep1"]);
  const routes = await one.json<Record<string, string>>(
    "-4 route show table all type unicast",
  );
  assertEquals(
    routes.filter(({ protocol }) => protocol !== "kernel")
      .map(({ dst, table }) => `${dst} ${table ?? "main"}`).sort(),
    ["198.51.100.0/24 7", "198.51.100.0/24 main", "203.0.113.0/24 main"],
  );
});

Deno.test("ignore keeps objects of other programs beside exclusive", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add docker0 type bridge
    link add veth1234567 type veth peer name vethabcdefg
    link add mine type bridge
    link add theirs1 type bridge
    link set docker0 up
    address add 172.17.0.1/16 dev docker0
    address add 10.96.1.1/24 dev lo
    address add 10.97.1.1/24 dev lo
    route add 10.96.8.0/24 dev docker0
    route add 10.1.0.0/16 dev lo proto 99
    route add 10.2.0.0/16 dev lo proto static
    route add 10.0.0.0/8 dev lo
    rule add from 10.96.0.7 lookup 9 priority 1
    rule add from 10.97.0.7 lookup 9 priority 2`);
  const ignore = [
    { name: "theirs*" },
    { prefix: "10.96.0.0/16" },
    { protocol: 99 },
  ];
  const exclusive = ["links", "addresses", "routes", "rules"];
  assertEquals(await removed(one.name, { exclusive, ignore }), [
    "address 10.97.1.1/24 of lo",
    "link mine",
    "route 10.0.0.0/8",
    "route 10.2.0.0/16",
    "rule priority 2",
  ]);
  // Objects of other programs, of container runtimes too.
  assertEquals(
    await removed(one.name, { exclusive: [...exclusive, "dynamic"] }),
    [
      "address 10.96.1.1/24 of lo",
      "address 172.17.0.1/16 of docker0",
      "link docker0",
      "link theirs1",
      // The other end is deleted with it.
      "link vethabcdefg",
      "route 10.1.0.0/16",
      "route 10.96.8.0/24",
      "rule priority 1",
    ],
  );
});

Deno.test("problems of absent and ignored objects", () => {
  const error = assertThrows(() =>
    parseConfiguration({
      links: [
        { name: "a", state: "up" },
        { name: "b", state: "absent", mtu: 1400 },
        { name: "br0", state: "absent" },
        {
          name: "br0",
          kind: "bridge",
          addresses: [{ address: "192.0.2.1", state: "absent" }],
        },
      ],
      routes: [{ to: "default", state: "absent", scope: "link" }],
      ignore: [{}, { prefix: "x" }],
    })
  );
  assertEquals((error as Error).message.split("\n").sort(), [
    "ignore[0]: name, prefix or protocol is missing",
    'ignore[1].prefix: "x" is not a network like 192.0.2.0/24 or 2001:db8::/32',
    'links[0].state: "up" is not absent; up: true sets a link up',
    "links[1].mtu: unknown key",
    'links[3].addresses[0].address: "192.0.2.1" is not an address with its ' +
    "prefix length like 192.0.2.1/24",
    "routes[0].scope: unknown key",
  ]);
  const twice = assertThrows(() =>
    parseConfiguration({
      links: [{ name: "br0", state: "absent" }, {
        name: "br0",
        kind: "bridge",
      }],
    })
  );
  assertEquals(
    (twice as Error).message,
    "links[0]: link br0 is configured by links[1]",
  );
});

Deno.test("times have units", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const bridge = (options: object) => ({
    links: [{ name: "br0", kind: "bridge", options }],
  });
  const times = {
    ageing_time: "1min",
    forward_delay: "4s",
    hello_time: "1.5s",
  };
  await removed(one.name, bridge(times));
  const [{ linkinfo }] = await one.json<
    { linkinfo: { info_data: Record<string, number> } }
  >("-d link show br0");
  const { ageing_time, forward_delay, hello_time } = linkinfo.info_data;
  assertEquals([ageing_time, forward_delay, hello_time], [6000, 400, 150]);
  const error = assertThrows(() =>
    parseConfiguration(bridge({ forward_delay: "5ms", max_age: "20 s" }))
  );
  assertEquals(
    (error as Error).message.split("\n").map((line) =>
      line.split(" is not ")[0]
    ),
    [
      'links[0].options.forward_delay: "5ms"',
      'links[0].options.max_age: "20 s"',
    ],
  );
});

Deno.test("link-layer addresses are derived from a seed", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const file = (seed: string) => ({
    seed,
    links: [
      { name: "br0", kind: "bridge" },
      { name: "br1", kind: "bridge", address: "02:00:5e:10:00:01" },
      { name: "v0", kind: "veth", options: { peer: { name: "v1" } } },
    ],
  });
  const addresses = async () =>
    new Map(
      (await one.json<{ ifname: string; address: string }>("link"))
        .map(({ ifname, address }) => [ifname, address]),
    );
  await removed(one.name, file("lab"));
  const first = await addresses();
  assertEquals(first.get("br1"), "02:00:5e:10:00:01");
  for (const name of ["br0", "v0"]) await one.ip(`link delete ${name}`);
  await removed(one.name, file("lab"));
  assertEquals(await addresses(), first);
  await removed(one.name, file("other"));
  const other = await addresses();
  for (const name of ["br0", "v0", "v1"]) {
    assertMatch(first.get(name)!, /^02:/);
    assertNotEquals(other.get(name), first.get(name));
  }
  assertEquals(new Set(first.values()).size, first.size);
});

Deno.test("the page lists the links that are ignored", async () => {
  const page = new URL("../../../../docs/ensure.md", import.meta.url);
  const [, list] = /are not removed either:([^.]*)\./.exec(
    await Deno.readTextFile(page),
  )!;
  assertEquals(
    [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    IGNORED_NAMES,
  );
});
