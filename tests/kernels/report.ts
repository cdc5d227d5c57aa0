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

/** Reads a file's results; undefined is a run that did not end. */
export function readResults(xml: string | undefined): Outcome {
  const date = new Date().toISOString().slice(0, 10);
  const ignored: string[] = [];
  const failed: string[] = xml === undefined ? ["it did not end"] : [];
  let passed = 0;
  const cases = xml?.matchAll(
    /<testcase name="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g,
  ) ?? [];
  for (const [, name, , inside = ""] of cases) {
    const title = unescape(name);
    if (inside.includes("<skipped")) ignored.push(title);
    else if (/<(failure|error)/.test(inside)) failed.push(title);
    else passed++;
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
