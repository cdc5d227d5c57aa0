// The published schema: it is current, it is valid, and it agrees with the
// parser.

import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../../../lib/rtnetlink/kinds/mod.ts";
import { parseConfiguration } from "../../../../lib/ensure/parse/parse.ts";
import { ConfigurationError } from "../../../../lib/ensure/parse/error.ts";
import { Input } from "../../../../lib/ensure/parse/input.ts";
import { configurationSchema } from "../../../../lib/ensure/parse/schema.ts";
import * as keys from "../../../../lib/ensure/parse/keys.ts";
import { EnsureLab } from "../../../support/ensure_lab.ts";

const PUBLISHED = new URL(
  "../../../../docs/ensure.schema.json",
  import.meta.url,
);

const ajv = new Ajv2020({ strict: false, allErrors: false });
const allowed = ajv.compile(configurationSchema());

function parses(value: unknown): boolean {
  try {
    parseConfiguration(value);
    return true;
  } catch (error) {
    assert(error instanceof ConfigurationError, String(error));
    assert(error.problems.length > 0);
    return false;
  }
}

Deno.test("docs/ensure.schema.json is current: deno task schema", async () => {
  const published = JSON.parse(await Deno.readTextFile(PUBLISHED));
  assertEquals(published, JSON.parse(JSON.stringify(configurationSchema())));
});

Deno.test("the schema is one, and takes the lab of the tests", async () => {
  assert(ajv.validateSchema(configurationSchema()));
  await using lab = new EnsureLab();
  assert(parses(lab.description));
  assert(allowed(lab.description), ajv.errorsText(allowed.errors));
});

/** Values that are right here and there. */
const VALUES: readonly unknown[] = [
  true,
  false,
  null,
  0,
  1,
  2,
  5,
  -1,
  1.5,
  300,
  5000,
  70_000,
  2 ** 32,
  2 ** 40,
  [],
  [1, 2],
  ["mtu"],
  ["192.0.2.1"],
  {},
  { name: "a" },
  "",
  "on",
  "yes",
  "1",
  "eth0",
  "br0",
  "blue",
  "static",
  "main",
  "default",
  "link",
  "802.1ad",
  "bridge",
  "forever",
  "inherit",
  "permanent",
  "192.0.2.1",
  "192.0.2.0/24",
  "2001:db8::1/64",
  "02:00:5e:00:00:01",
  "1:2 3:4",
  "x".repeat(300),
];

const TABLES: Readonly<Record<string, keys.Keys>> = {
  link: keys.LINK,
  address: keys.LINK_ADDRESS,
  route: keys.ROUTE_KEYS,
  nexthop: keys.ROUTE_NEXTHOP,
  neighbour: keys.NEIGHBOUR_KEYS,
  rule: keys.RULE_KEYS,
  "nexthop object": keys.NEXTHOP_KEYS,
  ...Object.fromEntries(
    KIND_NAMES.map((kind) => [kind, keys.lasting(kindNamed(kind).options)]),
  ),
  ...Object.fromEntries(
    PORT_KIND_NAMES.map((
      kind,
    ) => [`port of ${kind}`, keys.lasting(portKind(kind)!.options)]),
  ),
};

Deno.test("each word takes the values that its schema allows; of text, no others", () => {
  let compared = 0;
  for (const [whose, table] of Object.entries(TABLES)) {
    for (const [word, reader] of Object.entries(table)) {
      if ("$ref" in reader.schema) continue;
      const allows = ajv.compile(reader.schema);
      for (const value of VALUES) {
        const input = new Input();
        const taken = input.value([word], value, reader) !== undefined;
        const what = `${whose} ${word} ${JSON.stringify(value)}`;
        // What a text has to look like is more than a schema says.
        const isText = JSON.stringify(value)?.includes('"');
        if (isText && !taken) continue;
        assertEquals(allows(value), taken, what);
        compared++;
      }
    }
  }
  assert(compared > 3000, `${compared}`);
});

const value = fc.constantFrom(...VALUES);

/** Some words of a table, and now and then one that is not there. */
function keysOf(table: keys.Keys, ...others: string[]) {
  const word = fc.constantFrom(...Object.keys(table), ...others, "nonsense");
  return fc.uniqueArray(fc.tuple(word, value), {
    maxLength: 2,
    selector: ([name]) => name,
  }).map((pairs) => Object.fromEntries(pairs));
}

const link = fc.constantFrom(...KIND_NAMES, "nosuch").chain((kind) =>
  fc.record({
    name: fc.constantFrom("br0", "v0", 5),
    kind: fc.constant(kind),
    options: kind === "veth"
      ? fc.record({
        peer: keysOf(keys.PEER).map((one) => ({ name: "v1", ...one })),
      })
      : keysOf(keys.lasting(kindNamed(kind).options)),
    addresses: fc.array(
      fc.oneof(
        value,
        keysOf(keys.LINK_ADDRESS).map((one) => ({
          address: "192.0.2.1/24",
          ...one,
        })),
      ),
      { maxLength: 2 },
    ),
    exclusive: fc.constantFrom(true, false, ["addresses"], ["links"], "all"),
    port: fc.constantFrom(...PORT_KIND_NAMES, "no").chain((master) =>
      fc.record({
        kind: fc.constant(master),
        options: keysOf(keys.lasting(portKind(master)?.options ?? {})),
      })
    ),
  }, { requiredKeys: ["name"] }).chain((one) =>
    keysOf(keys.LINK).map((more) => ({ ...more, ...one }))
  )
);

const one = (
  list: string,
  table: keys.Keys,
  first: Readonly<Record<string, unknown>>,
  ...others: string[]
) =>
  keysOf(table, ...others).map((more) => ({
    [list]: [{ ...first, ...more }],
  }));

const namespace = fc.oneof(
  link.map((one) => ({ links: [one] })),
  one("routes", keys.ROUTE_KEYS, { to: "default" }, "nexthops"),
  one("neighbours", keys.NEIGHBOUR_KEYS, { to: "192.0.2.1", dev: "br0" }),
  one("rules", keys.RULE_KEYS, {}),
  one("nexthops", keys.NEXTHOP_KEYS, { id: 1 }),
  fc.record({
    exclusive: fc.constantFrom(true, false, [], ["links", "dynamic"], ["all"]),
  }),
);

Deno.test("what a description may say, the schema allows", () => {
  let right = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        namespace,
        fc.record({ namespaces: fc.record({ blue: namespace }) }),
      ),
      (description) => {
        if (!parses(description)) return;
        right++;
        assert(
          allowed(description),
          `${ajv.errorsText(allowed.errors)}: ${JSON.stringify(description)}`,
        );
      },
    ),
    { numRuns: 1500 },
  );
  assert(right > 100, `${right} were right`);
});

Deno.test("for any value, the result is a list of problems", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      parses(value);
      parses({ links: value });
      parses({ namespaces: { a: value } });
      parses({ links: [{ name: "v0", kind: "veth", options: value }] });
      parses({ routes: [{ to: "default", nexthops: value }] });
    }),
    { numRuns: 1000 },
  );
});
