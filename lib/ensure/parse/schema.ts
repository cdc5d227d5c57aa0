// Derives the JSON schema of configurations from the tables of their parsers.
// Source: json-schema.org, draft 2020-12.

import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../rtnetlink/kinds/mod.ts";
import { optionHelp } from "../../rtnetlink/kinds/help.ts";
import type { LinkKind } from "../../rtnetlink/kinds/kind.ts";
import type { JsonSchema, Reader } from "../../rtnetlink/spec/value.ts";
import {
  EXCLUSIVE,
  FDB_KEYS,
  FOREIGN_KEYS,
  HOOK_KEYS,
  IDENTITY_KEYS,
  type Keys,
  lasting,
  LINK,
  LINK_ADDRESS,
  LINK_EXCLUSIVE,
  linkName,
  MDB_KEYS,
  NEIGHBOUR_KEYS,
  NEXTHOP_KEYS,
  PEER,
  ROUTE_KEYS,
  ROUTE_NEXTHOP,
  RULE_KEYS,
  VLAN_KEYS,
} from "./keys.ts";
import {
  CLASS,
  CLASS_OPTIONS,
  QDISC,
  QDISC_NAMES,
  qdiscOptions,
} from "./qdisc.ts";
import { DEFAULTS } from "./defaults.ts";
import { NAME } from "./expression.ts";
import {
  ABSENT_ADDRESS,
  ABSENT_LINK,
  ABSENT_ROUTE,
  ABSENT_VLAN,
  IGNORED,
} from "./selection.ts";
import { SEED } from "./seed.ts";
import { LINK_SYSCTL, SYSCTL, SYSCTL_VALUE } from "./sysctls.ts";

const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
const listOf = (items: JsonSchema): JsonSchema => ({ type: "array", items });
/** A template may expand to an empty list; an item may be repeated. */
const listOrNull = (items: JsonSchema): JsonSchema => ({
  type: ["array", "null"],
  items: "$ref" in items
    ? items
    : { anyOf: [expandable(items), ref("repeated")] },
});

/** A value, or an expression with variables. */
function expandable(schema: JsonSchema): JsonSchema {
  if (schema.type === "array") {
    const items = expandable((schema.items ?? {}) as JsonSchema);
    return { ...schema, items: { anyOf: [items, ref("repeated")] } };
  }
  const { default: standard, ...rest } = schema;
  const isText = Object.keys(rest).every((key) =>
    key === "minLength" || key === "type" && rest.type === "string"
  );
  return "$ref" in schema || isText ? schema : {
    anyOf: [rest, ref("expression")],
    ...(standard === undefined ? {} : { default: standard }),
  };
}

