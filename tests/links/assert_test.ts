// What the tests rely on in @std/assert, local or real: above all, that what
// should fail does.

import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unreachable,
} from "@std/assert";

/** Without the assertions under test: the one thing they cannot say. */
function fails(assertion: () => unknown, ...says: string[]): void {
  try {
    assertion();
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    for (const words of says) {
      if (!error.message.includes(words)) throw new Error(error.message);
    }
    return;
  }
  throw new Error(`passed: ${assertion}`);
}

Deno.test("assert: equality goes all the way down", () => {
  const bytes = new Uint8Array([1, 2]);
  assertEquals({ a: [1, { b: bytes }] }, { a: [1, { b: bytes.slice() }] });
  assertEquals(new Map([["a", new Set([1])]]), new Map([["a", new Set([1])]]));
  assertEquals(NaN, NaN);
  assertEquals(0, -0);
  assertEquals([1n, "a", undefined, null], [1n, "a", undefined, null]);
  fails(() => assertEquals({ a: 1 }, { a: 2 }), "Values are not equal");
  fails(() => assertEquals<unknown>({ a: undefined }, {}));
  fails(() => assertEquals<unknown>(bytes, [1, 2]));
  fails(
    () => assertEquals<unknown>(1, "1", "why"),
    "Values are not equal: why",
  );
  fails(() => assertEquals(new Set([1]), new Set([2])));
  assertNotEquals({ a: 1 }, { a: 2 });
  fails(() => assertNotEquals([1], [1]));
  const one = {};
  assertStrictEquals(one, one);
  fails(() => assertStrictEquals({}, {}));
  assertNotStrictEquals({}, {});
  fails(() => assertNotStrictEquals(one, one));
});

Deno.test("assert: truth, comparison, text", () => {
  assert(1);
  fails(() => assert(0, "zero"), "zero");
  assertFalse("");
  fails(() => assertFalse("a"));
  assertExists(0);
  fails(() => assertExists(null));
  fails(() => assertExists(undefined));
  assertGreater(2, 1);
  fails(() => assertGreater(1, 1));
  assertGreaterOrEqual(1, 1);
  fails(() => assertGreaterOrEqual(0, 1));
  assertLess(1, 2);
  fails(() => assertLess(1, 1));
  assertLessOrEqual(1, 1);
  fails(() => assertLessOrEqual(2, 1));
  assertAlmostEquals(1, 1.05, 0.1);
  fails(() => assertAlmostEquals(1, 1.2, 0.1));
  fails(() => assertAlmostEquals(1, 1.0001));
  assertMatch("abc", /b/);
  fails(() => assertMatch("abc", /x/));
  assertStringIncludes("abc", "b");
  fails(() => assertStringIncludes("abc", "x"));
  fails(() => fail("so"), "Failed assertion: so");
  fails(() => unreachable(), "Unreachable.");
});

Deno.test("assert: parts of objects and arrays", () => {
  assertInstanceOf(new RangeError(), Error);
  fails(() => assertInstanceOf({}, Map), "Map");
  assertArrayIncludes([1, { a: 1 }], [{ a: 1 }]);
  fails(() => assertArrayIncludes([1], [2]), "missing");
  assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } });
  assertObjectMatch({ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] });
  fails(() => assertObjectMatch({ a: 1 }, { a: 2 }));
  fails(() => assertObjectMatch({ a: 1 }, { b: 1 }));
  fails(() => assertObjectMatch({ a: [1] }, { a: [1, 2] }));
});

Deno.test("assert: thrown and rejected errors", async () => {
  const thrower = () => {
    throw new RangeError("too far");
  };
  const error: RangeError = assertThrows(thrower, RangeError, "far");
  assertEquals(error.message, "too far");
  fails(() => assertThrows(thrower, TypeError));
  fails(() => assertThrows(thrower, RangeError, "near"));
  fails(() => assertThrows(() => {}));

  // deno-lint-ignore require-await
  const rejecter = async () => thrower();
  const rejected: RangeError = await assertRejects(rejecter, RangeError, "far");
  assertEquals(rejected.message, "too far");
  const failing = (check: () => Promise<unknown>) =>
    check().then(() => "passed", (error) => error.name);
  assertEquals(
    await Promise.all([
      failing(() => assertRejects(rejecter, TypeError)),
      failing(() => assertRejects(() => Promise.resolve())),
      failing(() => assertRejects(thrower as () => Promise<void>)),
    ]),
    ["AssertionError", "AssertionError", "AssertionError"],
  );
});
