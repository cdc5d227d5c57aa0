// The files of a configuration, and whether they have changed since they were
// read.

import { namePattern } from "../../lib/ensure/parse/name_pattern.ts";

/** The directory of a file. */
export function directoryOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.lastIndexOf("/")) || "/" : ".";
}

/** The files and patterns of files that were read. */
export class Inputs {
  /** The version of each file, before it was read. */
  readonly #files = new Map<string, string>();
  readonly #realPaths = new Set<string>();
  /** The files that matched each pattern. */
  readonly #patterns = new Map<string, string>();

  /** Adds a file before it is read; returns false if it was added before. */
  add(file: string): boolean {
    const path = realPath(file);
    if (this.#realPaths.has(path)) return false;
    this.#realPaths.add(path);
    this.#files.set(file, versionOf(file) ?? "");
    return true;
  }

  /**
   * The files of a name, in which `*` and `?` of the last component are
   * placeholders, sorted.
   */
  match(pattern: string): string[] {
    const found = matching(pattern);
    this.#patterns.set(pattern, found.join("\0"));
    return found;
  }

  /** The directories to watch. */
  get directories(): string[] {
    const all = [...this.#files.keys(), ...this.#patterns.keys()];
    return [...new Set(all.map(directoryOf))].filter(isDirectory);
  }

  /** Whether a file has changed, or another file matches a pattern. */
  get isChanged(): boolean {
    for (const [file, version] of this.#files) {
      const now = versionOf(file);
      // Not while it is replaced.
      if (now !== undefined && now !== version) return true;
    }
    return [...this.#patterns].some(([pattern, found]) =>
      matching(pattern).join("\0") !== found
    );
  }
}

function matching(pattern: string): string[] {
  const at = pattern.lastIndexOf("/") + 1;
  const last = pattern.slice(at);
  if (!/[*?]/.test(last)) return isFile(pattern) ? [pattern] : [];
  const directory = directoryOf(pattern);
  if (!isDirectory(directory)) return [];
  const names = namePattern(last);
  return [...Deno.readDirSync(directory)].map(({ name }) => name)
    // As in a shell, a hidden file matches no placeholder.
    .filter((name) => names.test(name) && !name.startsWith("."))
    .map((name) => pattern.slice(0, at) + name).filter(isFile).sort();
}

function isFile(path: string): boolean {
  return stat(path)?.isFile === true;
}

function isDirectory(path: string): boolean {
  return stat(path)?.isDirectory === true;
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

/** Differs after a change of a file, or of the file that a link leads to. */
function versionOf(file: string): string | undefined {
  const known = stat(file);
  return known && `${known.ino} ${known.mtime?.getTime()} ${known.size}`;
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw error;
  }
}
