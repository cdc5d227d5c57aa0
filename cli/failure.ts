// Every error of a run becomes one sentence and an exit code here.

import { ValidationError } from "@cliffy/command";
import { SystemError } from "../ffi/errno.ts";
import { ArgumentError } from "../lib/errors.ts";
import { MistypedOption } from "./arguments.ts";
import { suggest } from "./suggest.ts";

/** What the exit codes of the command mean. */
export const Exit = {
  done: 0,
  /** The kernel or a peer refused, or a check did not hold. */
  refused: 1,
  usage: 2,
  /** The result is known to be inconsistent. */
  inconsistent: 3,
  notPermitted: 77,
} as const;

export interface Failure {
  readonly code: number;
  readonly sentence: string;
}

/**
 * How a run that ended in this error exits, and what it says.
 *
 * @param words The command line, for what was mistyped on it.
 */
export function describeFailure(
  thrown: unknown,
  words: readonly string[] = [],
): Failure {
  const error = cause(thrown);
  if (!(error instanceof Error)) {
    return { code: Exit.refused, sentence: String(error) };
  }
  return { code: codeOf(error), sentence: sentenceOf(error, words) };
}

// An `await using` that fails while another error is on its way hides that one.
function cause(thrown: unknown): unknown {
  return thrown instanceof SuppressedError ? cause(thrown.suppressed) : thrown;
}

function codeOf(error: Error): number {
  if (error instanceof ArgumentError) return Exit.usage;
  if (error instanceof ValidationError) return error.exitCode;
  if (isNotPermitted(error)) return Exit.notPermitted;
  if ("exitCode" in error && typeof error.exitCode === "number") {
    return error.exitCode;
  }
  return Exit.refused;
}

function isNotPermitted(error: Error): boolean {
  // EACCES is about the object there (IPv6 that is off), not about who asks. By
  // its name, since --help is to load nothing of netlink.
  if (error instanceof SystemError && error.name === "NetlinkError") {
    return error.capability !== undefined;
  }
  return error instanceof SystemError
    ? error.capability !== undefined || error.code === "EPERM" ||
      error.code === "EACCES"
    : error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
}

function sentenceOf(error: Error, words: readonly string[]): string {
  if (error instanceof ValidationError) {
    const mistyped = mistypedOption(error, words);
    if (mistyped !== undefined) return mistyped;
  }
  const sentence = error.message || error.name;
  const capability = error instanceof SystemError
    ? error.capability
    : undefined;
  return capability && !sentence.includes(capability)
    ? `${sentence}. It takes ${capability}`
    : sentence;
}

/** What to say where an option that nobody knows was taken for an argument. */
function mistypedOption(
  error: ValidationError,
  words: readonly string[],
): string | undefined {
  const flags = error.cmd?.getOptions().flatMap(({ flags }) => flags) ?? [];
  const typed = error.cause instanceof MistypedOption
    ? error.cause.typed
    : error.message.startsWith("Too many arguments")
    ? words.map((word) => word.split("=")[0]).find((word) =>
      /^--?[a-z]/.test(word) && !flags.includes(word)
    )
    : undefined;
  if (typed === undefined) return undefined;
  const meant = suggest(typed, flags);
  return `Unknown option "${typed}".${
    meant ? ` Did you mean option "${meant}"?` : ""
  }`;
}
