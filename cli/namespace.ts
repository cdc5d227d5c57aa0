// Types of values that name a network namespace. Not in arguments.ts, because
// they load libc.

import type { ArgumentValue } from "@cliffy/command";
import { ArgumentError } from "../lib/errors.ts";
import { namespacePath } from "../lib/netns/namespace.ts";
import { namespaceNames } from "../lib/netns/named_namespace.ts";
import { word } from "./arguments.ts";

/** The name or path of a network namespace. */
export function namespace(given: ArgumentValue): string {
  namespacePath(word(given));
  return given.value;
}

/** The name of a network namespace, not a path. */
export function namespaceName(given: ArgumentValue): string {
  const name = namespace(given);
  if (!name.startsWith("/")) return name;
  throw new ArgumentError(given.name, name, "a name without a slash");
}

/** A namespace as in `ip`: a name, or a process id. */
export function namespaceOrProcess(text: string): string | number {
  return /^\d+$/.test(text) && !namespaceNames().includes(text)
    ? Number(text)
    : text;
}
