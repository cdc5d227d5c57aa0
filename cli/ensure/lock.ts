// A lock of each namespace of a configuration, so that two runs do not interleave
// their changes: an abstract unix socket, which the end of the process releases.

import { SystemError } from "../../ffi/errno.ts";
import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { inNamespace } from "../../lib/netns/namespace.ts";

const ADDRESS = "\0netplumb-ensure";

/** How long another run may take, and how often it is checked, in milliseconds. */
const LONGEST_WAIT = 30_000;
const INTERVAL = 50;

/** The locks of some namespaces. */
export class NamespaceLocks implements Disposable {
  readonly #listeners: Deno.Listener[] = [];

  private constructor() {}

  /**
   * Waits until no other run changes the namespaces of a configuration.
   *
   * @param top The namespace of its top level.
   * @throws {Error} After 30 s.
   */
  static async acquire(
    { namespaces }: DesiredNetwork,
    top: string | undefined,
    signal: AbortSignal,
  ): Promise<NamespaceLocks> {
    const names = new Set(
      namespaces.map(({ name, foreignPath }) => foreignPath ?? name ?? top),
    );
    const end = performance.now() + LONGEST_WAIT;
    for (;;) {
      const locks = new NamespaceLocks();
      const busy = locks.#take(names);
      if (busy === undefined) return locks;
      // Held partially, two runs could wait for each other.
      locks[Symbol.dispose]();
      if (performance.now() > end) {
        throw new Error(`another ensure is changing ${busy}. Try again later`);
      }
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      signal.throwIfAborted();
    }
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners.length = 0;
  }

  /** Locks all; returns the first one that another run has locked. */
  #take(names: ReadonlySet<string | undefined>): string | undefined {
    for (const name of names) {
      try {
        this.#listeners.push(inNamespace(
          name,
          () => Deno.listen({ transport: "unix", path: ADDRESS }),
          (listener) => listener.close(),
        ));
      } catch (error) {
        if (error instanceof Deno.errors.AddrInUse) {
          return name === undefined ? "this namespace" : `namespace ${name}`;
        }
        // It does not exist yet, or cannot be entered, which is reported later.
        if (!(error instanceof SystemError)) throw error;
      }
    }
    return undefined;
  }
}
