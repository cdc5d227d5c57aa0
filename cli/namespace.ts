// The type for options that name a network namespace; apart from the others,
// because what judges it loads libc.

import type { ArgumentValue } from "@cliffy/command";
import { namespacePath } from "../lib/namespace.ts";
import { word } from "./arguments.ts";

/** A named network namespace, or the path of one. */
export function namespace(given: ArgumentValue): string {
  namespacePath(word(given));
  return given.value;
}
