// The part of docs/reliability.md on faults, from what the tests are held to.

import { mishaps, operations } from "../../tests/faults/mod.ts";
import {
  ERRORS,
  OUTCOMES,
  type Outcomes,
} from "../../tests/faults/operation.ts";

function phrase(outcome: Outcomes): string {
  if (typeof outcome === "string") return outcome;
  const { others, ...named } = outcome;
  const words = new Map<string, string[]>();
  for (const [error, word] of Object.entries(named)) {
    words.set(word, [...words.get(word) ?? [], error]);
  }
  const parts = [...words].map(([word, errors]) =>
    `${errors.join(", ")}: ${word}`
  );
  return [...parts, `others: ${others}`].join("; ");
}

const ordinal = (nth: string) =>
  nth === "2" ? "second" : nth === "3" ? "third" : `${nth}th`;

function callNames(calls: string): string {
  return calls.split(", ")
    .map((call) => {
      const [, name, nth] = /^(.*?)(?: (\d+))?$/.exec(call)!;
      return nth === undefined ? name : `the ${ordinal(nth)} ${name}`;
    })
    .join(", ");
}

/** The words, the operations and the mishaps. */
export function faultTables(): string {
  const words = Object.entries(OUTCOMES)
    .map(([word, meaning]) => `- **${word}**: ${meaning}`);
  const rows = operations.flatMap(({ name, outcomes }) =>
    Object.entries(outcomes).map(([calls, outcome], index) =>
      `| ${index === 0 ? `\`${name}\`` : ""} | ${callNames(calls)} | ${
        phrase(outcome)
      } |`
    )
  );
  const others = mishaps.map(({ operation, fault, outcome }) =>
    `| ${operation} | ${fault} | ${outcome} |`
  );
  return `Between \`ffi/libc.ts\` and the kernel tests can put functions that fail. Each call
that an operation makes fails in turn with ${ERRORS.slice(0, -1).join(", ")} and
${
    ERRORS.at(-1)
  }, once; \`tests/faults/\` holds the operations to what this table states, fails
where an operation makes a call that is not in it, and counts the descriptors
afterwards.

${words.join("\n")}

| operation | when this fails | what comes of it |
| --- | --- | --- |
${rows.join("\n")}

What goes wrong otherwise:

| operation | what goes wrong | what comes of it |
| --- | --- | --- |
${others.join("\n")}`;
}
