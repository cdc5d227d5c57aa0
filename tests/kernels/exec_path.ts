// Preloaded into the tests: the commands that they start have to run as they do,
// by the program in NETPLUMB_TEST_DENO.

const program = Deno.env.get("NETPLUMB_TEST_DENO");
if (program !== undefined) {
  Object.defineProperty(Deno, "execPath", { value: () => program });
}
