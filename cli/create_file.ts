// Files a command writes, often as root: nobody else reads what is in them, and
// nobody chooses where they are but who gave the path.

import { ArgumentError } from "../lib/errors.ts";

/**
 * Makes a file that only its owner reads, or empties the one there is.
 *
 * In a directory anybody may write to, others could have put a link there, or a
 * file they may read: such a path is refused unless it is this user's own.
 *
 * @param path Where.
 * @param option The option that gave the path, for the error.
 */
export async function createFile(
  path: string,
  option: string,
): Promise<Deno.FsFile> {
  const mode = 0o600;
  if (!await isShared(directoryOf(path))) {
    return await Deno.open(path, {
      write: true,
      create: true,
      truncate: true,
      mode,
    });
  }
  const there = await lookAt(path);
  if (there !== undefined && !(there.uid === Deno.uid() && isPlain(there))) {
    throw new ArgumentError(
      option,
      path,
      "a path of this user's own: anybody may write to its directory, and what is there is " +
        (there.isSymlink ? "a link" : "somebody else's"),
    );
  }
  if (there?.isFile) await Deno.remove(path);
  return there === undefined || there.isFile
    ? await Deno.open(path, { write: true, createNew: true, mode })
    : await Deno.open(path, { write: true });
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

async function isShared(directory: string): Promise<boolean> {
  return ((await Deno.stat(directory)).mode! & 0o002) !== 0;
}

/** A file or a pipe, not a link or a device. */
function isPlain(info: Deno.FileInfo): boolean {
  return info.isFile || info.isFifo === true;
}

async function lookAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
