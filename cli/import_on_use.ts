// Modules with npm packages that few command lines need. Deno downloads the
// packages of every module whose import it finds in the sources; it does not find
// these. The tasks that compile list them with --include.

/**
 * Imports a module, and downloads its packages if they are not cached.
 *
 * @param url `new URL()` of its path and `import.meta.url`.
 */
export function importOnUse<Module>(url: URL): Promise<Module> {
  return import(url.href);
}
