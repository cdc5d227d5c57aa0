// Programs in C that a test compiles and runs: the oracle for layouts and
// constants, and the plain peer for traffic.

/** Compiles C source with gcc and gives the program's path in `directory`. */
export async function compile(
  directory: string,
  name: string,
  source: string,
  flags: string[] = [],
): Promise<string> {
  const file = `${directory}/${name}.c`;
  const program = `${directory}/${name}`;
  await Deno.writeTextFile(file, source);
  const { success, stderr } = await new Deno.Command("gcc", {
    args: ["-D_GNU_SOURCE", "-O1", "-Wall", ...flags, "-o", program, file],
  }).output();
  if (!success) {
    throw new Error(`gcc ${name}.c:\n${new TextDecoder().decode(stderr)}`);
  }
  return program;
}

/** Compiles and runs C source once, gives what it printed. */
export async function runC(
  name: string,
  source: string,
  args: string[] = [],
): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-c-" });
  try {
    const program = await compile(directory, name, source);
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
    }).output();
    if (!success) {
      throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
    }
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
