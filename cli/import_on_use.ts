// Modules with npm packages that few command lines need. Deno downloads the
// packages of every module whose import it finds in the sources; it does not find
// these. The tasks that compile list them with --include.

/** The beginning of the message of the TypeError that import() throws. */
const NOT_PERMITTED = /^Requires \w+ access/;

/**
 * Imports a module, and downloads its packages if they are not cached.
 *
 * @param url `new URL()` of its path and `import.meta.url`.
 * @throws {Deno.errors.NotCapable} Without permission to read it.
 */
export async function importOnUse<Module>(url: URL): Promise<Module> {
  try {
    return await import(url.href);
  } catch (error) {
    if (!(error instanceof TypeError && NOT_PERMITTED.test(error.message))) {
      throw error;
    }
    throw new Deno.errors.NotCapable(error.message, { cause: error });
  }
}
