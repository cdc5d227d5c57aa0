// The file that `ensure` is given: read, and all that is wrong with it shown
// where it stands.

import { ArgumentError } from "../../lib/errors.ts";
import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { parseDescription } from "../../lib/ensure/parse/parse.ts";
import {
  DescriptionError,
  pathText,
  type Problem,
} from "../../lib/ensure/parse/problem.ts";
import { Exit } from "../failure.ts";
import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { suggest } from "../suggest.ts";
import { type Place, YamlDocument } from "./document.ts";

/** Standard input, by the name it goes by. */
export const STDIN = "-";

/** Something wrong in the file, and where. */
export interface FileProblem extends Place {
  readonly file: string;
  /** Of what is described, where that is known. */
  readonly path?: string;
  readonly message: string;
  /** The line itself. */
  readonly text: string;
}

/** A file that cannot be what it should be. */
export class FileError extends Error {
  readonly exitCode = Exit.usage;

  constructor(file: string, readonly problems: readonly FileProblem[]) {
    const count = problems.length === 1
      ? "a problem"
      : `${problems.length} problems`;
    super(`${file}: ${count}, and nothing was done`);
  }
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
    // The kernel's EISDIR has no class of its own.
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
 * Reads what a file describes.
 *
 * @throws {FileError} With all that is wrong in it.
 * @throws {ArgumentError} If there is no such file.
 */
export async function readDescription(file: string): Promise<DesiredNetwork> {
  const text = await readText(file);
  return parseFile(file === STDIN ? "standard input" : file, text);
}

/** Reads a description out of a text. @throws {FileError} */
export function parseFile(file: string, text: string): DesiredNetwork {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const document = new YamlDocument(text);
  const problem = (
    place: Place,
    message: string,
    path?: string,
  ): FileProblem => ({
    file,
    ...place,
    ...(path ? { path } : {}),
    message,
    text: lines[place.line - 1] ?? "",
  });
  if (document.faults.length > 0) {
    throw new FileError(
      file,
      document.faults.map(({ place, message }) => problem(place, message)),
    );
  }
  try {
    return parseDescription(document.value);
  } catch (error) {
    if (!(error instanceof DescriptionError)) throw error;
    const problems = error.problems.map((one) =>
      problem(
        document.place(one.path, one.unknown === one.path.at(-1)),
        sentence(one),
        pathText(one.path),
      )
    ).toSorted((a, b) => a.line - b.line || a.column - b.column);
    throw new FileError(file, problems);
  }
}

/** A problem for people: where, what, and the line it is in. */
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
