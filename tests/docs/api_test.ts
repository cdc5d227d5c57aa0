// The docstrings of everything that mod.ts exports. `deno test --doc` runs their
// examples.

import { assert, assertEquals } from "@std/assert";
import { apiList, type DocSymbol, exported } from "../../docs/api.ts";

/** Names without a kernel interface, standard or program behind them. */
const OWN = new Set([
  "ArgumentError",
  "ClosedError",
  "ConfigurationError",
  "TimeoutError",
  "pathText",
]);

/** A standard, a man page, a kernel header or file, a program. */
const SOURCE =
  /\b(?:RFC \d+|IEEE 802|IANA|virtio \d|json-schema\.org|draft-[\w-]+|[\w-]+\([1-8]\)|\w+(?:\/\w+)*\.[ch]\b|Documentation\/|tcpdump|ip -j)/;

const symbols = await exported();

/** Every declaration for which `fault` returns an error. */
function faults(
  kinds: readonly string[],
  fault: (
    declaration: DocSymbol["declarations"][number],
    name: string,
  ) => string | undefined,
): string[] {
  return symbols.flatMap(({ name, declarations }) =>
    declarations.filter(({ kind }) => kinds.includes(kind)).flatMap((one) => {
      const found = fault(one, name);
      const { filename, line } = one.location;
      return found === undefined ? [] : `${name}: ${found} ${filename}:${line}`;
    })
  );
}

const VALUES = ["function", "class", "variable", "enum"];

Deno.test("every export has a purpose", () => {
  const kinds = [...VALUES, "interface", "typeAlias"];
  assertEquals(
    faults(kinds, ({ jsDoc }) => jsDoc?.doc?.trim() ? undefined : "no purpose"),
    [],
  );
});

Deno.test("every function, class and constant has an example that runs", () => {
  const found = faults(VALUES, ({ jsDoc }) => {
    const examples = jsDoc?.tags?.filter(({ kind }) => kind === "example") ??
      [];
    if (examples.length === 0) return "no @example";
    return examples.every(({ doc }) =>
        /^```ts$[^]* from "@netplumb\/netplumb";$/m.test(doc ?? "")
      )
      ? undefined
      : "an @example that does not run";
  });
  assertEquals(found, []);
});

Deno.test("every function and class names its source", () => {
  const found = faults(["function", "class"], ({ jsDoc }, name) => {
    const text = [jsDoc?.doc, ...jsDoc?.tags?.map(({ doc }) => doc) ?? []];
    return OWN.has(name) || SOURCE.test(text.join("\n"))
      ? undefined
      : "no source";
  });
  assertEquals(found, []);
});

Deno.test("every parameter of a function is documented", () => {
  const found = faults(["function"], ({ jsDoc, def }) => {
    const documented = new Map(
      jsDoc?.tags?.map(({ kind, name, doc }) => [`${kind} ${name}`, doc]),
    );
    const missing = def?.params?.map(({ name }) => name).filter((name) =>
      name !== undefined && !documented.get(`param ${name}`)
    );
    return missing?.length ? `no @param ${missing.join(", ")}` : undefined;
  });
  assertEquals(found, []);
});

Deno.test("docs/api.md is current", async () => {
  assertEquals(
    await Deno.readTextFile(new URL("../../docs/api.md", import.meta.url)),
    await apiList(symbols),
    "run `deno task api`",
  );
});

Deno.test("the list of `deno task api` has every export and its file", async () => {
  const list = await apiList(symbols);
  for (const { name, declarations: [{ location }] } of symbols) {
    const file = location.filename.replace(/^.*\/(?=(?:lib|ffi)\/)/, "../");
    assert(
      list.includes(`| [\`${name}\`](${file})`) ||
        list.includes(`| [\`${name}()\`](${file})`),
      `${name} of ${file}`,
    );
  }
});
