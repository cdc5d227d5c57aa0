// Requests to read the configuration file again: SIGHUP, or a change of the file.

import { directoryOf } from "./file.ts";

/** Changes of a file within this time, in milliseconds, are one. */
const SETTLE = 100;

/** Requests to read the file again, also before it is applied. */
export class Reloads implements AsyncDisposable {
  #requested = new AbortController();
  readonly #request = () => this.#requested.abort();
  readonly #watcher: Deno.FsWatcher | undefined;
  readonly #watching: Promise<void> | undefined;

  /** @param file The file to watch; default: none. */
  constructor(file?: string) {
    Deno.addSignalListener("SIGHUP", this.#request);
    if (file === undefined) return;
    // Editors and configuration management replace files by renaming others.
    this.#watcher = Deno.watchFs(directoryOf(file), { recursive: false });
    this.#watching = this.#watch(this.#watcher, file);
  }

  /** Aborted by the next request. */
  get signal(): AbortSignal {
    return this.#requested.signal;
  }

  /** Returns whether there was a request, and clears it. */
  take(): boolean {
    if (!this.signal.aborted) return false;
    this.#requested = new AbortController();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.removeSignalListener("SIGHUP", this.#request);
    this.#watcher?.close();
    await this.#watching;
  }

  async #watch(watcher: Deno.FsWatcher, file: string): Promise<void> {
    let version = versionOf(file);
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const _ of watcher) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const now = versionOf(file);
        // Not while it is replaced, nor for other files of the directory.
        if (now === undefined || now === version) return;
        version = now;
        this.#request();
      }, SETTLE);
    }
    clearTimeout(timer);
  }
}

/** Differs after a change of a file, or of the file that a link leads to. */
function versionOf(file: string): string | undefined {
  try {
    const { ino, mtime, size } = Deno.statSync(file);
    return `${ino} ${mtime?.getTime()} ${size}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
