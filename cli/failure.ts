// Maps errors to an exit code and one sentence.

import { ValidationError } from "@cliffy/command";
import { SystemError } from "../ffi/errno.ts";
import { ArgumentError } from "../lib/errors.ts";
import { MistypedOption } from "./arguments.ts";
import { withoutIproute2Words } from "./iproute2_hint.ts";
import { suggest } from "./suggest.ts";

/** The exit codes. */
export const Exit = {
  done: 0,
  /** The kernel or a peer rejected a request, or a check failed. */
  refused: 1,
  usage: 2,
  /** The result may be inconsistent. */
  inconsistent: 3,
  /** The network differs from the configuration. */
  differs: 4,
  notPermitted: 77,
} as const;

export interface Failure {
  readonly code: number;
  readonly sentence: string;
}

/**
 * The exit code and the message of an error.
 *
 * @param words The command line, for suggestions.
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

/** The fields of an error that programs compare. */
const FIELDS = ["code", "errno", "syscall", "tried", "advice", "capability"];

/** A failure as JSON: the exit code, the sentence and the fields of the error. */
export function failureObject(thrown: unknown, { code, sentence }: Failure) {
  const error = cause(thrown);
  const fields = error instanceof Error && !(error instanceof ValidationError)
    ? Object.entries(error).filter(([key, value]) =>
      FIELDS.includes(key) && value !== undefined
    )
    : [];
  return {
    event: "error",
    exitCode: code,
    message: sentence,
    ...Object.fromEntries(fields),
  };
}

// A failing `await using` wraps the error that was thrown before it.
function cause(thrown: unknown): unknown {
  // A Deno that is too old, which is one of the errors, does not have the class.
  return typeof SuppressedError !== "undefined" &&
      thrown instanceof SuppressedError
    ? cause(thrown.suppressed)
    : thrown;
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
  // EACCES of netlink is about the object (disabled IPv6), not about permissions.
  // Compared by name, because --help does not load netlink.
  if (error instanceof SystemError && error.name === "NetlinkError") {
    return error.capability !== undefined;
  }
  return error instanceof SystemError
    ? error.capability !== undefined || error.code === "EPERM" ||
      error.code === "EACCES"
    : error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
}

/** Errors about words that the command does not take. */
const SURPLUS =
  /^(Too many arguments|No arguments allowed|Unknown command|words: )/;

function sentenceOf(error: Error, words: readonly string[]): string {
  const meant = SURPLUS.test(error.message)
    ? withoutIproute2Words(words)
    : undefined;
  if (meant === undefined) return plainSentence(error, words);
  const sentence = plainSentence(error, words)
    .replace(/\.?( Did you mean.*)?$/, "");
  return `${sentence}. Did you mean "netplumb ${meant}"?`;
}

function plainSentence(error: Error, words: readonly string[]): string {
  if (error instanceof ValidationError) {
    const mistyped = mistypedOption(error, words) ?? unknownWord(error);
    if (mistyped !== undefined) return mistyped;
  }
  const sentence = error.message || error.name;
  const capability = error instanceof SystemError
    ? error.capability
    : undefined;
  return capability && !sentence.includes(capability)
    ? `${sentence}. ${capability} is needed`
    : sentence;
}

/** The message for an unknown option or command, with a suggestion. */
function unknownWord({ message, cmd }: ValidationError): string | undefined {
  const [, kind, typed] = /^Unknown (option|command) "(.+?)"\./.exec(message) ??
    [];
  if (typed === undefined) return undefined;
  const known = kind === "command"
    ? cmd?.getCommands().map((one) => one.getName())
    : cmd?.getOptions().flatMap(({ flags }) => flags);
  const meant = known && suggest(typed, known);
  return `Unknown ${kind} "${typed}".${
    meant ? ` Did you mean ${kind} "${meant}"?` : ""
  }`;
}

/** The message for an unknown option that was parsed as an argument. */
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
