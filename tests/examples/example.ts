// The programs of examples/ as a reader would start them.

import { RunningScript } from "../support/command.ts";
import type { Netns } from "../support/netns.ts";

/** Starts an example; its lines as they come, its end when it comes. */
export function example(
  name: string,
  netns: Netns,
  ...args: string[]
): RunningScript {
  const { pathname } = new URL(`../../examples/${name}.ts`, import.meta.url);
  return new RunningScript({ script: pathname, netns }, ...args);
}
