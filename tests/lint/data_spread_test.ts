// The lint rule against lists spread into arguments.

import { assertEquals } from "@std/assert";
import plugin from "./data_spread.ts";

function reported(source: string, file = "main.ts"): number {
  return Deno.lint.runPlugin(plugin, file, source).length;
}

const REFUSED = [
  "list.push(...items);",
  "list.push(1, ...items);",
  "list.unshift(...items.slice(1));",
  "list.splice(0, 1, ...items);",
  "list.concat(...lists);",
  "Math.max(0, ...items.map((item) => item.size));",
  "Math.min(...await sizes());",
  "String.fromCharCode(...bytes);",
  "Array.of(...items);",
  "console.log(...items);",
  "new Parts(...items);",
  "f?.(...items);",
  "f(...[head, ...rows]);",
  "f(...(many ? items : []));",
  "class A extends B { constructor(items: number[]) { super(...items); } }",
  "Reflect.apply(f, self, items);",
  "Reflect.construct(F, items);",
  "String.fromCharCode.apply(null, bytes);",
  "list.push.apply(list, items);",
  "Array.prototype.push.apply(list, items);",
  "function f(...items: number[]) { g(...items.concat(others)); }",
];

const ALLOWED = [
  "const copy = [...items];",
  "const copy = { ...options };",
  "f([...items]);",
  "new Set([...items, 1]);",
  "f({ ...options });",
  "const [first, ...rest] = items;",
  "f(...[1, 2]);",
  "f(...(last ? [1] : []));",
  "function f(...items: number[]) { g(...items); }",
  "const f = (...items: number[]) => new G(...items);",
  "const f = (...items: number[]) => () => g(...items);",
  "network.apply(changes, options);",
  "this.network.apply(changes, options);",
  "f.call(self, item);",
];

for (const source of REFUSED) {
  Deno.test(`the rule reports ${source}`, () => {
    assertEquals(reported(source), 1);
  });
}

for (const source of ALLOWED) {
  Deno.test(`the rule allows ${source}`, () => {
    assertEquals(reported(source), 0);
  });
}

Deno.test("the rule does not apply to tests", () => {
  assertEquals(reported("f(...items);", "/checkout/tests/some_test.ts"), 0);
});
