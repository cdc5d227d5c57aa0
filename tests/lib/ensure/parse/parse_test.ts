// Problems of a configuration: all of them, each with its path.

import { assertEquals, assertThrows } from "@std/assert";
import { parseConfiguration } from "../../../../lib/ensure/parse/parse.ts";
import {
  ConfigurationError,
  pathText,
} from "../../../../lib/ensure/parse/error.ts";

function problems(value: unknown): string[] {
  const error = assertThrows(
    () => parseConfiguration(value),
    ConfigurationError,
  );
  return error.problems.map(({ path, message }) =>
    `${pathText(path)}: ${message}`
  );
}

Deno.test("all problems are reported together, each with its path", () => {
  const wrong = {
    lnks: [],
    links: [
      {
        name: "br0",
        kind: "bridge",
        mtu: "1400",
        up: "yes",
        options: { forward_delay: -1, colour: "red" },
        addresses: ["192.0.2.1/33", { address: "192.0.2.1", metric: null }, 7],
      },
      { kind: "bridge", port: { kind: "team" } },
      { name: "a-name-that-is-too-long", state: "up" },
    ],
    routes: [{ via: "192.0.2.1" }, { to: "default", nexthops: [{ via: 1 }] }],
    namespaces: { "a/b": {}, blue: { exclusive: ["all"], rules: {} } },
  };
  assertEquals(problems(wrong), [
    "lnks: unknown key",
    'links[0].mtu: "1400" is not a whole number from 0 to 2147483647',
    'links[0].up: "yes" is not on, off, true, false, 1 or 0; yes and no are ' +
    "plain text in YAML 1.2",
    "links[0].options.forward_delay: -1 is not a whole number from 0 to " +
    "4294967295, or a time such as 15s or 500ms",
    "links[0].options.colour: unknown key",
    'links[0].addresses[0]: "192.0.2.1/33" is not an address with a prefix ' +
    "length like 192.0.2.1/24 or 2001:db8::1/64",
    "links[0].addresses[1].metric: nothing is not a whole number from 0 to " +
    "4294967295",
    "links[0].addresses[2]: 7 is not a mapping",
    "links[1]: name is missing",
    'links[1].port.kind: "team" is not bridge or bond',
    'links[2].state: "up" is not absent; up: true sets a link up',
    "routes[0]: to is missing",
    "routes[1].nexthops[0].via: 1 is not an address like 192.0.2.1 or " +
    "2001:db8::1",
    'namespaces.a/b: namespace: "a/b" is not a name under /run/netns, an ' +
    "absolute path or a process number",
    "namespaces.blue.rules: a mapping is not a list",
    'namespaces.blue.exclusive[0]: "all" is not one of links, addresses, ' +
    "routes, neighbours, rules, nexthops, vlans, fdb, mdb, dynamic",
  ]);
});

