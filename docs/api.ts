/**
 * Prints docs/api.md, the list of what mod.ts exports: `deno task api`.
 *
 * @module
 */

interface JsDoc {
  readonly doc?: string;
  readonly tags?: readonly {
    readonly kind: string;
    readonly name?: string;
    readonly doc?: string;
  }[];
}

interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string; readonly line: number };
  readonly jsDoc?: JsDoc;
  readonly def?: { readonly params?: readonly { readonly name?: string }[] };
}

/** Something that mod.ts exports, as `deno doc` tells of it. */
export interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

const ROOT = new URL("../", import.meta.url);

/** The rooms of the library, in the order of the list. */
const ROOMS: readonly (readonly [title: string, files: RegExp])[] = [
  ["UDP", /^lib\/udp\//],
  ["TUN and TAP", /^lib\/tun\//],
  ["Packets", /^lib\/packet\//],
  ["Links, addresses, routes", /^lib\/(route|rtnetlink)\//],
  ["Configurations", /^lib\/ensure\//],
  ["Netlink", /^lib\/netlink\//],
  ["Addresses and names", /^lib\/[^/]*(address|cidr|interface|namespace)/],
  ["Errors, waiting, descriptors", /./],
];

/** The modules whose exports are those of a namespace that mod.ts exports. */
const NAMESPACES: readonly (readonly [name: string, file: string])[] = [
  ["udpOptions", "lib/udp/option_types.ts"],
  ["headers", "lib/packet/headers.ts"],
  ["offload", "lib/tun/offload.ts"],
  ["kinds", "lib/rtnetlink/kinds/options.ts"],
  ["reports", "lib/ensure/reports.ts"],
];

/** What a module exports. */
export async function exportsOf(module: string): Promise<DocSymbol[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", new URL(module, ROOT).pathname],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  return Object.values(nodes as Record<string, { symbols: DocSymbol[] }>)
    .flatMap(({ symbols }) => symbols);
}

/** All that mod.ts exports, the members of its namespaces by their full names. */
export async function exported(): Promise<DocSymbol[]> {
  const names = await Promise.all(
    NAMESPACES.map(async ([name, file]) =>
      (await exportsOf(file)).map((symbol) => ({
        ...symbol,
        name: `${name}.${symbol.name}`,
      }))
    ),
  );
  return [...await exportsOf("mod.ts"), ...names.flat()];
}

/** The first sentence of a docstring, on one line. */
function summary(text = ""): string {
  const [first] = text.split(/\n\s*\n/, 1);
  const line = first.replace(/\s+/g, " ").trim();
  return /^.*?[.:](?= [A-Z]|$)/.exec(line)?.[0].replace(/:$/, ".") ?? line;
}

const file = ({ location }: Declaration) =>
  location.filename.replace(ROOT.href, "");

const KINDS: Record<string, string> = {
  typeAlias: "type",
  variable: "const",
};

function row({ name, declarations: [first] }: DocSymbol): string {
  const call = first.kind === "function" ? "()" : "";
  const text = summary(first.jsDoc?.doc).replace(/\|/g, "\\|");
  return `| [\`${name}${call}\`](../${file(first)}) | ${
    KINDS[first.kind] ?? first.kind
  } | ${text} |`;
}

/** A list of what there is as Markdown, as `deno fmt` leaves it. */
export async function apiList(all: readonly DocSymbol[]): Promise<string> {
  const symbols = all.toSorted((a, b) => a.name < b.name ? -1 : 1);
  const rooms = Map.groupBy(
    symbols,
    ({ declarations: [first] }) =>
      ROOMS.find(([, files]) => files.test(file(first)))![0],
  );
  const text = [
    "# What a program can import",
    "",
    "Made by `deno task api` from the docstrings, which say more: parameters with",
    "their units, errors, examples. An editor shows them, `deno doc mod.ts NAME`",
    "prints them, `deno task doc` makes pages of them in `dist/doc`.",
    ...ROOMS.flatMap(([title]) => {
      const list = rooms.get(title) ?? [];
      return list.length === 0 ? [] : [
        "",
        `## ${title}`,
        "",
        "| name | what | purpose |",
        "| --- | --- | --- |",
        ...list.map(row),
      ];
    }),
    "",
  ].join("\n");
  return await formatted(text);
}

async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

if (import.meta.main) {
  await Deno.stdout.write(
    new TextEncoder().encode(await apiList(await exported())),
  );
}
