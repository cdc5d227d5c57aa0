// Which tests ask the kernel, so that another kernel may answer differently.

import { run } from "../support/netns.ts";

/** Folders and files of tests that do not depend on the kernel. */
const OURSELVES = [
  "tests/docs/",
  "tests/fuzz/",
  "tests/links/",
  "tests/package/",
  "tests/lib/packet/",
];

/** The test files below the paths given, or all that ask the kernel. */
export async function testFiles(
  checkout: string,
  paths: readonly string[],
): Promise<string[]> {
  const files = (await run("git", [
    "-C",
    checkout,
    "ls-files",
    "-co",
    "--exclude-standard",
    "--",
    "tests/*_test.ts",
  ])).trim().split("\n");
  return paths.length > 0
    ? files.filter((file) => paths.some((path) => file.startsWith(path)))
    : files.filter((file) => !OURSELVES.some((path) => file.startsWith(path)));
}
