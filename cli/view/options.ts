// Types of the option values of `netplumb view`.

import type { ArgumentValue } from "@cliffy/command";
import { ArgumentError } from "../../lib/errors.ts";

/** Characters of the shortest token: 64 bits in hexadecimal digits. */
const TOKEN_LENGTH = 16;

/** A token, or @ and the file that contains it. */
export function token(given: ArgumentValue): string {
  if (!given.value.startsWith("@")) checkToken(given.value, given.name);
  return given.value;
}

/** The token itself. */
export async function readToken(given: string): Promise<string> {
  if (!given.startsWith("@")) return given;
  const text = (await Deno.readTextFile(given.slice(1))).trim();
  checkToken(text, "token");
  return text;
}

function checkToken(text: string, name: string): void {
  if (text.length >= TOKEN_LENGTH) return;
  // The value itself stays out of the message.
  throw new ArgumentError(
    name,
    `${text.length} characters`,
    `a token of ${TOKEN_LENGTH} characters or more`,
  );
}

/** The mode of a file, in octal digits. */
export function socketMode({ name, value }: ArgumentValue): number {
  if (/^0?[0-7]{3}$/.test(value)) return parseInt(value, 8);
  throw new ArgumentError(name, value, "a mode in octal digits such as 0660");
}
