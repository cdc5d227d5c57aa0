// Requests to read the configuration file again: SIGHUP, or a change of the file
// or of a file that it includes.

import type { Inputs } from "./inputs.ts";

/** Changes within this time, in milliseconds, are one. */
const SETTLE = 100;

/** Requests to read the file again, also before it is applied. */
export class Reloads implements AsyncDisposable {
  #requested = new AbortController();
  readonly #request = () => this.#requested.abort();
  #watcher: Deno.FsWatcher | undefined;
  #watching: Promise<void> | undefined;

  /** @param followsFiles Whether to watch the files, not only SIGHUP. */
  constructor(readonly followsFiles: boolean) {
    Deno.addSignalListener("SIGHUP", this.#request);
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

  /** Watches the files that were read, and no longer those before. */
  async watch(inputs: Inputs): Promise<void> {
    if (!this.followsFiles) return;
    await this.#stop();
    // Editors and configuration management replace files by renaming others.
    const { directories } = inputs;
    if (directories.length === 0) return;
    this.#watcher = Deno.watchFs(directories, { recursive: false });
    this.#watching = this.#watch(this.#watcher, inputs);
    if (inputs.isChanged) this.#request();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.removeSignalListener("SIGHUP", this.#request);
    await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#watcher?.close();
    await this.#watching;
  }

  async #watch(watcher: Deno.FsWatcher, inputs: Inputs): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const _ of watcher) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        // Not for other files of the directories.
        if (inputs.isChanged) this.#request();
      }, SETTLE);
    }
    clearTimeout(timer);
  }
}
