// Reads name files once, on first use. Without the files, only built-in names
// are known.

/** Names of numbers. */
export interface Names {
  nameOf(number: number): string | undefined;
  numberOf(name: string): number | undefined;
  /** All names. */
  words(): string[];
}

/** Built-in names by number. */
export type BuiltIn = ReadonlyArray<readonly [number, string]>;

function lines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch {
    return [];
  }
}

function files(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name)
      .filter((name) => /^[^.].*\.conf$/.test(name))
      .map((name) => `${directory}/${name}`);
  } catch {
    return [];
  }
}

function collect(entries: Iterable<readonly [number, string]>): Names {
  const names = new Map<number, string>();
  const numbers = new Map<string, number>();
  for (const [number, name] of entries) {
    names.set(number, name);
    // FRR's file gives "static" a second number; iproute2 takes the lowest.
    numbers.set(name, Math.min(number, numbers.get(name) ?? number));
  }
  return {
    nameOf: (number) => names.get(number),
    numberOf: (name) => numbers.get(name),
    words: () => [...numbers.keys()],
  };
}

function once(load: () => Names): () => Names {
  let names: Names | undefined;
  return () => names ??= load();
}

/**
 * A file with a name and a number on each line; the first line of a number
 * applies, as in getpwuid(3).
 *
 * @param name The capture group of the name.
 * @param number The capture group of the number.
 */
export function readDatabase(
  path: string,
  pattern: RegExp,
  name: number,
  number: number,
): () => Names {
  return once(() =>
    collect(
      lines(path).map((line) => pattern.exec(line)).filter((hit) =>
        hit !== null
      ).map((hit) => [Number(hit[number]), hit[name]!] as const).reverse(),
    )
  );
}

/**
 * A file of iproute2: "254 main" or "0xfe main" on each line, and the same in
 * FILE.d/*.conf. Source: ip-route(8), FILES.
 */
export function readIproute2(file: string, builtIn: BuiltIn): () => Names {
  const path = `/etc/iproute2/${file}`;
  return once(() => {
    const entries = [...builtIn];
    for (const one of [path, ...files(`${path}.d`)]) {
      for (const line of lines(one)) {
        const hit = /^[ \t]*(0x[0-9a-f]+|\d+)[ \t]+(\S+)/i.exec(line);
        if (hit !== null) entries.push([Number(hit[1]), hit[2]!]);
      }
    }
    return collect(entries);
  });
}
