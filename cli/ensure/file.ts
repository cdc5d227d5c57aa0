// The configuration file of `ensure`: reads it and locates all problems.

import { ArgumentError } from "../../lib/errors.ts";
import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import {
  ConfigurationError,
  type Path,
  pathText,
  type Problem,
} from "../../lib/ensure/parse/error.ts";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import { Exit } from "../failure.ts";
import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { suggest } from "../suggest.ts";
import { type Position, YamlDocument } from "./document.ts";

/** The name of standard input. */
export const STDIN = "-";

/** A problem with its position in the file. */
export interface FileProblem extends Position {
  readonly file: string;
  /** The path of the value, if known. */
  readonly path?: string;
  readonly message: string;
  /** The line of the file. */
  readonly text: string;
}

/** A file with problems. */
export class FileError extends Error {
  readonly exitCode = Exit.usage;

  constructor(file: string, readonly problems: readonly FileProblem[]) {
    const count = problems.length === 1
      ? "1 error"
      : `${problems.length} errors`;
    super(`${file}: ${count}; no changes made`);
  }
}

/** The directory of a file. */
export function directoryOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.lastIndexOf("/")) || "/" : ".";
}

/** Reads the text of a file, or of standard input. */
async function readText(file: string): Promise<string> {
  if (file === STDIN) return await new Response(Deno.stdin.readable).text();
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) throw new ArgumentError("FILE", file, "a file that is there");
    // EISDIR does not have its own class in Deno.
    if (error instanceof Error && /is a directory/i.test(error.message)) {
      throw new ArgumentError("FILE", file, "a file, but a directory");
    }
    throw error;
  }
}

function sentence({ message, unknown, known = [] }: Problem): string {
  if (unknown === undefined || known.length === 0) return message;
  const meant = suggest(unknown, [...known]);
  if (meant !== undefined) return `${message}; did you mean ${meant}?`;
  return message.includes(known[0])
    ? message
    : `${message}; known are ${known.join(", ")}`;
}

/**
 * Reads the configuration in a file.
 *
 * @throws {FileError} With all its problems.
 * @throws {ArgumentError} If the file does not exist.
 */
export async function readConfiguration(file: string): Promise<DesiredNetwork> {
  const text = await readText(file);
  return parseFile(file === STDIN ? "standard input" : file, text);
}

const documents = new WeakMap<DesiredNetwork, YamlDocument>();

/** The line of a value of a configuration that was read from a file. */
export function lineOf(
  desired: DesiredNetwork,
  path: Path | undefined,
): number | undefined {
  if (path === undefined) return undefined;
  return documents.get(desired)?.position(path, false).line;
}

/** The value in the file that a configuration was read from. */
export function valueOf(desired: DesiredNetwork): unknown {
  return documents.get(desired)?.value;
}

/** Parses the text of a file. @throws {FileError} */
export function parseFile(file: string, text: string): DesiredNetwork {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const document = new YamlDocument(text);
  const problem = (
    position: Position,
    message: string,
    path?: string,
  ): FileProblem => ({
    file,
    ...position,
    ...(path ? { path } : {}),
    message,
    text: lines[position.line - 1] ?? "",
  });
  if (document.problems.length > 0) {
    throw new FileError(
      file,
      document.problems.map(({ position, message }) =>
        problem(position, message)
      ),
    );
  }
  try {
    const desired = parseConfiguration(document.value);
    documents.set(desired, document);
    return desired;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const problems = error.problems.map((one) =>
      problem(
        document.position(one.path, one.unknown === one.path.at(-1)),
        sentence(one),
        pathText(one.path),
      )
    ).toSorted((a, b) => a.line - b.line || a.column - b.column);
    throw new FileError(file, problems);
  }
}

/** A problem as text: position, message and line. */
export function problemText(problem: FileProblem, style: Style): string {
  const { file, line, column, path, message, text } = problem;
  const number = String(line);
  const shown = printable(text.replaceAll("\t", " "));
  const where = style.bold(`${printable(file)}:${line}:${column}:`);
  const what = path === undefined ? "" : `${printable(path)}: `;
  return [
    `${where} ${what}${printable(message)}`,
    `  ${style.dim(`${number} |`)} ${shown}`,
    `  ${" ".repeat(number.length)} ${style.dim("|")} ${
      " ".repeat(column - 1)
    }${style.red("^")}`,
  ].join("\n");
}
