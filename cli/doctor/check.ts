// The types of a check of `netplumb doctor` and its finding.

/**
 * - ok: everything works
 * - limited: a part does not work
 * - missing: nothing works
 * - unknown: the check could not be run
 */
export type Status = "ok" | "limited" | "missing" | "unknown";

export interface Finding {
  readonly status: Status;
  readonly found: string;
  /** What does not work. */
  readonly limits?: string;
  /** How to fix it. */
  readonly advice?: string;
  /** The finding as JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Check {
  readonly topic: string;
  /** `doctor` exits with 1 if it is missing: nothing works without it. */
  readonly essential?: true;
  /** Whether it calls libc. */
  readonly needsFfi?: true;
  run(): Finding | Promise<Finding>;
}

/** The content of a file in /proc; undefined if the kernel does not have it. */
export function readProc(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
