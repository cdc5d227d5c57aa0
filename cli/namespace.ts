// Types for values that name a network namespace; apart from the others,
// because what judges it loads libc.

import type { ArgumentValue } from "@cliffy/command";
import { ArgumentError } from "../lib/errors.ts";
import { namespacePath } from "../lib/netns/namespace.ts";
import { namespaceNames } from "../lib/netns/named_namespace.ts";
import { word } from "./arguments.ts";

/** A named network namespace, or the path of one. */
export function namespace(given: ArgumentValue): string {
  namespacePath(word(given));
  return given.value;
}

/** The name of a network namespace, never a path. */
export function namespaceName(given: ArgumentValue): string {
  const name = namespace(given);
  if (!name.startsWith("/")) return name;
  throw new ArgumentError(given.name, name, "a name without a slash");
}

/** What `ip` takes for a namespace: a name, or else the number of a process. */
export function namespaceOrProcess(text: string): string | number {
  return /^\d+$/.test(text) && !namespaceNames().includes(text)
    ? Number(text)
    : text;
}
