// The module graph of `deno info --json`: who imports what, types included.

import { run } from "./netns.ts";

const ROOT = new URL("../../", import.meta.url);

/** An import of a module. */
export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** The file it leads to, from the root of the checkout; else a specifier. */
  readonly target: string;
  /** Whether only types are imported, which leaves no trace in what runs. */
  readonly typesOnly: boolean;
}

/** The imports of each file, by its path from the root of the checkout. */
export type ModuleGraph = ReadonlyMap<string, readonly Import[]>;

interface Resolved {
  readonly specifier?: string;
  readonly error?: string;
}

interface Info {
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: Resolved;
      readonly type?: Resolved;
    }[];
  }[];
}

const place = (specifier: string) =>
  specifier.startsWith(ROOT.href)
    ? specifier.slice(ROOT.href.length)
    : specifier;

/** The TypeScript files below some of the checkout's directories. */
export function sourceFiles(...directories: string[]): string[] {
  return directories.flatMap((directory) =>
    [...Deno.readDirSync(new URL(`${directory}/`, ROOT))].flatMap((entry) => {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory) return sourceFiles(path);
      return path.endsWith(".ts") ? [path] : [];
    })
  ).sort();
}

/** The graph that begins with some files of the checkout. */
export async function moduleGraph(
  files: readonly string[],
): Promise<ModuleGraph> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      entry,
      files.map((file) => `import "${new URL(file, ROOT).href}";\n`).join(""),
    );
    const config = new URL("deno.json", ROOT).pathname;
    const { modules, redirects }: Info = JSON.parse(
      await run(Deno.execPath(), ["info", "--json", "--config", config, entry]),
    );
    return new Map(
      modules.flatMap(({ specifier, error, dependencies = [] }) => {
        if (specifier === `file://${entry}`) return [];
        if (error !== undefined) throw new Error(`${specifier}: ${error}`);
        const imports = dependencies.map(({ specifier, code, type }) => {
          const target = code?.specifier ?? type?.specifier ?? specifier;
          return {
            specifier,
            target: place(redirects[target] ?? target),
            typesOnly: code === undefined,
          };
        });
        return [[place(specifier), imports] as const];
      }),
    );
  } finally {
    await Deno.remove(entry);
  }
}

/** The files that a program loads which imports `file`. */
export function loadedBy(graph: ModuleGraph, file: string): Set<string> {
  const found = new Set([file]);
  for (const one of found) {
    for (const { target, typesOnly } of graph.get(one) ?? []) {
      if (!typesOnly) found.add(target);
    }
  }
  return found;
}

/** Files that import each other, types included: one list for each circle. */
export function circles(graph: ModuleGraph): string[][] {
  // Tarjan's strongly connected components.
  const found: string[][] = [];
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  function visit(file: string): number {
    const number = numbers.size;
    numbers.set(file, number);
    stack.push(file);
    onStack.add(file);
    let low = number;
    for (const { target } of graph.get(file) ?? []) {
      if (!numbers.has(target)) low = Math.min(low, visit(target));
      else if (onStack.has(target)) low = Math.min(low, numbers.get(target)!);
    }
    lowest.set(file, low);
    if (low === number) {
      const members = stack.splice(stack.indexOf(file));
      for (const member of members) onStack.delete(member);
      if (members.length > 1) found.push(members.sort());
    }
    return low;
  }
  for (const file of graph.keys()) if (!numbers.has(file)) visit(file);
  return found.sort();
}
