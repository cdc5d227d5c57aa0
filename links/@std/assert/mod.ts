// The part of @std/assert that the tests use, on node:assert and node:util.

export * from "./assertion_error.ts";
export * from "./compare.ts";
export * from "./equals.ts";
export * from "./objects.ts";
export * from "./strings.ts";
export * from "./throws.ts";
export * from "./truth.ts";
