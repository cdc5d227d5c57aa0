// A thread that blocks in a system call, as in a program without a poller.

import { libc } from "../../ffi/libc.ts";
import type { Receiver } from "./close_while_waiting.ts";
import { type ThreadState, threadState } from "./thread_state.ts";
import { until } from "./waiting.ts";

/** A system call and its descriptors, of which only poll() takes two. */
export interface BlockingCall {
  readonly call: "recvmsg" | "read" | "poll";
  readonly fds: readonly number[];
}

/** What close() does besides closing the descriptor. */
export interface CloseOptions {
  /** An eventfd that "poll" waits on as well, to be written first. */
  readonly eventfd?: number;
  /** Whether to call Worker.terminate() first. */
  readonly terminate?: boolean;
}

export class BlockedThread implements Receiver {
  readonly #worker: Worker;
  readonly #work: BlockingCall;
  readonly #options: CloseOptions;
  readonly #tid: number;
  #closed = false;

  private constructor(
    worker: Worker,
    work: BlockingCall,
    options: CloseOptions,
    tid: number,
  ) {
    this.#worker = worker;
    this.#work = work;
    this.#options = options;
    this.#tid = tid;
  }

  /** Starts a thread for a blocking descriptor, which it closes in the end. */
  static async start(
    call: BlockingCall["call"],
    fd: number,
    options: CloseOptions = {},
  ): Promise<BlockedThread> {
    const { eventfd } = options;
    const worker = new Worker(
      new URL("./blocked_thread_worker.ts", import.meta.url),
      { type: "module" },
    );
    const fds = eventfd === undefined ? [fd] : [fd, eventfd];
    const tid = await message(worker);
    return new BlockedThread(worker, { call, fds }, options, tid);
  }

  /** Makes the system call; resolves with whether it returned something. */
  async receive(): Promise<boolean> {
    const result = message(this.#worker);
    this.#worker.postMessage(this.#work);
    return await result > 0;
  }

  waiting(): Promise<void> {
    return until("a thread to block", () => {
      const { call, argument } = this.thread();
      // The descriptors of poll() are in memory.
      return call === "poll" ||
        call !== undefined && argument === this.#work.fds[0];
    });
  }

  thread(): ThreadState {
    return threadState(this.#tid);
  }

  close(): Promise<void> {
    const { eventfd, terminate } = this.#options;
    if (terminate) this.#worker.terminate();
    if (eventfd !== undefined) {
      libc().write(eventfd, new Uint8Array(8).fill(1), 8n);
    }
    libc().close(this.#work.fds[0]);
    this.#closed = true;
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.terminate();
    if (!this.#closed) await this.close();
    const { eventfd } = this.#options;
    if (eventfd !== undefined) libc().close(eventfd);
  }
}

/** The next message of a worker. */
function message(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
}
