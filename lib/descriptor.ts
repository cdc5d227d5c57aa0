// An owned file descriptor: closed once, and closing ends what waits on it.

import { EINTR, SystemError } from "../ffi/errno.ts";
import { errno, libc } from "../ffi/libc.ts";
import { POLLIN, POLLOUT } from "../ffi/layout/poll.ts";
import { ClosedError } from "./errors.ts";
import { release, wait, type WaitOptions } from "./poller.ts";

/** How a descriptor is held. */
export interface DescriptorOptions {
  /** Somebody else closes the number: close() here only ends waits and use. */
  readonly borrowed?: boolean;
}

/**
 * An open, nonblocking file descriptor and its one owner.
 *
 * Nothing here or above ever blocks in a read: whoever has nothing to read
 * waits through the poller, which close() can always end.
 *
 * Source: poll(2), close(2).
 *
 * @example
 * ```ts
 * import { ClosedError, UdpSocket } from "@netplumb/netplumb";
 *
 * // A socket waits through its descriptor: closing it ends the wait.
 * const socket = UdpSocket.bind({ address: "127.0.0.1" });
 * const pending = socket.receive();
 * await socket.close();
 * await pending.catch((error) => console.log(error instanceof ClosedError)); // true
 * ```
 */
export class Descriptor implements AsyncDisposable {
  readonly #fd: number;
  readonly #borrowed: boolean;
  #closing: Promise<void> | undefined;

  /**
   * Takes over a descriptor: from here on it is closed through this object.
   *
   * @param fd An open descriptor with O_NONBLOCK and O_CLOEXEC set.
   * @param what Its name in errors, for example "UDP socket 0.0.0.0:8888".
   * @param options How it is held.
   */
  constructor(
    fd: number,
    public what: string,
    { borrowed = false }: DescriptorOptions = {},
  ) {
    this.#fd = fd;
    this.#borrowed = borrowed;
  }

  /** The number, for system calls. @throws {ClosedError} Once closed. */
  get fd(): number {
    if (this.#closing !== undefined) throw new ClosedError(this.what);
    return this.#fd;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Waits for poll(2) events and gives those that came.
   *
   * @param events POLLIN, POLLOUT, or both; errors come unasked.
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} When it is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  wait(events: number, options?: WaitOptions): Promise<number> {
    if (this.#closing !== undefined) {
      return Promise.reject(new ClosedError(this.what));
    }
    return wait(this, events, options);
  }

  /**
   * Waits until there may be something to read, an error included.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} When it is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  readable(options?: WaitOptions): Promise<number> {
    return this.wait(POLLIN, options);
  }

  /**
   * Waits until there may be room to write, an error included.
   *
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {ClosedError} When it is closed meanwhile.
   * @throws {TimeoutError} When the time is over.
   */
  writable(options?: WaitOptions): Promise<number> {
    return this.wait(POLLOUT, options);
  }

  /** Ends pending waits with ClosedError and closes. A second call waits for the first. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#closing = promise;
      release(this, () => {
        if (this.#borrowed) return;
        const tried = `close ${this.what}`;
        // Linux lets go of the number whatever close(2) says.
        if (libc().close(this.#fd) < 0 && errno() !== EINTR) {
          throw new SystemError("close", errno(), { tried });
        }
      }).then(resolve, reject);
    }
    return this.#closing;
  }

  /** The same as close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
