// What the examples rely on in @std/cli, local or real.

import { parseArgs } from "@std/cli/parse-args";
import { assertEquals } from "@std/assert";

Deno.test("parseArgs: strings, flags, numbers and the rest", () => {
  assertEquals(
    parseArgs(["a", "--name", "b", "--on", "c", "--port=5", "7"], {
      string: ["name"],
      boolean: ["on", "off"],
    }) as unknown,
    { _: ["a", "c", 7], name: "b", on: true, off: false, port: 5 },
  );
});

Deno.test("parseArgs: the types of options are known to the compiler", () => {
  const args = parseArgs(["--name", "b", "--route", "x"], {
    string: ["name", "route"],
    boolean: ["on"],
    collect: ["route"],
  });
  const name: string | undefined = args.name;
  const on: boolean = args.on;
  const route: string[] = args.route;
  assertEquals([name, on, route], ["b", false, ["x"]]);
});

Deno.test("parseArgs: a declared string stays one", () => {
  assertEquals(
    parseArgs(["--port", "08"], { string: ["port"] }) as unknown,
    { _: [], port: "08" },
  );
});

Deno.test("parseArgs: defaults, aliases, collected and negated options", () => {
  assertEquals(
    parseArgs(["-p", "1", "--route", "a", "--route", "b", "--no-color"], {
      alias: { p: "port" },
      default: { timeout: 5 },
      string: ["route"],
      boolean: ["color"],
      collect: ["route"],
      negatable: ["color"],
    }) as unknown,
    {
      _: [],
      p: 1,
      port: 1,
      timeout: 5,
      route: ["a", "b"],
      color: false,
    },
  );
});

Deno.test("parseArgs: what follows -- is never an option", () => {
  assertEquals(
    parseArgs(["--a", "--", "--b"], { boolean: ["a"], "--": true }) as unknown,
    { _: [], a: true, "--": ["--b"] },
  );
  assertEquals(
    parseArgs(["--a", "--", "--b"], { boolean: ["a"] }) as unknown,
    { _: ["--b"], a: true },
  );
});

Deno.test("parseArgs: stopEarly leaves all after the first argument alone", () => {
  assertEquals(
    parseArgs(["--a", "x", "--b"], {
      boolean: ["a"],
      stopEarly: true,
    }) as unknown,
    { _: ["x", "--b"], a: true },
  );
});
