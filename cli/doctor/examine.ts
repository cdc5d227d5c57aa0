// Runs checks so that none can keep the next from being run.

import type { Check, Finding } from "./check.ts";

/** A check and what it found. */
export interface Examined extends Finding {
  readonly topic: string;
}

/** Runs one check; what it throws is what it found. */
export async function examine(check: Check): Promise<Examined> {
  const { topic } = check;
  if (check.needsFfi && !ffiAllowed()) {
    return {
      topic,
      status: "unknown",
      found: "cannot be looked at without FFI",
      advice: "Run with -A or --allow-ffi",
    };
  }
  try {
    return { topic, ...await check.look() };
  } catch (error) {
    return { topic, status: "unknown", found: (error as Error).message };
  }
}

function ffiAllowed(): boolean {
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}
