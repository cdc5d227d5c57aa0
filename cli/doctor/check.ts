// What a check of `netplumb doctor` is and finds.

/**
 * - ok: nothing is limited
 * - limited: a part does not work
 * - missing: nothing of it works
 * - unknown: it cannot be found out from here
 */
export type Status = "ok" | "limited" | "missing" | "unknown";

export interface Finding {
  readonly status: Status;
  readonly found: string;
  /** What does not work for it. */
  readonly limits?: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The same for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Check {
  readonly topic: string;
  /** Without it nothing works: `doctor` exits 1 when it is missing. */
  readonly essential?: true;
  /** It calls into libc. */
  readonly needsFfi?: true;
  look(): Finding | Promise<Finding>;
}

/** The content of a file of /proc; undefined where this kernel has none. */
export function readProc(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
