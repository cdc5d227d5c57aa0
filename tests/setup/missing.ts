// Search for the parts of packages that are not on this machine.

import { type DebianPackage, type Part, partName } from "./packages.ts";

/** A package of which parts were not found. */
export interface MissingPackage {
  readonly package: string;
  /** Names of the parts. */
  readonly parts: readonly string[];
}

/**
 * The packages of which a part is missing.
 *
 * @param path Directories of programs, in the form of the variable PATH.
 */
export async function missingPackages(
  packages: readonly DebianPackage[],
  path: string,
): Promise<MissingPackage[]> {
  const found = await Promise.all(packages.map(async (each) => {
    const present = await Promise.all(
      each.parts.map((part) => isPresent(part, path)),
    );
    const parts = each.parts.filter((_, index) => !present[index]);
    return { package: each.package, parts: parts.map(partName) };
  }));
  return found.filter(({ parts }) => parts.length > 0);
}

async function isPresent(part: Part, path: string): Promise<boolean> {
  if ("program" in part) return findProgram(part.program, path) !== undefined;
  if ("file" in part) return isFile(part.file);
  const [name, ...args] = part.command;
  const program = findProgram(name, path);
  if (program === undefined) return false;
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
      env: { LC_ALL: "C", PATH: path },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder();
    const printed = text.decode(stdout) + text.decode(stderr);
    return success && (part.prints?.test(printed) ?? true);
  } catch {
    // The kernel does not execute it: it is for another processor, say.
    return false;
  }
}

/** The file that a program's name stands for. */
export function findProgram(name: string, path: string): string | undefined {
  return path.split(":").filter((directory) => directory !== "")
    .map((directory) => `${directory}/${name}`)
    .find((file) => isFile(file, 0o111));
}

/** Whether there is a file with one of the bits of a mode set. */
function isFile(file: string, mode = 0o777): boolean {
  try {
    const status = Deno.statSync(file);
    return status.isFile && ((status.mode ?? 0) & mode) !== 0;
  } catch {
    // Not there, or in a directory that this user may not search.
    return false;
  }
}