const cases: Readonly<Record<string, readonly [unknown, string[]]>> = {
  "nothing": [undefined, [": the configuration is empty"]],
  "a text": ["x", [': "x" is not a mapping']],
  "words that exclude each other": [
    {
      links: [{
        name: "vx0",
        kind: "vxlan",
        options: { id: 1, group: "239.1.1.1", remote: "192.0.2.1", dev: "a" },
      }],
      routes: [{ to: "10.0.0.0/8", via: "192.0.2.1", src: "2001:db8::1" }],
    },
    [
      'links[0]: vxlan remote: "192.0.2.1" is not possible beside group',
      'routes[0]: src: "2001:db8::1" is not of the same IP version as the route',
    ],
  ],
  "an IPv6 address with an MTU below 1280": [
    {
      links: [
        { name: "d0", kind: "dummy", mtu: 1000, addresses: ["2001:db8::1/64"] },
        { name: "d1", kind: "dummy", mtu: 1000, addresses: ["192.0.2.1/24"] },
        { name: "d2", kind: "dummy", mtu: 1280, addresses: ["2001:db8::2/64"] },
      ],
    },
    [
      "links[0].mtu: 1000 is not 1280 or more, which IPv6 (2001:db8::1/64) " +
      "needs",
    ],
  ],
  "a network with bits of hosts": [
    { routes: [{ to: "192.0.2.1/24", dev: "a" }] },
    [
      'routes[0].to: "192.0.2.1/24" is not a network: that would be ' +
      "192.0.2.0/24",
    ],
  ],
  "options of a kind that nobody knows": [
    { links: [{ name: "a", kind: "brigde", options: { stp_state: true } }] },
    ['links[0].kind: "brigde" is no kind with known options'],
  ],
  "a veth without its other end": [
    { links: [{ name: "a", kind: "veth" }] },
    [
      "links[0]: a veth needs its other end: options.peer, of this link or " +
      "of the other",
    ],
  ],
  "a veth that is its own other end": [
    { links: [{ name: "a", kind: "veth", options: { peer: { name: "a" } } }] },
    ["links[0].options.peer: link a cannot be its own other end"],
  ],
  "an other end that is something else": [
    {
      links: [
        { name: "a", kind: "veth", options: { peer: { name: "b" } } },
        { name: "b", kind: "bridge" },
      ],
    },
    ["links[0].options.peer: link b is configured as a bridge"],
  ],
  "a link with two other ends": [
    {
      links: [
        { name: "a", kind: "veth", options: { peer: { name: "b" } } },
        { name: "c", kind: "veth", options: { peer: { name: "b" } } },
      ],
    },
    ["links[1].options.peer: link b already has another end"],
  ],
  "a namespace that is not described": [
    {
      links: [{
        name: "a",
        kind: "veth",
        options: { peer: { name: "b", netns: "blue" } },
      }],
      namespaces: { red: {} },
    },
    [
      'links[0].options.peer.netns: "blue" is no configured namespace',
    ],
  ],
  "a link described twice": [
    { links: [{ name: "a", up: true }, { name: "a", mtu: 5 }] },
    ["links[1]: link a is configured by links[0] too"],
  ],
  "objects that are configured twice": [
    {
      links: [{
        name: "a",
        addresses: [
          "192.0.2.1/24",
          "192.0.2.1/25",
          {
            address: "192.0.2.1/24",
            label: "a:1",
          },
          "2001:db8::1/64",
          "2001:db8:0::1/48",
        ],
      }],
      routes: [
        { to: "10.0.0.0/8", via: "192.0.2.2" },
        { to: "10.0.0.0/8", via: "192.0.2.3", table: "main" },
        { to: "10.0.0.0/8", via: "192.0.2.3", metric: 5 },
        { to: "default", via: "2001:db8::2" },
        { to: "default", via: "192.0.2.2" },
        { to: "::/0", via: "2001:db8::3", metric: 1024 },
        { to: "0.0.0.0/0", via: "192.0.2.4" },
      ],
      neighbours: [
        { to: "2001:db8::7", dev: "a", lladdr: "02:00:00:00:00:07" },
        { to: "2001:db8::7", dev: "b", lladdr: "02:00:00:00:00:07" },
        { to: "2001:db8:0::7", dev: "a", lladdr: "02:00:00:00:00:08" },
      ],
      nexthops: [{ id: 5, via: "192.0.2.2", dev: "a" }, {
        id: 5,
        blackhole: true,
      }],
    },
    [
      "links[0].addresses[2]: the same address as links[0].addresses[0]",
      "links[0].addresses[4]: the same address as links[0].addresses[3]",
      "routes[1]: the same route as routes[0]",
      "routes[5]: the same route as routes[3]",
      "routes[6]: the same route as routes[4]",
      "neighbours[2]: the same neighbour as neighbours[0]",
      "nexthops[1]: the same nexthop as nexthops[0]",
    ],
  ],
  "settings of a veth that its ends disagree on": [
    {
      links: [
        {
          name: "a",
          kind: "veth",
          options: { peer: { name: "b", mtu: 1400, up: true } },
        },
        { name: "b", mtu: 1500, up: true },
      ],
    },
    ["links[0].options.peer.mtu: 1400 is not 1500, as in links[1]"],
  ],
  "a lower link of a kind without one, and none of a kind with one": [
    {
      links: [
        { name: "a", kind: "vxlan", link: "eth0", options: { id: 5 } },
        { name: "b", kind: "dummy", link: "eth0" },
        { name: "c", kind: "vlan", options: { id: 5 } },
      ],
    },
    [
      "links[0].link: a vxlan has no lower link; see options.dev",
      "links[1].link: a dummy has no lower link",
      "links[2]: link is missing: the lower link of a vlan",
    ],
  ],
  "a route to nowhere": [
    { routes: [{ to: "default" }, { to: "10.0.0.0/8", type: "blackhole" }] },
    [
      'routes[0]: route: "default" is not complete: it needs via, dev, ' +
      "nexthops or nhid",
    ],
  ],
  "options of a device of the machine": [
    { links: [{ name: "eth0", options: { id: 5 } }] },
    ["links[0].options: options need the kind of the link"],
  ],
};

for (const [name, [value, expected]] of Object.entries(cases)) {
  Deno.test(`refused: ${name}`, () => assertEquals(problems(value), expected));
}

Deno.test("both ends of a pair are one, described here or there or at both", () => {
  const pair = (left: object, right: object) => ({
    namespaces: {
      blue: { links: [{ name: "a", ...left }] },
      red: { links: [{ name: "b", mtu: 1400, ...right }] },
    },
  });
  const toB = { kind: "veth", options: { peer: { name: "b", netns: "red" } } };
  const toA = { kind: "veth", options: { peer: { name: "a", netns: "blue" } } };
  for (
    const description of [
      pair(toB, {}),
      pair(toB, { kind: "veth" }),
      pair({}, toA),
      pair(toB, toA),
    ]
  ) {
    const [blue, red] = parseConfiguration(description).namespaces;
    assertEquals(blue.links[0].peer, red.links[0]);
    assertEquals(red.links[0].peer, blue.links[0]);
    assertEquals(red.links[0].settings.mtu, 1400);
  }
});

Deno.test("a link made here for another namespace is one of that namespace", () => {
  const { namespaces } = parseConfiguration({
    links: [
      { name: "mv0", kind: "macvlan", link: "eth0", netns: "blue" },
      { name: "eth0", up: true },
    ],
    namespaces: { blue: null },
  });
  assertEquals(
    namespaces.map(({ name, links }) => [name, links.map(({ name }) => name)]),
    [[undefined, ["eth0"]], ["blue", ["mv0"]]],
  );
  assertEquals(namespaces[1].links[0].from, undefined);
});

Deno.test("a configuration can name the version of its format, which has to be 1", () => {
  parseConfiguration({ schema: 1, links: [] });
  for (const [given, shown] of [[2, "2"], ["1", '"1"'], [null, "null"]]) {
    assertEquals(problems({ schema: given, links: [] }), [
      `schema: ${shown} is not 1, the version of the format that this version ` +
      "of netplumb reads",
    ]);
  }
});
