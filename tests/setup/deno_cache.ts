// What the command loads from the npm registry, in Deno's cache.

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/**
 * Downloads what is not cached yet, with the program `deno`; false where that
 * fails.
 *
 * Tests start the command in namespaces that have no route to the registry, and
 * compare what it prints on stderr. Deno prints each download there, and with a
 * lock file it does not wait for the descriptions of packages, so that they are
 * never cached: `--no-lock` makes it wait.
 */
export async function fillDenoCache(
  deno: string = Deno.execPath(),
): Promise<boolean> {
  // Deno 2.9 exits with 0 where a download fails: only a run that downloads
  // nothing shows that all is there.
  return await isCached(deno) || await isCached(deno);
}

async function isCached(deno: string): Promise<boolean> {
  const { success, stderr } = await new Deno.Command(deno, {
    args: ["cache", "--no-lock", MAIN],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return success && !/^Download /m.test(new TextDecoder().decode(stderr));
}
