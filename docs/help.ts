/**
 * Prints lib/rtnetlink/kinds/help.ts, what the docstrings say about the options
 * of links: `deno task help`.
 *
 * @module
 */

interface TypeRef {
  readonly kind: string;
  readonly repr?: string;
  readonly value?: {
    readonly typeName?: string;
    readonly typeParams?: readonly TypeRef[] | null;
  };
}

interface Declaration {
  readonly kind: string;
  readonly def: {
    readonly tsType?: TypeRef;
    readonly extends?: readonly TypeRef[];
    readonly properties?: readonly {
      readonly name: string;
      readonly jsDoc?: { readonly doc?: string };
      readonly tsType?: TypeRef;
    }[];
  };
}

interface Symbol {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

const ROOT = new URL("../", import.meta.url);
const KINDS = new URL("lib/rtnetlink/kinds/", ROOT);

async function documented(): Promise<Map<string, Declaration>> {
  const files = [...Deno.readDirSync(KINDS)]
    .filter(({ name }) => name !== "help.ts")
    .map(({ name }) => new URL(name, KINDS).pathname).toSorted();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "doc",
      "--json",
      ...files,
      new URL("lib/rtnetlink/settings.ts", ROOT).pathname,
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { symbols: readonly Symbol[] }>;
  };
  return new Map(
    Object.values(nodes).flatMap(({ symbols }) =>
      symbols.flatMap(({ name, declarations: [first] }) =>
        // Not what list.ts exports again.
        first?.kind === "interface" || first?.kind === "variable"
          ? [[name, first] as const]
          : []
      )
    ),
  );
}

/** The first sentence of a docstring, on one line. */
function summary(text = ""): string {
  const line = text.split(/\n\s*\n/, 1)[0]!.replace(/\s+/g, " ").trim();
  return /^.*?\.(?= [A-Z]|$)/.exec(line)?.[0] ?? line;
}

/** The generated module. */
export async function helpModule(): Promise<string> {
  const symbols = await documented();
  const texts: Record<string, Record<string, string>> = {};
  const kinds: Record<string, string[]> = {};
  /** An interface and those that it extends. */
  const note = (name: string): string[] => {
    const found = symbols.get(name);
    if (found?.kind !== "interface") return [];
    const { properties = [], extends: parents = [] } = found.def;
    if (properties.length > 0) {
      texts[name] = Object.fromEntries(
        properties.map(({ name, jsDoc }) => [name, summary(jsDoc?.doc)]),
      );
    }
    return [
      ...properties.length > 0 ? [name] : [],
      ...parents.flatMap(({ value }) => note(value?.typeName ?? "")),
    ];
  };
  for (const [name, { kind, def }] of symbols) {
    const type = def.tsType?.value;
    if (kind !== "variable" || type?.typeName !== "LinkKind") continue;
    kinds[name] = note(type.typeParams?.[0]?.value?.typeName ?? "");
  }
  const ports = symbols.get("LinkPortOptions")?.def.properties ?? [];
  for (const { name, tsType } of ports) {
    kinds[`${name}_slave`] = note(tsType?.value?.typeName ?? "");
  }
  kinds.link = note("LinkSettings");
  const sorted = <T>(record: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(record).toSorted(([a], [b]) => a < b ? -1 : 1),
    );
  return `// What the docstrings say about the options of links, in their first sentence.
// Written by \`deno task help\`.

type Texts = { readonly [word: string]: string };

const TEXTS: { readonly [options: string]: Texts } = ${
    JSON.stringify(sorted(texts))
  };

const KINDS: { readonly [kind: string]: readonly string[] } = ${
    JSON.stringify(sorted(kinds))
  };

/**
 * What an option does.
 *
 * @param kind A kind of link, "bridge_slave" of a bridge port, or "link" of any.
 */
export function optionHelp(kind: string, word: string): string | undefined {
  for (const name of KINDS[kind] ?? []) {
    const text = TEXTS[name]?.[word];
    if (text !== undefined) return text;
  }
  return undefined;
}
`;
}

if (import.meta.main) console.log((await helpModule()).trimEnd());
