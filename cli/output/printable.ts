// Escapes untrusted text (names, aliases, payloads) that could move the cursor,
// change colours or reverse the reading direction of a terminal.

// C0, DEL, C1, line and paragraph separators, direction marks and overrides.
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Fast path: text that needs no escapes. */
const PLAIN = /^[ -~]*$/;

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function hex(character: string, width: number): string {
  return character.charCodeAt(0).toString(16).padStart(width, "0");
}

/** Text on one line with control characters escaped. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (character) =>
    SHORT[character] ??
      (character < "\x80"
        ? `\\x${hex(character, 2)}`
        : `\\u${hex(character, 4)}`));
}

/** JSON with the control characters escaped that JSON.stringify() keeps. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(UNSAFE, (character) => `\\u${hex(character, 4)}`);
}
