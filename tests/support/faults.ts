// Faults below ffi/: calls of libc that fail, or do less than requested
// to, as a kernel seldom lets them.

import * as tunCalls from "../../ffi/uapi/linux_if_tun.ts";
import * as interfaceCalls from "../../ffi/uapi/net_if.ts";
import { eventfds } from "./descriptors.ts";
import { type Libc, libc, setErrno, substitute } from "../../ffi/libc.ts";

/** What happens in the place of a call. */
export type Fault = (
  call: () => number,
  args: readonly unknown[],
) => number;

/** A call that fails and does nothing. */
export function failing(code: number): Fault {
  return () => {
    setErrno(code);
    return -1;
  };
}

/** When a fault happens. */
export interface Arming {
  /** The call, as `trace` names it. */
  readonly call: string;
  /** The first of these calls that it happens to, counted from 1. */
  readonly nth?: number;
  /** How many of them in a row; default 1. */
  readonly times?: number;
  readonly fault: Fault;
}

const IOCTLS = new Map<number, string>(
  Object.entries({ ...tunCalls, ...interfaceCalls })
    .filter(([name]) => /^(TUN(SET|GET)|SIOC)/.test(name))
    .map(([name, number]) => [Number(number), name]),
);

/** What libc gives where a call that has no number failed. */
const FAILED: Record<string, unknown> = {
  if_nametoindex: 0,
  if_indextoname: null,
};

type Call = (...args: unknown[]) => unknown;

/**
 * Every call of libc that this thread makes, from here on until disposed of.
 *
 * Those on an eventfd are named apart: `eventfd read`, `eventfd write`, `eventfd
 * close`; ioctls by their request.
 */
export class Faults implements Disposable {
  /** The calls made since the last `arm`, in order. */
  trace: string[] = [];
  /** How often the fault happened. */
  happened = 0;
  readonly #substitution: Disposable;
  readonly #counts = new Map<string, number>();
  readonly #eventfds = new Set<unknown>(
    [...eventfds().keys()].map(Number),
  );
  #arming: Arming | undefined;

  constructor() {
    this.#substitution = substitute((real) =>
      Object.fromEntries(
        Object.entries(real)
          .filter(([name, call]) =>
            typeof call === "function" && name !== "__errno_location"
          )
          .map(([name, call]) => [name, this.#wrap(name, call as Call)]),
      ) as Partial<Libc>
    );
  }

  /** Forgets what was called, and lets a fault happen from now on. */
  arm(arming?: Arming): void {
    this.trace = [];
    this.happened = 0;
    this.#counts.clear();
    this.#arming = arming;
  }

  /** Lets no more happen. */
  disarm(): void {
    this.#arming = undefined;
  }

  [Symbol.dispose](): void {
    this.#substitution[Symbol.dispose]();
  }

  #wrap(name: string, real: Call): Call {
    return (...args) => {
      const key = this.#key(name, args);
      const result = this.#take(key, () => real(...args), args, name);
      if (name === "eventfd" && Number(result) >= 0) this.#eventfds.add(result);
      if (name === "close") this.#eventfds.delete(args[0]);
      return result;
    };
  }

  #key(name: string, args: readonly unknown[]): string {
    if (name === "ioctl" || name === "ioctl_value") {
      return `ioctl ${IOCTLS.get(Number(args[1])) ?? String(args[1])}`;
    }
    const eventfd = ["read", "write", "close"].includes(name) &&
      this.#eventfds.has(args[0]);
    return eventfd ? `eventfd ${name}` : name.replace(/_nonblocking$/, "");
  }

  #take(
    key: string,
    call: () => unknown,
    args: readonly unknown[],
    name: string,
  ): unknown {
    this.trace.push(key);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    const arming = this.#arming;
    if (arming?.call !== key) return call();
    const { nth = 1, times = 1, fault } = arming;
    if (count < nth || count >= nth + times) return call();
    this.happened++;
    let made: unknown;
    const result = fault(() => (made = call()) as number, args);
    if (/_nonblocking$/.test(name)) {
      return Promise.resolve(made).then(() => result);
    }
    return result === -1 && name in FAILED ? FAILED[name] : result;
  }
}

/** The real functions, also while they are replaced. */
export const realLibc = libc();
