// stdout for binary output, such as a capture.

import type { ByteSink } from "../../lib/packet/pcapng_writer.ts";

/**
 * Writes bytes to stdout; a closed pipe is not an error.
 *
 * @param onClosed Called when the reader has closed the pipe.
 */
export function stdoutBytes(onClosed: () => void): ByteSink {
  return {
    async write(bytes) {
      try {
        return await Deno.stdout.write(bytes);
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        onClosed();
        return bytes.length;
      }
    },
  };
}
