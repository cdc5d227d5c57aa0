// The JSON schema of descriptions, made from the tables that read them.
// Source: json-schema.org, draft 2020-12.

import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../rtnetlink/kinds/mod.ts";
import { optionHelp } from "../../rtnetlink/kinds/help.ts";
import type { LinkKind } from "../../rtnetlink/kinds/kind.ts";
import type { JsonSchema } from "../../rtnetlink/spec/value.ts";
import { lasting } from "./parse_link.ts";
import {
  EXCLUSIVE,
  LINK,
  LINK_ADDRESS,
  LINK_EXCLUSIVE,
  NEIGHBOUR_WORDS,
  NEXTHOP_WORDS,
  PEER,
  ROUTE_NEXTHOP,
  ROUTE_WORDS,
  RULE_WORDS,
  type Words,
} from "./words.ts";

const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
const listOf = (items: JsonSchema): JsonSchema => ({ type: "array", items });

/** A mapping of words, each with what is right for it. */
function words(
  table: Words,
  required: readonly string[] = [],
  others: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(table).map((
      [word, { schema, expected }],
    ) => [
      word,
      "$ref" in schema ? schema : { ...schema, description: expected },
    ]),
  );
  return {
    type: "object",
    properties: { ...properties, ...others },
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** The options of a kind, each with its help. */
function optionWords({ name, options }: LinkKind): JsonSchema {
  const described = Object.entries(lasting(options)).map(([word, reader]) => {
    const help = optionHelp(name, word)?.replace(/\.$/, "");
    const expected = help === undefined
      ? reader.expected
      : `${help}: ${reader.expected}`;
    const kernelDefault = options[word]?.kernelDefault;
    const schema = kernelDefault === undefined
      ? reader.schema
      : { ...reader.schema, default: kernelDefault };
    return [word, { ...reader, expected, schema }] as const;
  });
  return words(Object.fromEntries(described));
}

function exclusive(kinds: readonly string[]): JsonSchema {
  return {
    description:
      "whether what is not described goes: all of it, or these kinds",
    anyOf: [{ type: "boolean" }, listOf({ enum: kinds })],
  };
}

const OPTIONS = "options-of-";
const PORT = "port-options-of-";

function linkSchema(): JsonSchema {
  const byKind = KIND_NAMES.map((kind) => ({
    if: { properties: { kind: { const: kind } }, required: ["kind"] },
    then: { properties: { options: ref(OPTIONS + kind) } },
  }));
  const known = { enum: KIND_NAMES };
  return {
    ...words(LINK, ["name"], {
      options: { type: "object" },
      port: {
        type: "object",
        anyOf: PORT_KIND_NAMES.map((kind) => ({
          properties: { kind: { const: kind }, options: ref(PORT + kind) },
        })),
        properties: { kind: {}, options: {} },
        required: ["kind"],
        additionalProperties: false,
      },
      addresses: listOf({
        anyOf: [LINK_ADDRESS.address.schema, ref("address")],
      }),
      exclusive: exclusive(LINK_EXCLUSIVE),
    }),
    allOf: [
      ...byKind,
      {
        // Of other kinds no options are known.
        if: { not: { properties: { kind: known }, required: ["kind"] } },
        then: { properties: { options: { maxProperties: 0 } } },
      },
      {
        if: { required: ["options"] },
        then: { required: ["kind"] },
      },
    ],
  };
}

function namespaceSchema(): Readonly<Record<string, JsonSchema>> {
  return {
    links: listOf(ref("link")),
    routes: listOf(ref("route")),
    neighbours: listOf(ref("neighbour")),
    rules: listOf(ref("rule")),
    nexthops: listOf(ref("nexthop-object")),
    exclusive: exclusive(EXCLUSIVE),
  };
}

/**
 * The schema of what parseDescription() takes. Source: json-schema.org,
 * draft 2020-12.
 *
 * @example
 * ```ts
 * import { descriptionSchema } from "@netplumb/netplumb";
 *
 * console.log(JSON.stringify(descriptionSchema(), null, 2));
 * ```
 */
export function descriptionSchema(): Readonly<Record<string, unknown>> {
  const definitions: Record<string, JsonSchema> = {
    namespace: {
      type: ["object", "null"],
      properties: namespaceSchema(),
      additionalProperties: false,
    },
    link: linkSchema(),
    // The name by which the table of veth options speaks of the other end.
    settings: words(PEER, ["name"]),
    address: words(LINK_ADDRESS, ["address"]),
    route: words(ROUTE_WORDS, ["to"], {
      nexthops: { ...listOf(ref("nexthop")), minItems: 1 },
    }),
    nexthop: words(ROUTE_NEXTHOP),
    neighbour: words(NEIGHBOUR_WORDS, ["to", "dev"]),
    rule: { ...words(RULE_WORDS), minProperties: 1 },
    "nexthop-object": words(NEXTHOP_WORDS, ["id"]),
  };
  for (const kind of KIND_NAMES) {
    definitions[OPTIONS + kind] = optionWords(kindNamed(kind));
  }
  for (const kind of PORT_KIND_NAMES) {
    definitions[PORT + kind] = optionWords(portKind(kind)!);
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Network configuration of netplumb ensure",
    type: "object",
    properties: {
      $schema: { type: "string" },
      namespaces: {
        description: "named network namespaces, as `ip netns` has them",
        type: "object",
        propertyNames: { minLength: 1, pattern: "^[^/]*$" },
        additionalProperties: ref("namespace"),
      },
      ...namespaceSchema(),
    },
    patternProperties: { "^x-": true },
    additionalProperties: false,
    $defs: definitions,
  };
}
