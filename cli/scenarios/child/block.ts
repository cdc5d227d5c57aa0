// The child in which a thread blocks: opens the descriptor, and does what the
// first thread is told to while the other one waits.

import { errnoName } from "../../../ffi/errno.ts";
import { errno, libc } from "../../../ffi/libc.ts";
import { SHUT_RDWR } from "../../../ffi/uapi/sys_socket.ts";
import { lines } from "../stage/lines.ts";
import type { Answer, Instruction, Order, Work } from "./messages.ts";
import { openBlocking } from "./open.ts";

const encoder = new TextEncoder();

function say(answer: Answer): void {
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(answer) + "\n"));
}

/** What the first thread does; the result of the system call. */
function carryOut(
  instruction: Exclude<Instruction, "receive">,
  { fd, second = -1 }: Work,
  worker: Worker,
): number {
  const { close, shutdown, write } = libc();
  switch (instruction) {
    case "close":
      return close(fd);
    case "shutdown":
      return shutdown(fd, SHUT_RDWR);
    case "wake":
      return write(second, new Uint8Array(8).fill(1), 8n);
    case "terminate":
      worker.terminate();
      return 0;
  }
}

/** Runs until its standard input ends. */
export async function block(order: Order): Promise<void> {
  const opened = openBlocking(order);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
  });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => say(data);
  const { port, ...work } = opened;
  say({
    answer: "open",
    fd: work.fd,
    ...(port === undefined ? {} : { port }),
  });
  for await (const line of lines(Deno.stdin.readable)) {
    const instruction = line as Instruction;
    if (instruction === "receive") {
      worker.postMessage(work);
    } else {
      const refused = carryOut(instruction, work, worker) < 0;
      const code = refused ? { code: errnoName(errno()) } : {};
      say({ answer: "done", instruction, ...code });
    }
  }
}
