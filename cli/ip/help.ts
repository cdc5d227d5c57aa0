// The usage of an object, from its commands and the library's options.

import type { IpObject } from "./object.ts";
import type { Session } from "./session.ts";
import type { Words } from "./words.ts";

/** The text of `ip OBJECT help`. */
export function helpOf(
  { words: usage, grammar, commands, help }: IpObject,
  session: Session,
  words: Words,
): string {
  const names = commands.map(([name]) => name).join(" | ");
  const own = help?.(words);
  if (own !== undefined) return own;
  const known = grammar?.(session);
  const lines = [`Usage: ${usage}`, `COMMAND := { ${names} }`];
  if (known === undefined) return lines.join("\n");
  const { options, aliases = {} } = known;
  const others = Map.groupBy(
    Object.entries(aliases),
    ([, option]) => option,
  );
  for (const [word, { alone, expected }] of Object.entries(options)) {
    const same = others.get(word)?.map(([alias]) => alias) ?? [];
    lines.push(
      `    ${[word, ...same].join(" | ")}${
        alone === undefined ? `: ${expected}` : ""
      }`,
    );
  }
  return lines.join("\n");
}
