// Runs the command lines of standard input, one a line, in one process; on
// stderr, the exit code follows what each line printed there.

import { netplumb } from "../../cli/main.ts";
import { run } from "../../cli/run.ts";

const lines = (await new Response(Deno.stdin.readable).text()).trim();
for (const line of lines.split("\n")) {
  const words = line.trim().split(" ");
  Deno.exitCode = 0;
  await run(netplumb(words), words);
  console.error(`exit ${Deno.exitCode}`);
}
Deno.exitCode = 0;
