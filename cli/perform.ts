// Runs the action of a subcommand with output, signal handling and cleanup.

import type { GlobalOptions } from "./command.ts";
import { Output } from "./output/output.ts";

/** The context of an action. */
export interface Session {
  /** stdout, text or JSON lines. */
  readonly output: Output;
  /** Aborted by SIGINT, SIGTERM or a closed stdout: end cleanly, exit 0. */
  readonly signal: AbortSignal;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const SIGNAL_NUMBER = { SIGINT: 2, SIGTERM: 15 };

/** Runs an action; a signal to stop is not an error. */
export async function perform(
  options: GlobalOptions,
  body: (session: Session) => Promise<void> | void,
): Promise<void> {
  const stop = new AbortController();
  const handlers = SIGNALS.map((name) => ({
    name,
    handle() {
      // The second signal ends the process at once.
      if (stop.signal.aborted) Deno.exit(128 + SIGNAL_NUMBER[name]);
      stop.abort();
    },
  }));
  for (const { name, handle } of handlers) Deno.addSignalListener(name, handle);
  try {
    await using output = new Output({
      json: options.json,
      onClosed: () => stop.abort(),
    });
    await body({ output, signal: stop.signal });
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
  } finally {
    for (const { name, handle } of handlers) {
      Deno.removeSignalListener(name, handle);
    }
  }
}
