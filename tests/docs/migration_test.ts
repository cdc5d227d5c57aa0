// docs/migration.md: each file of `ensure` is applied, and a second run changes
// nothing.

import { assertEquals } from "@std/assert";
import { parseFile } from "../../cli/ensure/file.ts";
import { Reconciler } from "../../mod.ts";
import { kernelHas } from "../support/kinds.ts";
import { Lab, output } from "../support/netns.ts";
import { blocks } from "./blocks.ts";
import "../support/descriptors.ts";

const PAGE = new URL("../../docs/migration.md", import.meta.url);
const all = blocks(await Deno.readTextFile(PAGE));
const own = all.filter(({ language }) => language === "yaml");

Deno.test("docs/migration.md has eight pairs of files", () => {
  assertEquals(
    all.map(({ language }) => language),
    Array(8).fill(["yml", "yaml"]).flat(),
  );
});

for (const { text, line } of own) {
  const kinds = [...text.matchAll(/kind: (\w+)/g)].map(([, kind]) => kind!);
  const missing: string[] = [];
  for (const kind of kinds) {
    if (!await kernelHas(`type ${kind}`)) missing.push(kind);
  }
  const what = `docs/migration.md:${line} is applied and stable`;
  Deno.test({
    name: missing.length === 0
      ? what
      : `${what} (this kernel has no ${missing.join(", ")})`,
    ignore: missing.length > 0,
    async fn() {
      await using lab = await Lab.open("host", "far");
      const { host, far } = lab;
      for (const name of ["eth0", "eth1"]) {
        await host.ip(
          `link add ${name} type veth peer ${name} netns ${far.name}`,
        );
        await far.ip(`link set ${name} up`);
      }
      await using cleaned = new AsyncDisposableStack();
      // Other tests run at the same time.
      const names = ["r1", "r2"].map((name) => `${host.name}${name}`);
      for (const name of names) {
        cleaned.defer(async () => {
          await output("ip", ["netns", "delete", name]);
        });
      }
      const desired = parseFile(
        "docs/migration.md",
        text.replace(/^( {2}|.*netns: )(r[12])/gm, `$1${host.name}$2`),
      );
      await using reconciler = await Reconciler.open(desired, {
        namespace: host.name,
      });
      const { refused, missing } = await reconciler.apply();
      assertEquals([refused?.error.message, missing], [undefined, []]);
      assertEquals((await reconciler.plan()).actions, []);
    },
  });
}

Deno.test("docs/migration.md: every file is valid", () => {
  for (const { text, line } of own) parseFile(`migration.md:${line}`, text);
});
