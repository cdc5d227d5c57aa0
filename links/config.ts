// deno.json with the packages of JSR in the place of the local ones.

import config from "../deno.json" with { type: "json" };
import packages from "./packages.json" with { type: "json" };

/** The imports of deno.json that are local packages. */
const isLocal = (target: string) => target.startsWith("./links/");

/**
 * The configuration, beside deno.json because the paths in it are relative.
 *
 * @param more What else is different.
 */
export function realConfig(more: Readonly<Record<string, unknown>> = {}) {
  const others = Object.entries(config.imports)
    .filter(([, target]) => !isLocal(target));
  return {
    ...config,
    imports: { ...Object.fromEntries(others), ...packages.imports },
    lock: false,
    ...more,
  };
}

/** The version that a package's range begins with. */
export function versionOf(name: keyof typeof packages.imports): string {
  return packages.imports[name].replace(/^.*@[\^~]?/, "");
}
