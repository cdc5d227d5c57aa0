// The configuration file of `ensure`: reads it and locates all problems.

import { ArgumentError } from "../../lib/errors.ts";
import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import {
  ConfigurationError,
  type Path,
  pathText,
  type Problem,
} from "../../lib/ensure/parse/error.ts";
import {
  expand,
  type Expansion,
  type Place,
} from "../../lib/ensure/parse/expand.ts";
import { parseExpanded } from "../../lib/ensure/parse/parse.ts";
import { Exit } from "../failure.ts";
import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";
import { suggest } from "../suggest.ts";
import { type Position, YamlDocument } from "./document.ts";
import { directoryOf, Inputs } from "./inputs.ts";

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

  /** @param inputs The files that were read. */
  constructor(
    file: string,
    readonly problems: readonly FileProblem[],
    readonly inputs: Inputs,
  ) {
    const count = problems.length === 1
      ? "1 error"
      : `${problems.length} errors`;
    super(`${file}: ${count}; no changes made`);
  }
}

/** Reads the text of a file. */
async function readText(file: string): Promise<string> {
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

function sentence(
  { message, unknown, known = [] }: Pick<
    Problem,
    "message" | "unknown" | "known"
  >,
): string {
  if (unknown === undefined || known.length === 0) return message;
  const meant = suggest(unknown, [...known]);
  if (meant !== undefined) return `${message}; did you mean ${meant}?`;
  return message.includes(known[0])
    ? message
    : `${message}; known are ${known.join(", ")}`;
}

/** A file of a configuration. */
interface SourceFile {
  /** Its name in messages. */
  readonly name: string;
  readonly lines: readonly string[];
  readonly document: YamlDocument;
}

/**
 * Reads the configuration in a file, with the files that it includes.
 *
 * @throws {FileError} With all its problems.
 * @throws {ArgumentError} If the file does not exist.
 */
export async function readConfiguration(file: string): Promise<DesiredNetwork> {
  const inputs = new Inputs();
  if (file === STDIN) {
    const text = await new Response(Deno.stdin.readable).text();
    return parseFile("standard input", text, inputs);
  }
  inputs.add(file);
  return parseFile(file, await readText(file), inputs);
}

/** What is known about a configuration that was read from files. */
interface ReadConfiguration {
  readonly files: readonly SourceFile[];
  readonly expansion: Expansion;
  readonly inputs: Inputs;
}

const read = new WeakMap<DesiredNetwork, ReadConfiguration>();

/** The position of a value of a configuration that was read from a file. */
export function positionOf(
  desired: DesiredNetwork,
  path: Path | undefined,
): { readonly line: number; readonly includedFile?: string } | undefined {
  const known = read.get(desired);
  if (path === undefined || known === undefined) return undefined;
  const { files, expansion } = known;
  const place = expansion.placeOf(path);
  const { document, name } = files[place.file]!;
  const { line } = document.position(place.path, false);
  const isIncluded = place.file < files.length - 1;
  return isIncluded ? { line, includedFile: name } : { line };
}

/** The value of the files that a configuration was read from, expanded. */
export function valueOf(desired: DesiredNetwork): unknown {
  return read.get(desired)?.expansion.value;
}

/** The files that a configuration was read from, or that has problems. */
export function inputsOf(of: DesiredNetwork | FileError): Inputs {
  return of instanceof FileError
    ? of.inputs
    : read.get(of)?.inputs ?? new Inputs();
}

/** Parses the text of a file. @throws {FileError} */
export function parseFile(
  file: string,
  text: string,
  inputs: Inputs = new Inputs(),
): DesiredNetwork {
  const problems: FileProblem[] = [];
  const files: SourceFile[] = [];
  readIncluded(file, text, inputs, files, problems);
  const fail = () => {
    const all = problems.toSorted((a, b) =>
      a.file === b.file ? a.line - b.line || a.column - b.column : 0
    );
    return new FileError(file, all, inputs);
  };
  if (problems.length > 0) throw fail();
  const expansion = expand(
    files.map(({ document }) => withoutInclude(document)),
  );
  const add = (
    place: Place,
    problem: Omit<Problem, "path" | "other">,
    path: Path,
    otherPlace?: Place,
  ) => {
    const { unknown } = problem;
    const one = files[place.file]!;
    const other = otherPlace && files[otherPlace.file]!;
    const line = otherPlace &&
      other?.document.position(otherPlace.path, false).line;
    const where = other === one ? `line ${line}` : `${other?.name}:${line}`;
    problems.push(fileProblem(
      one,
      one.document.position(place.path, unknown === place.path.at(-1)),
      [
        sentence(problem),
        ...other === undefined ? [] : [` (${where})`],
        ...place.loop === "" ? [] : [`; ${place.loop}`],
      ].join(""),
      pathText(path),
    ));
  };
  for (const { place, otherPlace, ...one } of expansion.problems) {
    add(place, one, place.path, otherPlace);
  }
  if (problems.length > 0) throw fail();
  try {
    const desired = parseExpanded(expansion.value);
    read.set(desired, { files, expansion, inputs });
    return desired;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const reported = new Set<string>();
    for (const { path, other, ...problem } of error.problems) {
      const place = expansion.placeOf(path);
      // Not again for each repetition.
      const key = JSON.stringify([place.file, place.path, problem.message]);
      if (place.loop !== "" && reported.has(key)) continue;
      reported.add(key);
      add(place, problem, path, other && expansion.placeOf(other));
    }
    throw fail();
  }
}

function fileProblem(
  { name, lines }: SourceFile,
  position: Position,
  message: string,
  path = "",
): FileProblem {
  return {
    file: name,
    ...position,
    ...(path ? { path } : {}),
    message,
    text: lines[position.line - 1] ?? "",
  };
}

function withoutInclude({ value }: YamlDocument): unknown {
  if (includesOf(value) === undefined) return value;
  const { include: _, ...rest } = value as { readonly include: unknown };
  return rest;
}

function includesOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "include" in value
    ? value.include
    : undefined;
}

/** Adds the files that a file includes, then the file; each once. */
function readIncluded(
  name: string,
  text: string,
  inputs: Inputs,
  files: SourceFile[],
  problems: FileProblem[],
): void {
  const document = new YamlDocument(text);
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const file = { name, lines, document };
  for (const { position, message } of document.problems) {
    problems.push(fileProblem(file, position, message));
  }
  const given = includesOf(document.value);
  const patterns = Array.isArray(given) ? given : given == null ? [] : [given];
  for (const [index, pattern] of patterns.entries()) {
    const path = Array.isArray(given) ? ["include", index] : ["include"];
    const fail = (message: string) => {
      const position = document.position(path, false);
      problems.push(fileProblem(file, position, message, pathText(path)));
    };
    if (typeof pattern !== "string" || pattern === "") {
      fail("this is not the name of a file");
      continue;
    }
    const full = pattern.startsWith("/") || directoryOf(name) === "."
      ? pattern
      : `${directoryOf(name)}/${pattern}`;
    const paths = inputs.match(full);
    if (paths.length === 0) fail(`no file matches ${full}`);
    for (const one of paths) {
      if (!inputs.add(one)) continue;
      let text;
      try {
        text = Deno.readTextFileSync(one);
      } catch (error) {
        fail(`${one}: ${error instanceof Error ? error.message : error}`);
        continue;
      }
      readIncluded(one, text, inputs, files, problems);
    }
  }
  files.push(file);
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
