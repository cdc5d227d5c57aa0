// Which tests run on a kernel.

import { run } from "../support/netns.ts";
import type { Kernel } from "./kernels.ts";

/** The test files below the paths given, or all that are for this kernel. */
export async function testFiles(
  checkout: string,
  { tests, without }: Kernel,
  paths: readonly string[],
): Promise<string[]> {
  const listed = await run("git", [
    ...["-C", checkout, "ls-files", "-co", "--exclude-standard"],
    ...["--", "tests/*_test.ts"],
  ]);
  const below = (paths: readonly string[]) => (file: string) =>
    paths.some((path) => file.startsWith(path));
  const files = listed.trim().split("\n");
  if (paths.length > 0) return files.filter(below(paths));
  const left = below(Object.keys(without));
  return files.filter(below(tests)).filter((file) => !left(file));
}
