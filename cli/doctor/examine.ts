// Runs checks; an error of one does not stop the others.

import type { Check, Finding } from "./check.ts";

/** A check and its finding. */
export interface Examined extends Finding {
  readonly topic: string;
}

/** Runs a check; an error becomes its finding. */
export async function examine(check: Check): Promise<Examined> {
  const { topic } = check;
  if (check.needsFfi && !ffiAllowed()) {
    return {
      topic,
      status: "unknown",
      found: "not checked without FFI",
      advice: "Run with -A or --allow-ffi",
    };
  }
  try {
    return { topic, ...await check.run() };
  } catch (error) {
    return { topic, status: "unknown", found: (error as Error).message };
  }
}

function ffiAllowed(): boolean {
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}
