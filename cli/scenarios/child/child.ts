// Other processes that a scenario needs: this same program, started again with
// a part to play. They end with their standard input, so that none can outlive
// the scenario.

import { describeFailure, Exit } from "../../failure.ts";
import { log } from "../../log.ts";
import { CHILD, type Order } from "./messages.ts";
import type { Scene } from "../stage/scene.ts";

/** What a child does. */
export type Part =
  /** Has a thread blocked: such a thread can only be ended with its process. */
  | { readonly part: "block"; readonly order: Order }
  /** Makes and deletes links. */
  | { readonly part: "churn" };

/** Starts a child inside a network; stdin, stdout and the end are the caller's. */
export function spawnChild(part: Part, network: Scene): Deno.ChildProcess {
  const [program, ...args] = ownProgram();
  return network.enter(() =>
    new Deno.Command(program, {
      args: [...args, CHILD, JSON.stringify(part)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn()
  );
}

/** The words that start this program again. */
function ownProgram(): [string, ...string[]] {
  return Deno.build.standalone
    ? [Deno.execPath()]
    : [Deno.execPath(), "run", "-A", import.meta.resolve("../../main.ts")];
}

/** What the child does, to the end of its standard input. */
export async function playPart(words: readonly string[]): Promise<never> {
  const part = JSON.parse(words[1]) as Part;
  // Ctrl-C in a terminal reaches it too; the scenario decides when it ends.
  Deno.addSignalListener("SIGINT", () => {});
  try {
    if (part.part === "block") {
      await (await import("./block.ts")).block(part.order);
    } else {
      await (await import("./churn.ts")).churn();
    }
  } catch (error) {
    const { code, sentence } = describeFailure(error);
    log.error(sentence);
    Deno.exit(code);
  }
  // A blocked thread never comes back; this ends it too.
  Deno.exit(Exit.done);
}
