// stdout for what is no text: a capture another program reads.

import type { ByteSink } from "../../lib/packet/pcapng_writer.ts";

/**
 * Bytes to stdout; that nobody reads them any more is no error.
 *
 * @param onClosed Called when whoever was reading has gone.
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
