// A program in another network namespace, in the place of this one: it has the
// terminal, gets the signals, and its end is the end.

import { inNamespaceView } from "../../lib/netns/namespace_view.ts";

/** What the terminal sends to the program too: it is for it to act on. */
const SHARED = ["SIGINT", "SIGQUIT"] as const;
/** What only this process is sent. */
const FORWARDED = ["SIGTERM", "SIGHUP"] as const;

/** Runs a program to its end and leaves its exit code in Deno.exitCode. */
export async function execute(
  namespace: string,
  program: string,
  args: string[],
): Promise<void> {
  const command = new Deno.Command(program, { args });
  let child: Deno.ChildProcess | undefined;
  const forward = (name: Deno.Signal) => {
    try {
      child?.kill(name);
    } catch { /* it has ended meanwhile */ }
  };
  const handlers = [
    ...SHARED.map((name) => ({ name, handle() {} })),
    ...FORWARDED.map((name) => ({ name, handle: () => forward(name) })),
  ];
  // Before there is a program that could tell somebody it is there: a signal
  // that comes as it starts would end this process alone.
  for (const { name, handle } of handlers) Deno.addSignalListener(name, handle);
  try {
    // Spawned by this very thread, it is born where the thread is.
    child = inNamespaceView(namespace, () => command.spawn());
    const { code } = await child.status;
    Deno.exitCode = code;
  } finally {
    for (const { name, handle } of handlers) {
      Deno.removeSignalListener(name, handle);
    }
  }
}
