// The command as a user runs it: a process of its own.

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/** Arguments with which Deno runs the command, or another script like it. */
export function denoRun(script: string = MAIN): string[] {
  // Set by links/upstream.ts: the same tests on the real packages.
  const config = Deno.env.get("NETPLUMB_TEST_CONFIG");
  return ["run", "-A", ...config ? ["--config", config] : [], script];
}
