// When the picture has to be drawn again: a link or an address changed in one
// of its namespaces, or there are other namespaces.

import { SystemError } from "../../ffi/errno.ts";
import { NETNS_DIRECTORY } from "../../lib/namespace.ts";
import { Monitor } from "../../lib/route/monitor/monitor.ts";

/** A change seldom comes alone: they are drawn together once this is over. */
const QUIET = 50;

/** Changes of the links and addresses of some namespaces. */
export class TopologyChanges implements AsyncDisposable {
  readonly #monitors = new Map<string | undefined, Monitor>();
  readonly #names: Deno.FsWatcher | undefined;
  #changed = Promise.withResolvers<void>();

  /** @param names Whether namespaces may come and go. */
  constructor(names: boolean) {
    if (names) this.#names = this.#watchNames();
  }

  /** Watches these namespaces and no others. */
  async follow(namespaces: readonly (string | undefined)[]): Promise<void> {
    for (const [name, monitor] of this.#monitors) {
      // An open socket would keep a namespace whose name is gone.
      if (!namespaces.includes(name)) {
        this.#monitors.delete(name);
        await monitor.close();
      }
    }
    for (const namespace of namespaces) {
      if (this.#monitors.has(namespace)) continue;
      try {
        const objects = ["link", "address"] as const;
        const monitor = await Monitor.open({ objects, namespace });
        this.#monitors.set(namespace, monitor);
        this.#listen(monitor);
      } catch (error) {
        // Gone already, or not mounted yet: its name tells when that changes.
        if (!this.#names || !(error instanceof SystemError)) throw error;
      }
    }
  }

  /** Resolves when something has changed since the last time. */
  async next(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", abort);
    try {
      await Promise.race([this.#changed.promise, aborted.promise]);
      await new Promise((done) => setTimeout(done, QUIET));
      this.#changed = Promise.withResolvers();
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #listen(monitor: Monitor): Promise<void> {
    try {
      for (;;) {
        await monitor.receive();
        this.#changed.resolve();
      }
    } catch {
      // Closed; or what is wrong is met again, and told, when it is read.
      this.#changed.resolve();
    }
  }

  #watchNames(): Deno.FsWatcher | undefined {
    try {
      const watcher = Deno.watchFs(NETNS_DIRECTORY, { recursive: false });
      (async () => {
        for await (const _event of watcher) this.#changed.resolve();
      })();
      return watcher;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#names?.close();
    await this.follow([]);
  }
}
