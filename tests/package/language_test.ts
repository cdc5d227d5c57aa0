// Words that may not come back in the documentation, the help and exported names.
// Each has a standard term that readers search for.

import { assertEquals } from "@std/assert";
import { netplumb } from "../../cli/main.ts";
import { SUBCOMMANDS } from "../../cli/subcommands.ts";
import { exported } from "../../docs/api.ts";
// Opens libc before the tests, which load the subcommands.
import "../../ffi/libc.ts";
import type { AnyCommand } from "../support/command_tree.ts";

const ROOT = new URL("../../", import.meta.url);

/** Words in texts, and what to use. */
const WORDS: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\b(told|tells?|telling)\b/i, "report, event, notification"],
  [/\b(ask(s|ed|ing)?|askers?|questions?)\b/i, "request, client, query"],
  [/\b(who|what|which)ever\b/i, "a client, a process, any, regardless of"],
  [/\b(some|no|any)body\b/i, "another program, no process"],
  [/\bstrangers?\b/i, "untrusted sender, another process"],
  [/\b(stor(y|ies)|narratives?)\b/i, "report, field report"],
  [
    /\b(traps?|cures?|mishaps?|disturb(s|ed)?)\b/i,
    "problem, fix, fault, inject",
  ],
  [/\b(rooms?|house|gates?|doors?)\b/i, "directory, layout, permission, space"],
  [/\bpatience\b/i, "spin budget, timeout"],
  [/\bdoubts?\b/i, "invalidation"],
  [/\bwhereabouts\b/i, "location, link tracker"],
  [/\b(keepers?|ensurers?)\b/i, "reconciler"],
  [/\bvocabular(y|ies)\b/i, "attribute names, policy"],
  [/\btrains?\b/i, "segments, segmented datagram, batch"],
  [/\bremembered\b/i, "cached"],
  [/\bpictures?\b/i, "state, cache, snapshot, diagram"],
  [
    /\b(as told|of late|what there is|that which|all there is)\b/i,
    "as expected, recently, the current state",
  ],
  [/\bwithout a word\b/i, "silently, without an error"],
  [/\b(makes?|made|keeps?|kept) (it |them )?so\b/i, "apply, reconcile"],
  [/\b(has|have) not(?! (been|yet|\w+ed)\b)\b/i, "does not have"],
  [/\b(may|can|need|dare)s? (nobody|none)\b/i, "no process can"],
  [/\bof (its|their) own accord\b/i, "by itself"],
  [/\bmet\b/i, "reached"],
  [/\bthe likes?\b|\band (its|their) like\b/i, "similar, and others"],
];

/** Words in names, where an identifier is split at its capitals. */
const NAME_WORDS = new Set([
  "alone",
  "asked",
  "asker",
  "cure",
  "doubt",
  "doubts",
  "ensurer",
  "exchanger",
  "fight",
  "fights",
  "joined",
  "keeper",
  "landing",
  "leftovers",
  "mishap",
  "narrative",
  "patience",
  "picture",
  "question",
  "stage",
  "story",
  "stranger",
  "told",
  "train",
  "trap",
  "vocabulary",
  "whereabouts",
]);

/** Lines that may contain such a word, by file. */
const ALLOWED: { readonly [file: string]: readonly RegExp[] } = {
  // tcpdump's output.
  "lib/packet/arp.ts": [/\btell \$/],
  // The question section of RFC 1035.
  "lib/packet/dns.ts": [/question/i],
  "lib/rtnetlink/route_parts.ts": [/RTNH_F_TRAP/],
  "docs/pictures/make.ts": [/docs\/pictures\//],
  "docs/pictures/view.ts": [/docs\/pictures\//, /task pictures/],
  "examples/dns_responder.ts": [/question section/],
  "examples/mdns_listener.ts": [/question section/],
  "docs/api.md": [/DNS message: .*questions/, /\| A question\. /],
};

/** Exported names that may contain such a word. */
const ALLOWED_NAMES = new Set([
  // RFC 1035 section 4.1.2.
  "headers.DnsQuestion",
]);

/** Files that are checked. */
const CHECKED =
  /^(?!\.|node_modules\/|links\/@).*(\.md|\/help\.ts|^(cli|lib|ffi|bench|examples|docs)\/.*\.ts)$/;

/** Directories without texts of the project. */
const SKIPPED = new Set([".git", "node_modules", "dist", ".tmp"]);

async function* files(directory: string): AsyncGenerator<string> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(directory, ROOT))
  ) {
    if (isDirectory && !SKIPPED.has(name)) yield* files(`${directory}${name}/`);
    else if (!isDirectory) yield `${directory}${name}`.slice(2);
  }
}

/** Removes code, link targets and generated tables; keeps the lines. */
function prose(markdown: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, "");
  return markdown
    .replace(/^<!-- bench:\w+ -->[^]*?^<!-- \/bench:\w+ -->/gm, blank)
    .replace(/^```[^]*?^```$/gm, blank)
    .replace(/`[^`]*`/g, blank)
    .replace(/\]\([^)]*\)/g, blank);
}

function found(file: string, text: string): string[] {
  const allowed = ALLOWED[file] ?? [];
  return text.split("\n").flatMap((line, index) =>
    allowed.some((sentence) => sentence.test(line))
      ? []
      : WORDS.flatMap(([word, instead]) => {
        const match = word.exec(line);
        return match === null
          ? []
          : [`${file}:${index + 1}: "${match[0]}": use ${instead}`];
      })
  );
}

Deno.test("the documentation uses standard terms", async () => {
  const problems: string[] = [];
  for await (const file of files("./")) {
    if (!CHECKED.test(file)) continue;
    const markdown = file.endsWith(".md");
    const text = await Deno.readTextFile(new URL(file, ROOT));
    for (const problem of found(file, markdown ? prose(text) : text)) {
      problems.push(problem);
    }
  }
  assertEquals(problems, []);
});

Deno.test("exported names use standard terms", async () => {
  const problems = (await exported()).map(({ name }) => name).filter((name) =>
    !ALLOWED_NAMES.has(name) &&
    name.split(/[._]|(?<=[a-z])(?=[A-Z])/).some((word) =>
      NAME_WORDS.has(word.toLowerCase())
    )
  );
  assertEquals(problems, []);
});

/** A command and all commands in it. */
function withInner(command: AnyCommand): AnyCommand[] {
  const inner: AnyCommand[] = command.getCommands();
  return [command, ...inner.flatMap(withInner)];
}

Deno.test("the help uses standard terms", async () => {
  const problems: string[] = [];
  for (const { name, summary } of SUBCOMMANDS) {
    problems.push(...found(`netplumb --help, ${name}`, summary));
    const tree = await netplumb([name]);
    for (const command of withInner(tree.getCommand(name)!)) {
      const texts = [
        command.getDescription(),
        ...command.getBaseOptions().map(({ description }) => description),
        ...command.getArguments().map(({ description = "" }) => description),
        ...command.getExamples().map(({ name }) => name),
      ];
      problems.push(...found(`${command.getPath()} --help`, texts.join("\n")));
    }
  }
  assertEquals(problems, []);
});
