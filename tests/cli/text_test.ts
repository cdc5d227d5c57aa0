// How text is broken and set in columns.

import { assertEquals } from "@std/assert";
import { hang, table, wrap } from "../../cli/output/layout.ts";

Deno.test("wrap breaks at spaces, within the width, indent included", () => {
  assertEquals(wrap("aa bb cc", "  ", 7), "  aa bb\n  cc");
  assertEquals(wrap("aa bb cc", "  ", 8), "  aa bb\n  cc");
  assertEquals(wrap("a verylongword b", "", 5), "a\nverylongword\nb");
  assertEquals(wrap("", "> "), "> ");
});

Deno.test("hang sets the lines after the first under the end of the lead", () => {
  const text = Array(20).fill("word").join(" ");
  const [first, second] = hang("  do  ", text).split("\n");
  assertEquals(first, `  do  ${Array(15).fill("word").join(" ")}`);
  assertEquals(second, `      ${Array(5).fill("word").join(" ")}`);
});

Deno.test("table sets cells under their headings and shows nothing unprintable", () => {
  assertEquals(
    table([{ a: "1", long: "\x1b[31m" }, { a: "22", long: "" }], "  "),
    "  a   long\n  1   \\x1b[31m\n  22",
  );
  assertEquals(table([]), "");
});