/** A mapping with a schema for each key. */
function keysOf(
  table: Keys,
  required: readonly string[] = [],
  others: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(table).map((
      [key, { schema, expected }],
    ) => [
      key,
      "$ref" in schema
        ? schema
        : { ...expandable(schema), description: expected },
    ]),
  );
  return {
    type: "object",
    properties: { for: ref("for"), ...properties, ...others },
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** The options of a kind, with their help texts. */
function optionKeys({ name, options }: LinkKind): JsonSchema {
  const described = Object.entries(lasting(options)).map(([key, reader]) => {
    const help = optionHelp(name, key)?.replace(/\.$/, "");
    const expected = help === undefined
      ? reader.expected
      : `${help}: ${reader.expected}`;
    const kernelDefault = options[key]?.kernelDefault;
    const schema = kernelDefault === undefined
      ? reader.schema
      : { ...reader.schema, default: kernelDefault };
    return [key, { ...reader, expected, schema }] as const;
  });
  return keysOf(Object.fromEntries(described));
}

function exclusive(kinds: readonly string[]): JsonSchema {
  return {
    description:
      "whether unmanaged objects are removed: of all types, or of these",
    anyOf: [{ type: "boolean" }, listOf({ enum: kinds })],
  };
}

function sysctls({ schema }: Reader<unknown>): JsonSchema {
  return {
    description: "values of sysctls by name",
    type: ["object", "null"],
    propertyNames: schema,
    additionalProperties: expandable(SYSCTL_VALUE.schema),
  };
}

const OPTIONS = "options-of-";
const QDISC_OPTIONS = "options-of-qdisc-";
const PORT = "port-options-of-";

function linkSchema(): JsonSchema {
  const byKind = KIND_NAMES.map((kind) => ({
    if: { properties: { kind: { const: kind } }, required: ["kind"] },
    then: { properties: { options: ref(OPTIONS + kind) } },
  }));
  const known = { enum: KIND_NAMES };
  return {
    ...keysOf(LINK, ["name"], {
      options: { type: ["object", "null"] },
      port: {
        type: ["object", "null"],
        anyOf: PORT_KIND_NAMES.map((kind) => ({
          properties: { kind: { const: kind }, options: ref(PORT + kind) },
        })),
        properties: { kind: {}, options: {} },
        required: ["kind"],
        additionalProperties: false,
      },
      identify: { anyOf: [keysOf(IDENTITY_KEYS), { type: "null" }] },
      hooks: { anyOf: [keysOf(HOOK_KEYS), { type: "null" }] },
      ports: listOrNull(linkName.schema),
      addresses: listOrNull({
        anyOf: [
          LINK_ADDRESS.address.schema,
          ref("address"),
          ref("absent-address"),
        ],
      }),
      fdb: listOrNull(ref("forwarding-entry")),
      vlans: listOrNull({
        anyOf: [VLAN_KEYS.vid.schema, ref("vlan"), ref("absent-vlan")],
      }),
      mdb: listOrNull(ref("multicast-entry")),
      qdisc: { anyOf: [ref("qdisc"), listOrNull(ref("qdisc"))] },
      classes: listOrNull(ref("class")),
      sysctls: sysctls(LINK_SYSCTL),
      exclusive: exclusive(LINK_EXCLUSIVE),
    }),
    allOf: [
      ...byKind,
      {
        // The options of other kinds are unknown.
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
    defaults: listOrNull(ref("link-defaults")),
    links: listOrNull({ anyOf: [ref("link"), ref("absent-link")] }),
    routes: listOrNull({ anyOf: [ref("route"), ref("absent-route")] }),
    neighbours: listOrNull(ref("neighbour")),
    rules: listOrNull(ref("rule")),
    nexthops: listOrNull(ref("nexthop-object")),
    sysctls: sysctls(SYSCTL),
    exclusive: exclusive(EXCLUSIVE),
    ignore: listOrNull(ref("ignored")),
  };
}

/**
 * Returns the JSON schema of the input of parseConfiguration(). Source:
 * json-schema.org, draft 2020-12.
 *
 * @example
 * ```ts
 * import { configurationSchema } from "@netplumb/netplumb";
 *
 * console.log(JSON.stringify(configurationSchema(), null, 2));
 * ```
 */
export function configurationSchema(): Readonly<Record<string, unknown>> {
  const definitions: Record<string, JsonSchema> = {
    namespace: {
      ...keysOf(FOREIGN_KEYS, [], namespaceSchema()),
      type: ["object", "null"],
    },
    expression: {
      description: "an expression with variables, such as $(i) or $(2 * i + 1)",
      type: "string",
      pattern: "\\$\\(",
    },
    for: {
      description: "repeats this object for each value of its variables",
      type: "object",
      propertyNames: { pattern: NAME.source },
      minProperties: 1,
      additionalProperties: {
        description: "a range such as 1..4, a list, or an expression",
        anyOf: [
          { type: "string", pattern: "\\.\\.|\\$\\(" },
          { type: "array" },
        ],
      },
    },
    repeated: {
      description: "repeats an item of a list of texts or numbers",
      type: "object",
      properties: { for: ref("for"), item: {} },
      required: ["for", "item"],
      additionalProperties: false,
    },
    link: linkSchema(),
    // The name that the table of veth options uses for the peer.
    settings: keysOf(PEER, ["name"]),
    address: keysOf(LINK_ADDRESS, ["address"]),
    route: keysOf(ROUTE_KEYS, ["to"], {
      nexthops: { ...listOf(ref("nexthop")), minItems: 1 },
    }),
    nexthop: keysOf(ROUTE_NEXTHOP),
    neighbour: keysOf(NEIGHBOUR_KEYS, ["to", "dev"]),
    rule: { ...keysOf(RULE_KEYS), minProperties: 1 },
    "nexthop-object": keysOf(NEXTHOP_KEYS, ["id"]),
    "link-defaults": keysOf(DEFAULTS),
    "absent-link": keysOf(ABSENT_LINK, ["name", "state"]),
    "absent-address": keysOf(ABSENT_ADDRESS, ["address", "state"]),
    "absent-route": keysOf(ABSENT_ROUTE, ["to", "state"]),
    ignored: { ...keysOf(IGNORED), minProperties: 1 },
    "forwarding-entry": keysOf(FDB_KEYS, ["to"]),
    vlan: keysOf(VLAN_KEYS, ["vid"]),
    "absent-vlan": keysOf(ABSENT_VLAN, ["vid", "state"]),
    "multicast-entry": keysOf(MDB_KEYS, ["grp"]),
    qdisc: {
      ...keysOf(QDISC, ["kind"], { options: { type: "object" } }),
      allOf: QDISC_NAMES.map((kind) => ({
        if: { properties: { kind: { const: kind } }, required: ["kind"] },
        then: { properties: { options: ref(QDISC_OPTIONS + kind) } },
      })),
    },
    class: keysOf(CLASS, ["classid"], { options: keysOf(CLASS_OPTIONS) }),
  };
  for (const kind of QDISC_NAMES) {
    definitions[QDISC_OPTIONS + kind] = keysOf(qdiscOptions(kind));
  }
  for (const kind of KIND_NAMES) {
    definitions[OPTIONS + kind] = optionKeys(kindNamed(kind));
  }
  for (const kind of PORT_KIND_NAMES) {
    definitions[PORT + kind] = optionKeys(portKind(kind)!);
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Network configuration of netplumb ensure",
    type: "object",
    properties: {
      $schema: { type: "string" },
      schema: { description: "version of this format", const: 1 },
      seed: {
        anyOf: [SEED.schema, { type: "null" }],
        description: SEED.expected,
      },
      include: {
        description: "files to merge, relative to this one: * and ? in the " +
          "last component match any text and a character",
        anyOf: [
          { type: ["string", "null"] },
          listOf({ type: "string", minLength: 1 }),
        ],
      },
      variables: {
        description: "values by name, for expressions",
        type: ["object", "null"],
        propertyNames: { pattern: NAME.source },
      },
      namespaces: {
        description: "named network namespaces, as `ip netns` lists them",
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
