// Parses the configuration of a network of SIZE that grows in one dimension,
// and prints the time.
//
//   parse.ts KIND SIZE

import { KINDS } from "../harness/network.ts";
import { library } from "./library.ts";

const [kind, size] = Deno.args;
const { make } = KINDS[kind as keyof typeof KINDS];
const { namespaces } = make(Number(size), { near: "near", far: "far" });
// An earlier release has another name for it.
const {
  parseConfiguration: parse = (library as unknown as {
    readonly parseDescription: typeof library.parseConfiguration;
  }).parseDescription,
} = library;
const begin = performance.now();
parse({ namespaces });
const seconds = (performance.now() - begin) / 1e3;
console.log(JSON.stringify({ seconds }));
