// Creates output files, often as root: only the owner can read them, and another
// user cannot redirect them with a link.

import { ArgumentError } from "../../lib/errors.ts";

/**
 * Creates a file with mode 0600, or truncates an existing one.
 *
 * In a world-writable directory, another user could have placed a link or a file
 * of their own: an existing path must belong to this user.
 *
 * @param option The option with the path, for the error.
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
  const there = await statIfExists(path);
  if (there !== undefined && !(there.uid === Deno.uid() && isPlain(there))) {
    throw new ArgumentError(
      option,
      path,
      "a path that this user owns: the directory is world-writable, and the path is " +
        (there.isSymlink ? "a link" : "a file of another user"),
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

async function statIfExists(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
