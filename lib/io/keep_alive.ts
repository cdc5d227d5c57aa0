// Sets whether a pending FFI call keeps the process alive. Deno has no public API
// for it; its own modules use this one. Where it is absent, every wait keeps the
// process alive, which is the default.

interface Core {
  refOpPromise?(promise: Promise<unknown>): void;
  unrefOpPromise?(promise: Promise<unknown>): void;
}

function core(): Core {
  const internal = Reflect.get(Deno, "internal");
  const internals = internal === undefined
    ? undefined
    : Reflect.get(Deno, internal);
  return internals?.core ?? {};
}

/**
 * Sets whether a pending nonblocking call keeps the process alive.
 *
 * @param call The promise that the call returned.
 * @param alive Whether it does.
 */
export function keepAlive(call: Promise<unknown>, alive: boolean): void {
  if (alive) core().refOpPromise?.(call);
  else core().unrefOpPromise?.(call);
}
