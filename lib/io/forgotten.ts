// Objects that were collected before close() was called: their descriptors are
// closed, and the first of each class is reported.

import type { Descriptor } from "./descriptor.ts";

/** What Node and Deno have for warnings: `process.on("warning")` receives them. */
interface WarningProcess {
  emitWarning?(warning: string, type: string): void;
}

/** Whether to record where objects were made, which costs a stack trace each. */
let debug: boolean | undefined;

function isDebug(): boolean {
  if (debug !== undefined) return debug;
  const variable = "NETPLUMB_DEBUG";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return debug = state === "granted" && Deno.env.get(variable) !== undefined;
}

/** The objects of one class that own a descriptor. */
export class ForgottenObjects {
  readonly #className: string;
  readonly #registry: FinalizationRegistry<Descriptor>;
  /** Where each was made, in debug. */
  readonly #stacks = new WeakMap<Descriptor, string>();
  #reported = false;

  /** @param className As users know it. */
  constructor(className: string) {
    this.#className = className;
    this.#registry = new FinalizationRegistry((descriptor) =>
      this.#close(descriptor)
    );
  }

  /**
   * Closes the descriptor when its owner is collected. The descriptor must not
   * refer to the owner.
   */
  watch(owner: object, descriptor: Descriptor): void {
    this.#registry.register(owner, descriptor);
    if (isDebug()) {
      this.#stacks.set(descriptor, String(new Error("made here").stack));
    }
  }

  #close(descriptor: Descriptor): void {
    // Another thread may still attach to one that was shared.
    if (descriptor.closed || descriptor.isShared) return;
    const { what } = descriptor;
    descriptor.close().catch(ignore);
    const stack = this.#stacks.get(descriptor);
    if (this.#reported && stack === undefined) return;
    this.#reported = true;
    const where = stack === undefined
      ? "NETPLUMB_DEBUG=1 shows where it was made"
      : stack;
    const process = Reflect.get(globalThis, "process") as
      | WarningProcess
      | undefined;
    process?.emitWarning?.(
      `${this.#className} (${what}) was garbage-collected without close(), and is closed now; use "await using" or call close(). ${where}`,
      "ResourceWarning",
    );
  }
}

function ignore(): void {}
