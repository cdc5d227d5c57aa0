// C programs that tests ask what is true, compiled on the spot with gcc.

export interface CompiledProgram extends AsyncDisposable {
  readonly path: string;
}

/** Compiles one C source into a program that is gone when disposed of. */
export async function compileC(
  source: string,
  ...options: string[]
): Promise<CompiledProgram> {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-c-" });
  const remove = () => Deno.remove(directory, { recursive: true });
  try {
    await Deno.writeTextFile(`${directory}/program.c`, source);
    const { success, stderr } = await new Deno.Command("gcc", {
      args: ["-O1", "-o", "program", "program.c", ...options],
      cwd: directory,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: `${directory}/program`, [Symbol.asyncDispose]: remove };
}
