// What must not outlive a task that is interrupted: programs, namespaces, files.

const held = new Set<AsyncDisposable>();
let interrupted = false;

/** Has something disposed of if the task is interrupted; returns it. */
export function hold<T extends AsyncDisposable>(value: T): T {
  held.add(value);
  return value;
}

/** Something was disposed of in the usual way. */
export function release(value: AsyncDisposable): void {
  held.delete(value);
}

/** Never resolves once the task is interrupted: it is to begin nothing more. */
export async function goOn(): Promise<void> {
  if (interrupted) await new Promise(() => {});
}

/**
 * Runs a task. SIGINT and SIGTERM end it, and all that is held is disposed of,
 * the newest first.
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
    await goOn();
    throw error;
  }
}
