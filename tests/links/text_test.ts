// What the command relies on in @std/text, local or real.

import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("levenshteinDistance: letters changed, added and dropped", () => {
  for (
    const [a, b, steps] of [
      ["", "", 0],
      ["", "abc", 3],
      ["kitten", "sitting", 3],
      ["--prot", "--port", 2],
      ["flaw", "lawn", 2],
      ["ü", "u", 1],
    ] as const
  ) {
    assertEquals(levenshteinDistance(a, b), steps);
    assertEquals(levenshteinDistance(b, a), steps);
  }
});

Deno.test("closestString: the nearest word, the first of equals", () => {
  const words = ["echo", "send", "show", "SHAPE"];
  assertEquals(closestString("ecko", words), "echo");
  assertEquals(closestString("shaped", words), "SHAPE");
  assertEquals(closestString("zzzz", words), "echo");
  assertThrows(() => closestString("x", []), TypeError);
});
