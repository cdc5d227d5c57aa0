// User and group ids by name.

import { ArgumentError } from "../../lib/errors.ts";

const TABLES = { owner: "/etc/passwd", group: "/etc/group" } as const;

/** The id of a user or group, from its name or id. */
export function accountNumber(
  kind: keyof typeof TABLES,
  account: string | undefined,
): number | undefined {
  if (account === undefined) return undefined;
  if (/^\d+$/.test(account)) return Number(account);
  const table = Deno.readTextFileSync(TABLES[kind]);
  for (const line of table.split("\n")) {
    const [name, , number] = line.split(":");
    if (name === account) return Number(number);
  }
  throw new ArgumentError(
    `--${kind}`,
    account,
    `a number or a name in ${TABLES[kind]}`,
  );
}
