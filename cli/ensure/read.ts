// Reads a configuration file for a command.

import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { log } from "../log.ts";
import type { Output } from "../output/output.ts";
import { style, wantsColor } from "../output/style.ts";
import { FileError, problemText, readConfiguration } from "./file.ts";

/** Reads the file and prints all its problems. */
export async function readReported(
  path: string,
  output: Output,
): Promise<DesiredNetwork> {
  try {
    return await readConfiguration(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const colours = style(wantsColor(Deno.stderr));
    for (const problem of error.problems) {
      if (output.json) output.object({ event: "problem", ...problem });
      else log.error(problemText(problem, colours));
    }
    throw error;
  }
}
