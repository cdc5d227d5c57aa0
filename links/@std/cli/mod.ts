// The part of @std/cli that the examples use, on node:util.

export * from "./parse_args.ts";
