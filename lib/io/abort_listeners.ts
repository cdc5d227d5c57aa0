// One listener for each AbortSignal, however many operations share it.

/** An operation that a signal can end. */
export interface Abortable {
  /** Called once, with the reason of the signal. */
  abort(reason: unknown): void;
}

interface Listener {
  readonly operations: Set<Abortable>;
  readonly listen: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

/** Aborts an operation when the signal aborts, until `removeAbortable`. */
export function addAbortable(signal: AbortSignal, operation: Abortable): void {
  let listener = listeners.get(signal);
  if (listener === undefined) {
    const operations = new Set<Abortable>();
    listener = {
      operations,
      listen: () => {
        for (const operation of operations) operation.abort(signal.reason);
      },
    };
    listeners.set(signal, listener);
  }
  if (listener.operations.size === 0) {
    signal.addEventListener("abort", listener.listen, { once: true });
  }
  listener.operations.add(operation);
}

/** Ends what `addAbortable` began. */
export function removeAbortable(
  signal: AbortSignal,
  operation: Abortable,
): void {
  const listener = listeners.get(signal);
  if (listener === undefined || !listener.operations.delete(operation)) return;
  if (listener.operations.size === 0) {
    signal.removeEventListener("abort", listener.listen);
  }
}
