// Inputs on disk: what a kernel really sent, and what once found a defect.

const CORPUS = new URL("./corpus/", import.meta.url);

/** The inputs of a target. */
export function readCorpus(target: string): Uint8Array<ArrayBuffer>[] {
  const folder = new URL(`${target}/`, CORPUS);
  try {
    return Array.from(Deno.readDirSync(folder))
      .toSorted((a, b) => a.name < b.name ? -1 : 1)
      .map(({ name }) => Deno.readFileSync(new URL(name, folder)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Keeps an input for every later run. */
export function keep(target: string, name: string, input: Uint8Array): void {
  const folder = new URL(`${target}/`, CORPUS);
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeFileSync(new URL(`${name}.bin`, folder), input);
}
