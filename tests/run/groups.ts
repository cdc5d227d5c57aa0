// The files of tests in groups, each for one process.

/** Files for one process. */
export interface Group {
  readonly name: string;
  /** Arguments of `deno test`. */
  readonly args: readonly string[];
}

/** Groups of files. */
export interface Groups {
  /** Those that may run beside others. */
  readonly beside: Group[];
  /** Those that measure time. */
  readonly alone: Group[];
}

/** Tests that measure time: files and directories. */
const ALONE = [
  "tests/examples/udp_tunnel_test.ts",
  "tests/lib/io/fairness_test.ts",
  "tests/lib/io/handle_test.ts",
  "tests/lib/io/many_receives_test.ts",
  "tests/lib/io/many_sockets_test.ts",
  "tests/lib/io/workers_test.ts",
  "tests/lib/udp/collection_test.ts",
  "tests/lib/udp/receive_test.ts",
  "tests/lib/udp/starvation_test.ts",
  "tests/lib/udp/workers_test.ts",
  "tests/scale",
  "tests/soak",
];
const FLAGS = [
  ...["-A", "--no-check", "--lock=tests/deno.lock"],
  ...["--trace-leaks", "--sanitize-ops", "--sanitize-resources"],
];
/** Files of a process: a few, so that the last process ends soon. */
const FILES = 6;

/**
 * The groups of all files, or of those below some paths.
 *
 * @param root The repository.
 * @param paths Files and directories, relative to the repository.
 */
export function fileGroups(root: string, paths: readonly string[]): Groups {
  const beside = new Map<string, string[]>();
  const alone = new Map<string, string[]>();
  for (const path of testFiles(root, "tests")) {
    if (paths.length > 0 && !paths.some((one) => isBelow(path, one))) continue;
    const groups = ALONE.some((one) => isBelow(path, one)) ? alone : beside;
    const directory = path.slice(0, path.lastIndexOf("/"));
    const files = groups.get(directory);
    if (files === undefined) groups.set(directory, [path]);
    else files.push(path);
  }
  return {
    beside: [...beside].flatMap((
      [directory, files],
    ) => [...parts(directory, files)]),
    alone: [...alone].map(([name, files]) => group(name, files)),
  };
}

function* parts(directory: string, files: readonly string[]): Generator<Group> {
  if (files.length <= FILES) return yield group(directory, files);
  for (let at = 0; at < files.length; at += FILES) {
    const name = `${directory} ${at / FILES + 1}`;
    yield group(name, files.slice(at, at + FILES));
  }
}

function group(name: string, files: readonly string[]): Group {
  return { name, args: [...FLAGS, ...files] };
}

function isBelow(path: string, directory: string): boolean {
  const prefix = directory.replace(/^\.\/|\/+$/g, "");
  return path === prefix || path.startsWith(`${prefix}/`);
}

function* testFiles(root: string, directory: string): Generator<string> {
  const entries = [...Deno.readDirSync(`${root}${directory}`)];
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* testFiles(root, path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}
