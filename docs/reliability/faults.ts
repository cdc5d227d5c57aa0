// Tables of fault injection in docs/reliability.md, which tests check.

import { faultCases, operations } from "../../tests/faults/mod.ts";
import {
  ERRORS,
  OUTCOMES,
  type Outcomes,
} from "../../tests/faults/operation.ts";

function phrase(outcome: Outcomes): string {
  if (typeof outcome === "string") return outcome;
  const { others, ...named } = outcome;
  const errors = new Map<string, string[]>();
  for (const [error, name] of Object.entries(named)) {
    errors.set(name, [...errors.get(name) ?? [], error]);
  }
  const parts = [...errors].map(([name, codes]) =>
    `${codes.join(", ")}: ${name}`
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

/** The outcomes, the operations and the other faults. */
export function faultTables(): string {
  const outcomes = Object.entries(OUTCOMES)
    .map(([name, meaning]) => `- **${name}**: ${meaning}`);
  const rows = operations.flatMap(({ name, outcomes }) =>
    Object.entries(outcomes).map(([calls, outcome], index) =>
      `| ${index === 0 ? `\`${name}\`` : ""} | ${callNames(calls)} | ${
        phrase(outcome)
      } |`
    )
  );
  const others = faultCases.map(({ operation, fault, outcome }) =>
    `| ${operation} | ${fault} | ${outcome} |`
  );
  return `Tests can replace functions of \`ffi/libc.ts\` with failing ones. Each system call
of an operation fails in turn with ${ERRORS.slice(0, -1).join(", ")} and ${
    ERRORS.at(-1)
  },
once. \`tests/faults/\` checks that the operation has the outcome in this table, that
it makes no call that is not in the table, and that it leaves no descriptor open.

${outcomes.join("\n")}

| operation | failing call | outcome |
| --- | --- | --- |
${rows.join("\n")}

Other faults:

| operation | fault | outcome |
| --- | --- | --- |
${others.join("\n")}`;
}
