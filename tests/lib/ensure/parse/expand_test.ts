// Variables, repetitions and merged files: what the configuration becomes, and
// what is wrong with it.

import { assert, assertEquals } from "@std/assert";
import { expand } from "../../../../lib/ensure/parse/expand.ts";

/** What files become; throws the first problem. */
function expanded(...files: readonly unknown[]): unknown {
  const { value, problems } = expand(files);
  for (const { message } of problems) throw new Error(message);
  return value;
}

/** The problems of files. */
function problems(...files: readonly unknown[]): string[] {
  return expand(files).problems.map(({ place, message }) =>
    `${place.file} ${place.path.join(".")}: ${message}`
  );
}

const EXPRESSIONS: Readonly<Record<string, unknown>> = {
  "$(n)": 5,
  "$( n )": 5,
  "a$(n)b": "a5b",
  "$(n)$(n)": "55",
  "$(n + 2 * 3)": 11,
  "$((n + 2) * 3)": 21,
  "$(-n)": -5,
  "$(n - -2)": 7,
  "$(n / 2)": 2,
  "$(-n / 2)": -3,
  "$(-n % 3)": 1,
  "$(n:d)": "5",
  "$(n:03)": "005",
  "$(n * 51:x)": "ff",
  "$(n:04x)": "0005",
  "$$(n)": "$(n)",
  "$$(n)$(n)": "$(n)5",
  "$n $ (n)": "$n $ (n)",
  "$(host.name).$(host.id + 1)": "red.8",
  "$(list)": [1, "two"],
  "$(text)": "7",
  "$(text + 1)": 8,
  "$(later)": "x5",
};

Deno.test("expressions", () => {
  const variables = {
    later: "x$(n)",
    n: 5,
    host: { name: "red", id: 7 },
    list: [1, "two"],
    text: "7",
  };
  for (const [text, value] of Object.entries(EXPRESSIONS)) {
    assertEquals(expanded({ variables, links: [text] }), { links: [value] });
  }
});

Deno.test("objects are repeated in order, the first variable slowest", () => {
  assertEquals(
    expanded({
      variables: { n: 2 },
      links: [
        { name: "first" },
        { for: { a: "1..$(n)", b: "$(a)..3" }, name: "l$(a)$(b)", mtu: "$(b)" },
        { for: { none: "1..0" }, name: "none" },
      ],
      namespaces: {
        "n$(i)": {
          for: { i: ["x", "y"] },
          routes: [{ for: { j: "7..8" }, to: "10.$(j).0.0/16", dev: "$(i)0" }],
        },
      },
    }),
    {
      links: [
        { name: "first" },
        { name: "l11", mtu: 1 },
        { name: "l12", mtu: 2 },
        { name: "l13", mtu: 3 },
        { name: "l22", mtu: 2 },
        { name: "l23", mtu: 3 },
      ],
      namespaces: Object.fromEntries(["x", "y"].map((i) => [`n${i}`, {
        routes: [
          { to: "10.7.0.0/16", dev: `${i}0` },
          { to: "10.8.0.0/16", dev: `${i}0` },
        ],
      }])),
    },
  );
  assertEquals(
    expanded({
      links: [{ ports: ["a", { for: { i: "1..2" }, item: "p$(i)" }] }],
    }),
    { links: [{ ports: ["a", "p1", "p2"] }] },
  );
});

Deno.test("files are merged: lists are joined, variables of later files win", () => {
  const file = {
    variables: { n: 1, m: 4 },
    defaults: [{ up: true }],
    links: [{ name: "a$(n)" }],
    namespaces: { x: { links: [{ name: "b" }], exclusive: true } },
    sysctls: { "net.a": 1 },
  };
  const main = {
    variables: { n: 2 },
    schema: 1,
    defaults: [{ mtu: "$(m)" }],
    links: null,
    namespaces: { x: { links: [{ name: "c" }], exclusive: true }, y: null },
    sysctls: { "net.b": 2 },
  };
  assertEquals(expanded(file, main), {
    defaults: [{ up: true }, { mtu: 4 }],
    links: [{ name: "a2" }],
    namespaces: {
      x: { links: [{ name: "b" }, { name: "c" }], exclusive: true },
      y: null,
    },
    sysctls: { "net.a": 1, "net.b": 2 },
    schema: 1,
  });
  assertEquals(problems({ exclusive: true }, { exclusive: ["links"] }), [
    "1 exclusive: it has another value elsewhere",
  ]);
});

