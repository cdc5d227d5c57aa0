// Cleanup of an interrupted task: programs, namespaces, files.

const held = new Set<AsyncDisposable>();
let interrupted = false;

/** Disposes of a value if the task is interrupted; returns the value. */
export function disposeOnInterrupt<T extends AsyncDisposable>(value: T): T {
  held.add(value);
  return value;
}

/** Removes a value that has been disposed of. */
export function forgetDisposed(value: AsyncDisposable): void {
  held.delete(value);
}

/** Resolves unless the task is interrupted: nothing must start then. */
export async function waitIfInterrupted(): Promise<void> {
  if (interrupted) await new Promise(() => {});
}

/**
 * Runs a task. SIGINT and SIGTERM end it, and all resources are disposed of,
 * newest first.
 */
export async function interruptible(task: () => Promise<void>): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, async () => {
      if (interrupted) return;
      interrupted = true;
      for (const value of [...held].reverse()) {
        try {
          await value[Symbol.asyncDispose]();
        } catch (error) {
          console.error(error);
        }
      }
      Deno.exit(130);
    });
  }
  try {
    await task();
  } catch (error) {
    await waitIfInterrupted();
    throw error;
  }
}
