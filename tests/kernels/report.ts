// What the tests said: read from the JUnit files that deno writes.

/** The outcome of some tests. */
export interface Outcome {
  passed: number;
  /** Names of tests that did not run, each saying why. */
  readonly ignored: string[];
  readonly failed: string[];
}

/** Reads one file's results; undefined is a run that did not end. */
export function readResults(
  file: string,
  xml: string | undefined,
  outcome: Outcome,
): void {
  if (xml === undefined) {
    outcome.failed.push(`${file}: did not end`);
    return;
  }
  const cases = xml.matchAll(
    /<testcase name="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g,
  );
  for (const [, name, , inside = ""] of cases) {
    if (inside.includes("<skipped")) outcome.ignored.push(unescape(name));
    else if (/<(failure|error)/.test(inside)) {
      outcome.failed.push(`${file}: ${unescape(name)}`);
    } else outcome.passed++;
  }
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
