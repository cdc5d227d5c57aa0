// Names, aliases and payloads come from others: shown to a person they must
// not move the cursor, change colours or reverse the reading direction.

// C0, DEL, C1, line and paragraph separators, direction marks and overrides.
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Most of what is shown: to see that takes less than to replace nothing. */
const PLAIN = /^[ -~]*$/;

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function hex(character: string, width: number): string {
  return character.charCodeAt(0).toString(16).padStart(width, "0");
}

/** Text on one line with everything a terminal would obey written out. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (character) =>
    SHORT[character] ??
      (character < "\x80"
        ? `\\x${hex(character, 2)}`
        : `\\u${hex(character, 4)}`));
}

/** JSON of the same value, safe to show: JSON.stringify leaves some raw. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(UNSAFE, (character) => `\\u${hex(character, 4)}`);
}
