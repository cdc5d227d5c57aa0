// Programs in C that a test compiles and runs: the oracle for layouts and
// constants, and the plain peer for traffic.

/** A program, gone when disposed of. */
export interface CompiledProgram extends AsyncDisposable {
  readonly path: string;
}

/** Compiles one C source with gcc. */
export async function compileC(
  source: string,
  ...flags: string[]
): Promise<CompiledProgram> {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-c-" });
  const remove = () => Deno.remove(directory, { recursive: true });
  try {
    await Deno.writeTextFile(`${directory}/program.c`, source);
    const { success, stderr } = await new Deno.Command("gcc", {
      args: ["-D_GNU_SOURCE", "-O1", "-o", "program", "program.c", ...flags],
      cwd: directory,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: `${directory}/program`, [Symbol.asyncDispose]: remove };
}

/** Compiles and runs C source once, gives what it printed. */
export async function runC(
  name: string,
  source: string,
  args: string[] = [],
): Promise<string> {
  await using program = await compileC(source);
  const { success, stdout, stderr } = await new Deno.Command(program.path, {
    args,
  }).output();
  if (!success) {
    throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}
