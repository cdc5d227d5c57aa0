// Callbacks of abort signals: one listener for all waits on a signal.

interface Registry {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const registries = new WeakMap<AbortSignal, Registry>();

/** Calls `callback` once when the signal is aborted, unless it is removed. */
export function addAbortListener(
  signal: AbortSignal,
  callback: () => void,
): void {
  let registry = registries.get(signal);
  if (registry === undefined) {
    const callbacks = new Set<() => void>();
    const listener = () => {
      for (const one of callbacks) {
        callbacks.delete(one);
        one();
      }
    };
    registry = { callbacks, listener };
    registries.set(signal, registry);
  }
  const { callbacks, listener } = registry;
  if (callbacks.size === 0) {
    signal.addEventListener("abort", listener, { once: true });
  }
  callbacks.add(callback);
}

/** Removes a callback; one that was not added, or was called, is ignored. */
export function removeAbortListener(
  signal: AbortSignal,
  callback: () => void,
): void {
  const registry = registries.get(signal);
  if (!registry?.callbacks.delete(callback)) return;
  // With a listener left, AbortSignal.timeout() would keep the process running.
  if (registry.callbacks.size === 0) {
    signal.removeEventListener("abort", registry.listener);
  }
}
