// Starts, monitors and stops the threads of the echo server.

import { SystemError } from "../../ffi/errno.ts";
import { StopEvent } from "../../lib/io/blocking_poll.ts";
import type { UdpSocket } from "../../lib/udp/socket.ts";
import {
  Counter,
  COUNTERS,
  type EchoEvent,
  type Orders,
  type Report,
} from "./messages.ts";

/** The counters of the server, and drops by the kernel. */
export type Totals =
  & { readonly [K in keyof typeof Counter]: number }
  & { readonly dropped: number };

/** The configuration of all threads. */
export type ServerOptions = Omit<
  Orders,
  "socket" | "stop" | "counters"
>;

// Without read permission a worker fails late, with a worse error.
function checkWorker(): void {
  const { protocol, pathname: path } = new URL("./worker.ts", import.meta.url);
  if (protocol !== "file:") return;
  const { state } = Deno.permissions.requestSync({ name: "read", path });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires read access to "${path}", run again with the --allow-read flag`,
  );
}

/** One thread for each socket; the caller closes the sockets. */
export class EchoServer implements AsyncDisposable {
  readonly #stop = StopEvent.create();
  readonly #counters: Float64Array[] = [];
  readonly #ends: Promise<void>[] = [];
  readonly #sockets: readonly UdpSocket[];
  #dropped = 0;

  constructor(
    sockets: readonly UdpSocket[],
    options: ServerOptions,
    onEvents: (events: EchoEvent[]) => void,
  ) {
    checkWorker();
    this.#sockets = sockets;
    for (const socket of sockets) this.#start(socket, options, onEvents);
  }

  #start(
    socket: UdpSocket,
    options: ServerOptions,
    onEvents: (events: EchoEvent[]) => void,
  ): void {
    const counters = new SharedArrayBuffer(
      COUNTERS * Float64Array.BYTES_PER_ELEMENT,
    );
    this.#counters.push(new Float64Array(counters));
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if (data.kind === "events") onEvents(data.events);
      else if (data.kind === "end") resolve();
      else reject(revive(data.error));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    const orders: Orders = {
      ...options,
      socket: socket.handle,
      stop: this.#stop.handle,
      counters,
    };
    worker.postMessage(orders);
    this.#ends.push(promise);
  }

  /** Resolves when a thread ends; rejects when one fails. */
  get ended(): Promise<void> {
    return Promise.race(this.#ends);
  }

  get totals(): Totals {
    const sum = (index: number) =>
      this.#counters.reduce((total, counters) => total + counters[index], 0);
    const counted = Object.fromEntries(
      Object.entries(Counter).map(([name, index]) => [name, sum(index)]),
    ) as Omit<Totals, "dropped">;
    return { ...counted, dropped: this.#countDropped() };
  }

  /** After the sockets are closed, the last count. */
  #countDropped(): number {
    if (this.#sockets.every((socket) => !socket.closed)) {
      this.#dropped = this.#sockets.reduce(
        (total, socket) => total + socket.dropped,
        0,
      );
    }
    return this.#dropped;
  }

  /** Stops the threads; resolves after their last events. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.set();
    await Promise.allSettled(this.#ends);
    this.#countDropped();
    await this.#stop.close();
  }
}

function revive(
  { syscall, errno, message }: Extract<Report, { kind: "error" }>["error"],
): Error {
  return syscall === undefined || errno === undefined
    ? new Error(message)
    : new SystemError(syscall, errno, { tried: "serve echoes" });
}
