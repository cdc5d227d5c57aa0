// Commands of a configuration that run when a link is made.

import { ECANCELED, ETIMEDOUT, SystemError } from "../../../ffi/errno.ts";
import { inNamespace } from "../../netns/namespace.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";
import type { DesiredLink } from "../parse/desired.ts";

/** The shell that runs the commands. */
const SHELL = "/bin/sh";
/** The time that a command may take, in milliseconds. */
const LIMIT = 60_000;

/**
 * Runs the command before or after a link is made, if it has one, in the
 * namespace of the change; what it prints goes to stderr.
 */
export function hookChanges(
  when: "before" | "after",
  { name, kind = "", namespace, hooks }: DesiredLink,
): Change[] {
  const command = hooks[when];
  if (command === undefined) return [];
  const description = `run ${when} link ${name} is made: ${command}`;
  const env = {
    NETPLUMB_HOOK: when,
    NETPLUMB_LINK: name,
    NETPLUMB_KIND: kind,
    NETPLUMB_NAMESPACE: namespace ?? "",
  };
  return [{
    what: description,
    first: {
      description,
      async run(where) {
        // Output of the command would mix with that of `--json`.
        const args = ["-c", `exec 1>&2\n${command}`];
        const program = new Deno.Command(SHELL, { args, env, stdin: "null" });
        // A child starts in the namespace of the thread that spawns it.
        const child = inNamespace(where, () => program.spawn());
        await ended(child, description);
      },
    },
    requests: () => [],
  }];
}

/** Waits for the end of a command. @throws {SystemError} If it fails. */
async function ended(child: Deno.ChildProcess, tried: string): Promise<void> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, LIMIT);
  const { success, code, signal } = await child.status;
  clearTimeout(timer);
  if (success) return;
  if (isLate) {
    const advice = `It may take ${LIMIT / 1000} s; let it start a service`;
    throw new SystemError("wait4", ETIMEDOUT, { tried, advice });
  }
  const detail = signal === null
    ? `it exited with ${code}`
    : `it was ended by ${signal}`;
  throw new SystemError("wait4", ECANCELED, { tried, detail });
}
