// The echo server's threads: started, listened to, stopped and counted.

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

/** What the server did, and what the kernel dropped before it could. */
export type Totals =
  & { readonly [K in keyof typeof Counter]: number }
  & { readonly dropped: number };

/** How the threads work; the same for all. */
export type ServerOptions = Omit<
  Orders,
  "socket" | "stop" | "counters"
>;

// A worker that may not read its own source fails on its own, and too late.
function checkWorker(): void {
  const { protocol, pathname: path } = new URL("./worker.ts", import.meta.url);
  if (protocol !== "file:") return;
  const { state } = Deno.permissions.requestSync({ name: "read", path });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires read access to "${path}", run again with the --allow-read flag`,
  );
}

/** One thread a socket; the sockets stay their caller's. */
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

  /** Resolves when a thread ended by itself; rejects with what made one fail. */
  get ended(): Promise<void> {
    return Promise.race(this.#ends);
  }

  get totals(): Totals {
    const sum = (place: number) =>
      this.#counters.reduce((total, counters) => total + counters[place], 0);
    const counted = Object.fromEntries(
      Object.entries(Counter).map(([name, place]) => [name, sum(place)]),
    ) as Omit<Totals, "dropped">;
    return { ...counted, dropped: this.#countDropped() };
  }

  /** Also once the sockets are closed: what it was at the end. */
  #countDropped(): number {
    if (this.#sockets.every((socket) => !socket.closed)) {
      this.#dropped = this.#sockets.reduce(
        (total, socket) => total + socket.dropped,
        0,
      );
    }
    return this.#dropped;
  }

  /** Ends the threads; their last events have arrived when it resolves. */
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
