// Patterns of names: `*` stands for any text, `?` for a character.

/** A pattern as a regular expression for the complete name. */
export function namePattern(pattern: string): RegExp {
  const parts = pattern.split(/([*?])/).map((part) =>
    part === "*" ? ".*" : part === "?" ? "." : RegExp.escape(part)
  );
  return new RegExp(`^${parts.join("")}$`, "su");
}
