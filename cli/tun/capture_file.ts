// Capture files with complete pcapng blocks: one file or a ring of files.

import type { ByteSink } from "../../lib/packet/pcapng_writer.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { createFile } from "./create_file.ts";
import { Exit } from "../failure.ts";

/** A write failed; the file ends after its last complete block. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  /** How the command exits. */
  readonly exitCode: number;

  /**
   * Names the file.
   *
   * @param path The file.
   * @param cause The error of the write.
   */
  constructor(readonly path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`write capture ${path}: ${reason}`, { cause });
    this.exitCode = cause instanceof Deno.errors.PermissionDenied
      ? Exit.notPermitted
      : Exit.refused;
  }
}

/** The minimum size of a block: its type, and its length twice. */
const LEAST_BLOCK = 12;

/** The length of the complete blocks in the first `written` bytes. */
function wholeBlocks(bytes: Uint8Array, written: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at + LEAST_BLOCK <= written) {
    const length = view.getUint32(at + 4, true);
    if (length < LEAST_BLOCK || at + length > written) break;
    at += length;
  }
  return at;
}

/** A capture file that always ends after a complete block. */
export class CaptureFile implements ByteSink, Disposable {
  readonly #file: Deno.FsFile;
  /** Length of the complete blocks in the file. */
  #size = 0;

  private constructor(readonly path: string, file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Creates or truncates a file, see createFile().
   *
   * @throws {CaptureError} If that fails.
   */
  static async create(path: string): Promise<CaptureFile> {
    try {
      return new CaptureFile(path, await createFile(path, "--write"));
    } catch (error) {
      if (error instanceof ArgumentError) throw error;
      throw new CaptureError(path, error);
    }
  }

  /**
   * Writes all bytes, which are complete blocks.
   *
   * @throws {CaptureError} If that fails; the file ends after the last complete
   *   block.
   */
  async write(bytes: Uint8Array): Promise<number> {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += await this.#file.write(bytes.subarray(written));
      }
    } catch (error) {
      await this.#truncate(this.#size + wholeBlocks(bytes, written));
      throw new CaptureError(this.path, error);
    }
    this.#size += bytes.length;
    return bytes.length;
  }

  async #truncate(size: number): Promise<void> {
    try {
      await this.#file.truncate(size);
    } catch { /* a pipe or a device has no length */ }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** "tun.pcapng" and 3: "tun_00003.pcapng", numbered as by dumpcap(1). */
export function numberedPath(path: string, number: number): string {
  const slash = path.lastIndexOf("/");
  const dot = path.lastIndexOf(".");
  const end = dot > slash + 1 ? dot : path.length;
  const digits = String(number).padStart(5, "0");
  return `${path.slice(0, end)}_${digits}${path.slice(end)}`;
}
