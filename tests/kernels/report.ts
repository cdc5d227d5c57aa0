// What the tests said: read from the JUnit files that deno writes.

/** The outcome of a file of tests. */
export interface Outcome {
  /** When it was run. */
  readonly date: string;
  readonly passed: number;
  /** Names of tests that did not run, each saying why. */
  readonly ignored: readonly string[];
  readonly failed: readonly string[];
}

/**
 * Reads a file's results.
 *
 * @param xml Undefined if the run did not end.
 * @param expected Failures that count as ignored, with the reason of each.
 */
export function readResults(
  xml: string | undefined,
  expected: Readonly<Record<string, string>> = {},
): Outcome {
  const date = new Date().toISOString().slice(0, 10);
  const ignored: string[] = [];
  const failed: string[] = xml === undefined ? ["it did not end"] : [];
  let passed = 0;
  const cases = xml?.matchAll(
    /<testcase name="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g,
  ) ?? [];
  for (const [, name, , inside = ""] of cases) {
    const title = unescape(name);
    const reason = expected[title];
    if (inside.includes("<skipped")) ignored.push(title);
    else if (!/<(failure|error)/.test(inside)) passed++;
    else if (reason === undefined) failed.push(title);
    else ignored.push(`${title} (${reason})`);
  }
  return { date, passed, ignored, failed };
}

function unescape(text: string): string {
  const characters: Record<string, string> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    "#39": "'",
  };
  return text.replace(
    /&(#39|\w+);/g,
    (entity, name) => characters[name] ?? entity,
  );
}
