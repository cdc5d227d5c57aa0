// `netplumb monitor` as it runs in a test: its lines until one fits.

import { Running } from "../../support/command.ts";
import type { Netns } from "../../support/netns.ts";
import type { RunningProgram } from "../../support/program.ts";

/** An event as `--json` prints it. */
// deno-lint-ignore no-explicit-any -- each kind its own shape
export type Line = any;

/** The command, watching since it was made. */
export class Watching implements AsyncDisposable {
  /** @param running The command, however it was started. */
  constructor(readonly running: RunningProgram) {}

  /**
   * Starts it; when the promise resolves nothing is missed any more.
   *
   * @param netns Where it runs; its loopback is what it reports first.
   */
  static async open(netns: Netns, ...args: string[]): Promise<Watching> {
    const watching = new Watching(
      new Running(netns, "monitor", "--snapshot", ...args),
    );
    await watching.until(/\blo\b/);
    return watching;
  }

  /** The lines until one fits, that one last. */
  until(pattern: RegExp): Promise<string[]> {
    return this.#until(
      () => this.running.line(),
      (line) => pattern.test(line),
    );
  }

  /** The events until one fits, that one last; only with --json. */
  events(fits: (event: Line) => boolean): Promise<Line[]> {
    return this.#until(() => this.running.object(), fits);
  }

  async #until<T>(
    next: () => Promise<T>,
    fits: (one: T) => boolean,
  ): Promise<T[]> {
    const seen: T[] = [];
    // A test that waits for what never comes says so.
    const late = setTimeout(() => this.running.stop("SIGKILL"), 30_000);
    try {
      do seen.push(await next()); while (!fits(seen.at(-1)!));
      return seen;
    } catch (error) {
      throw new Error(`not among ${seen.map((one) => JSON.stringify(one))}`, {
        cause: error,
      });
    } finally {
      clearTimeout(late);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}
