// The process a scenario starts to have a thread blocked in it. It ends with
// its standard input, so it cannot outlive the scenario.

import { libc, unwrap } from "../../../ffi/libc.ts";
import { lines } from "../lines.ts";
import type { Answer, Instruction, Order, Work } from "./messages.ts";
import { openBlocking } from "./open.ts";

const encoder = new TextEncoder();

function say(answer: Answer): void {
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(answer) + "\n"));
}

/** Runs until its standard input ends. */
export async function block(order: Order): Promise<void> {
  // Ctrl-C in a terminal reaches it too; the scenario decides when it ends.
  Deno.addSignalListener("SIGINT", () => {});
  const opened = openBlocking(order);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
  });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => say(data);
  const { fd, call, port } = opened;
  say({ answer: "open", fd, ...(port === undefined ? {} : { port }) });

  const obey: Record<Instruction, () => void> = {
    receive: () => worker.postMessage({ fd, call } satisfies Work),
    close: () => unwrap(libc().close(fd), "close"),
    terminate: () => worker.terminate(),
  };
  for await (const line of lines(Deno.stdin.readable)) {
    const instruction = line as Instruction;
    obey[instruction]();
    if (instruction !== "receive") say({ answer: "done", instruction });
  }
  // The other thread may never come back; this ends it too.
  Deno.exit(0);
}
