// Objects that own descriptors: console.log, postMessage, garbage collection.

import type { Descriptor } from "./descriptor.ts";

/** The method that console.log and Deno.inspect call. */
export const customInspect: unique symbol = Symbol.for("Deno.customInspect");

/** What Deno passes to that method. */
export type Inspect = (value: unknown, options: Deno.InspectOptions) => string;

/** The class name and the given fields of an object. */
export function inspectFields(
  className: string,
  fields: object,
  inspect: Inspect,
  options: Deno.InspectOptions,
): string {
  return `${className} ${inspect(fields, options)}`;
}

/**
 * The value of a property that makes postMessage and structuredClone throw
 * DataCloneError, which names this function, where they would post an empty object.
 */
export function postItsHandleAndAttach(): void {}

/** The same for objects that cannot be used in another thread. */
export function cannotBePosted(): void {}

// Closes descriptors of objects that were collected before close() was called,
// and reports the first of each class.

/** The warnings of Node and Deno: `process.on("warning")` receives them. */
interface WarningProcess {
  emitWarning?(warning: string, type: string): void;
}

/**
 * Whether to record the creation of objects, which costs a stack trace each.
 */
let debug: boolean | undefined;

function isDebug(): boolean {
  if (debug !== undefined) return debug;
  const variable = "NETPLUMB_DEBUG";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return debug = state === "granted" && Deno.env.get(variable) !== undefined;
}

/** Recent objects of a class that are kept before they are registered. */
const RECENT = 64;

/**
 * The objects of one class that own a descriptor.
 *
 * Registering costs more than opening a socket. Most sockets are closed soon:
 * recent ones are kept, and registered if they are still open when there are
 * many, or after the next garbage collection.
 */
export class ForgottenObjects {
  readonly #className: string;
  readonly #registry: FinalizationRegistry<Descriptor>;
  /** Reports a garbage collection: what is registered with it is not referenced. */
  readonly #collections: FinalizationRegistry<undefined>;
  #awaitsCollection = false;
  #recent: object[] = [];
  #descriptors: Descriptor[] = [];
  /** Where each was created, for debugging. */
  readonly #stacks = new WeakMap<Descriptor, string>();
  #reported = false;

  /** @param className The name of the class in reports. */
  constructor(className: string) {
    this.#className = className;
    this.#registry = new FinalizationRegistry((descriptor) =>
      this.#close(descriptor)
    );
    this.#collections = new FinalizationRegistry(() => {
      this.#awaitsCollection = false;
      this.#registerOpen();
    });
  }

  /**
   * Closes the descriptor when its owner is collected. The descriptor must not
   * refer to the owner.
   */
  watch(owner: object, descriptor: Descriptor): void {
    this.#recent.push(owner);
    this.#descriptors.push(descriptor);
    if (this.#recent.length >= RECENT) this.#registerOpen();
    else if (!this.#awaitsCollection) {
      this.#awaitsCollection = true;
      this.#collections.register({}, undefined);
    }
    if (isDebug()) {
      this.#stacks.set(descriptor, String(new Error("made here").stack));
    }
  }

  #registerOpen(): void {
    for (const [index, descriptor] of this.#descriptors.entries()) {
      if (descriptor.closed) continue;
      this.#registry.register(this.#recent[index]!, descriptor);
    }
    this.#recent = [];
    this.#descriptors = [];
  }

  #close(descriptor: Descriptor): void {
    // Another thread may still attach to a shared one.
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
