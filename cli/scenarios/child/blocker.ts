// A scenario's handle on a process with a thread that blocks.

import { spawnChild } from "./child.ts";
import { lines } from "../stage/lines.ts";
import type { Scene } from "../stage/scene.ts";
import { until } from "../stage/patience.ts";
import { type Whereabouts, whereabouts } from "../stage/thread.ts";
import type { Answer, Instruction, Order } from "./messages.ts";

type Name = Answer["answer"];
type AnswerOf<N extends Name> = Extract<Answer, { answer: N }>;

/** What the first thread can be told to do. */
export type Told = Exclude<Instruction, "receive">;

/** What a blocking call came to. */
export type Received = AnswerOf<"received">;

const ENDED = "the process with the blocked thread has ended";

interface Waiter {
  readonly name: Name;
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

export class Blocker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #waiters = new Set<Waiter>();
  readonly #reading: Promise<void>;
  #tid = 0;
  #ended = false;
  #opened!: AnswerOf<"open">;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Starts the process inside a network; its descriptor is open then. */
  static async start(order: Order, network: Scene): Promise<Blocker> {
    const blocker = new Blocker(spawnChild({ part: "block", order }, network));
    try {
      blocker.#opened = await blocker.#next("open");
    } catch (error) {
      await blocker[Symbol.asyncDispose]();
      throw error;
    }
    return blocker;
  }

  /** The port that its socket is bound to. */
  get port(): number {
    return this.#opened.port ?? 0;
  }

  /** Has the other thread receive once; resolves when that comes back. */
  async receive(): Promise<Received> {
    const receiving = this.#next("receiving");
    const received = this.#next("received");
    // Looked at by whoever waits for it; here only the beginning matters.
    received.catch(() => {});
    await this.#tell("receive");
    this.#tid = (await receiving).tid;
    return await received;
  }

  /** Resolves when the other thread sleeps in a system call on the descriptor. */
  blocked(): Promise<void> {
    return until("a thread to block", () => {
      const { where } = this;
      // poll() has a list of descriptors in memory instead of one.
      return where?.call === "poll" ||
        where?.call !== undefined && where.argument === this.#opened.fd;
    });
  }

  /** Where the other thread is; undefined before it was first used. */
  get where(): Whereabouts | undefined {
    if (this.#tid === 0) return undefined;
    return whereabouts(this.#child.pid, this.#tid);
  }

  /**
   * Has the first thread do something and waits until it did; the errno's name
   * where the kernel refused it.
   */
  async tell(instruction: Told): Promise<string | undefined> {
    const done = this.#next("done");
    await this.#tell(instruction);
    return (await done).code;
  }

  async #tell(instruction: Instruction): Promise<void> {
    await this.#input.write(new TextEncoder().encode(instruction + "\n"));
  }

  #next<N extends Name>(name: N): Promise<AnswerOf<N>> {
    if (this.#ended) return Promise.reject(new Error(ENDED));
    const { promise, resolve, reject } = Promise.withResolvers<AnswerOf<N>>();
    this.#waiters.add({
      name,
      resolve: (answer) => resolve(answer as AnswerOf<N>),
      reject,
    });
    return promise;
  }

  async #read(): Promise<void> {
    for await (const line of lines(this.#child.stdout)) {
      const answer = JSON.parse(line) as Answer;
      for (const waiter of this.#waiters) {
        if (waiter.name !== answer.answer) continue;
        this.#waiters.delete(waiter);
        waiter.resolve(answer);
        break;
      }
    }
    this.#ended = true;
    for (const { reject } of this.#waiters) reject(new Error(ENDED));
  }

  /** Ends the process, and the blocked thread with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended by itself */ }
    await this.#child.status;
    await this.#reading;
    await this.#input.abort().catch(() => {});
  }
}