Deno.test("each value has its place", () => {
  const { placeOf } = expand([
    { routes: [{ to: "a" }], namespaces: { n1: { links: [{ name: "z" }] } } },
    {
      routes: [{ for: { i: "1..2" }, to: "$(i)" }],
      namespaces: { "n$(i)": { for: { i: "1..2" }, links: [{ name: "x" }] } },
    },
  ]);
  const text = (...path: (string | number)[]) => {
    const { file, path: at, loop } = placeOf(path);
    return `${file} ${at.join(".")} (${loop})`;
  };
  assertEquals(text("routes", 0, "to"), "0 routes.0.to ()");
  assertEquals(text("routes", 2, "to"), "1 routes.0.to (i = 2)");
  assertEquals(
    text("namespaces", "n1", "links", 1, "name"),
    "1 namespaces.n$(i).links.0.name (i = 1)",
  );
  assertEquals(
    text("namespaces", "n1", "links", 0, "name"),
    "0 namespaces.n1.links.0.name ()",
  );
  assertEquals(text("rules", 0), "1 rules.0 ()");
});

const WRONG: readonly (readonly [unknown, string])[] = [
  [{ links: ["$(n)"] }, "0 links.0: unknown variable n"],
  [
    { links: ["$(n"] },
    "0 links.0: $( without its closing ); $$( is the text $(",
  ],
  [
    { links: ["$(1 1)"] },
    '0 links.0: unexpected "1)" in an expression; $$( is the text $(',
  ],
  [
    { links: ["$()"] },
    '0 links.0: unexpected ")" in an expression; $$( is the text $(',
  ],
  [{ links: ["$(1 / 0)"] }, "0 links.0: division by 0"],
  [{ links: ["$(1 % (1 - 1))"] }, "0 links.0: division by 0"],
  [
    { links: ["$(999999999 * 999999999 * 999999999)"] },
    "0 links.0: 999999998000000000 is not a whole number",
  ],
  [
    { variables: { a: "x" }, links: ["$(a + 1)"] },
    "0 links.0: x is not a whole number",
  ],
  [
    { variables: { a: [1] }, links: ["b$(a)"] },
    "0 links.0: a list cannot be part of a text",
  ],
  [{ variables: { a: {} }, links: ["$(a.b)"] }, "0 links.0: unknown key b"],
  [
    { variables: { a: 1 }, links: ["$(a.b)"] },
    "0 links.0: .b of a value that is not a mapping",
  ],
  [
    { variables: { a: "$(b)", b: "$(a)" } },
    "0 variables.b: the value of a refers to a",
  ],
  [{ variables: [1] }, "0 variables: the variables are not a mapping"],
  [
    { variables: { "a-b": 1 } },
    '0 variables.a-b: "a-b" is not a name of letters, digits and underscores',
  ],
  [
    { links: [{ for: { i: 5 }, name: "a" }] },
    "0 links.0.for.i: 5 is not a range such as 1..4, or a list",
  ],
  [
    { links: [{ for: "1..2", name: "a" }] },
    "0 links.0.for: for is not a mapping of variables, such as {i: 1..4}",
  ],
  [
    { variables: { i: 1 }, links: [{ for: { i: "1..2" }, name: "a" }] },
    "0 links.0.for.i: i is a variable already",
  ],
  [
    { links: [{ for: { i: "1..2000000" }, name: "a" }] },
    "0 links.0.for.i: there are more than 250000 repetitions",
  ],
  [
    { links: [{ for: { i: "1..600", j: "1..600", k: "1..0" } }] },
    "0 links.0.for: there are more than 250000 repetitions",
  ],
];

Deno.test("problems, each once and with its place", () => {
  for (const [value, message] of WRONG) {
    assertEquals(problems(value), [message]);
  }
  assertEquals(problems({ links: [{ for: { i: "1..3" }, mtu: "$(m)" }] }), [
    "0 links.0.mtu: unknown variable m",
  ]);
});

Deno.test("a file without variables is not copied", () => {
  const value = { links: [{ name: "a" }], "x-b": { for: undefined } };
  assert(expand([{ ...value, "x-b": {} }]).problems.length === 0);
  const plain = { links: [{ name: "a" }] };
  assert(expand([plain]).value === plain);
});
