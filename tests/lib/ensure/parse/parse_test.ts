// What is wrong with a description: all of it, each with its path.

import { assertEquals, assertThrows } from "@std/assert";
import { parseDescription } from "../../../../lib/ensure/parse/parse.ts";
import {
  DescriptionError,
  pathText,
} from "../../../../lib/ensure/parse/problem.ts";

function problems(value: unknown): string[] {
  const error = assertThrows(() => parseDescription(value), DescriptionError);
  return error.problems.map(({ path, message }) =>
    `${pathText(path)}: ${message}`
  );
}

Deno.test("all that is wrong is told at once, with its path", () => {
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
    "lnks: this word is not known here",
    'links[0].mtu: "1400" is not a whole number from 0 to 2147483647',
    'links[0].up: "yes" is not on, off, true, false, 1 or 0; yes and no are ' +
    "plain text",
    "links[0].options.forward_delay: -1 is not a whole number from 0 to " +
    "4294967295",
    "links[0].options.colour: this word is not known here",
    'links[0].addresses[0]: "192.0.2.1/33" is not an address with a prefix ' +
    "length like 192.0.2.1/24 or 2001:db8::1/64",
    "links[0].addresses[1].metric: nothing is not a whole number from 0 to " +
    "4294967295",
    "links[0].addresses[2]: 7 is not a mapping of words to values",
    "links[1]: name is missing",
    'links[1].port.kind: "team" is not bridge or bond',
    'links[2].name: "a-name-that-is-too-long" is not an interface name: 23 ' +
    "bytes, 15 at most",
    "links[2].state: this word is not known here",
    "routes[0]: to is missing",
    "routes[1].nexthops[0].via: 1 is not an address like 192.0.2.1 or " +
    "2001:db8::1",
    'namespaces.a/b: namespace: "a/b" is not a name under /run/netns, an ' +
    "absolute path or a process number",
    "namespaces.blue.rules: a mapping is not a list",
    'namespaces.blue.exclusive[0]: "all" is not one of links, addresses, ' +
    "routes, neighbours, rules, nexthops, dynamic",
  ]);
});

const cases: Readonly<Record<string, readonly [unknown, string[]]>> = {
  "nothing": [undefined, [": there is nothing in it"]],
  "a text": ["x", [': "x" is not a mapping of words to values']],
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
      'routes[0]: src: "2001:db8::1" is not of the route\'s family',
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
    ['links[0].kind: "brigde" is not a kind whose options are known'],
  ],
  "a veth without its other end": [
    { links: [{ name: "a", kind: "veth" }] },
    [
      "links[0]: a veth has another end: name it in options.peer, here or " +
      "there",
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
    ["links[0].options.peer: link b is described as a bridge"],
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
      'links[0].options.peer.netns: "blue" is not among the namespaces ' +
      "described",
    ],
  ],
  "a link described twice": [
    { links: [{ name: "a", up: true }, { name: "a", mtu: 5 }] },
    ["links[1]: link a is described twice"],
  ],
  "options of a device of the machine": [
    { links: [{ name: "eth0", options: { id: 5 } }] },
    ["links[0].options: options are for a link whose kind is given"],
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
    const [blue, red] = parseDescription(description).namespaces;
    assertEquals(blue.links[0].peer, red.links[0]);
    assertEquals(red.links[0].peer, blue.links[0]);
    assertEquals(red.links[0].settings.mtu, 1400);
  }
});

Deno.test("a link made here for another namespace is one of that namespace", () => {
  const { namespaces } = parseDescription({
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
