// Files of `ensure` with variables, repetitions and included files.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import {
  FileError,
  parseFile,
  problemText,
  readConfiguration,
} from "../../cli/ensure/file.ts";
import { style } from "../../cli/output/style.ts";
import { configurationSchema, Reconciler } from "../../mod.ts";
import { blocks } from "../docs/blocks.ts";
import { netplumb, Running } from "../support/command.ts";
import { Netns, output, UnmadeNetns } from "../support/netns.ts";

/** A directory with files, for the length of a test. */
class Directory implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async with(
    files: Readonly<Record<string, string>>,
  ): Promise<Directory> {
    const directory = new Directory(await Deno.makeTempDir());
    for (const [name, text] of Object.entries(files)) {
      await directory.write(name, text);
    }
    return directory;
  }

  async write(name: string, text: string): Promise<void> {
    const path = `${this.path}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

const PAGE = new URL("../../docs/ensure.md", import.meta.url);

Deno.test("ensure: a fabric of 12 hosts in one file carries packets", async () => {
  const all = blocks(await Deno.readTextFile(PAGE));
  const { text } = all.find(({ text }) => text.includes("spine$(s)"))!;
  const ajv = new Ajv2020({ strict: false });
  assert(ajv.validate(configurationSchema(), parse(text)), ajv.errorsText());
  // Other tests run at the same time.
  const prefix = `np${Deno.pid.toString(36)}-f-`;
  const own = text.replace(
    /(^ {2}|netns: )(spine|leaf|host)/gm,
    `$1${prefix}$2`,
  );
  await using cleaned = new AsyncDisposableStack();
  for (
    const [role, count] of [["spine", 2], ["leaf", 4], ["host", 12]] as const
  ) {
    for (let at = 1; at <= count; at++) {
      cleaned.defer(async () => {
        await output("ip", ["netns", "delete", `${prefix}${role}${at}`]);
      });
    }
  }
  await using reconciler = await Reconciler.open(parseFile("fabric", own));
  const { refused } = await reconciler.apply();
  assertEquals(refused?.error.message, undefined);
  assertEquals((await reconciler.plan()).actions, []);
  const host = new Netns(`${prefix}host1`);
  for (const other of [2, 5, 12]) {
    await host.run("ping", ["-c1", "-W2", `10.2.${other}.2`]);
  }
  assertEquals((await reconciler.down()).refused, []);
  const { stdout } = await output("ip", ["netns", "list"]);
  assertEquals(stdout.includes(prefix), false);
});

Deno.test("ensure: problems of included files have their own positions", async () => {
  await using directory = await Directory.with({
    "net.yaml": `include: [hosts/*.yaml, base.yaml]
links:
  - name: br0
    kind: bridge
    mtu: $(size)
`,
    "base.yaml":
      "variables: { size: 1400 }\nlinks: [{ name: br0, kind: bridge }]\n",
    "hosts/a.yaml": "namespaces:\n  host$(i):\n    for: { i: 1..3 }\n" +
      "    links:\n      - { name: eth$(i), mtuu: 5 }\n",
    "hosts/b.yaml": "include: [../net.yaml]\nroutes: [{ to: $(nett) }]\n",
    "hosts/.hidden.yaml": "links: 5\n",
  });
  const { path } = directory;
  const problems = async () => {
    const error = await assertRejects(
      () => readConfiguration(`${path}/net.yaml`),
      FileError,
    );
    return error.problems.map((one) => `${problemText(one, style(false))}\n`)
      .join("").replaceAll(`${path}/`, "");
  };
  assertEquals(
    await problems(),
    `hosts/b.yaml:2:16: routes[0].to: unknown variable nett; known are size
  2 | routes: [{ to: $(nett) }]
    |                ^
`,
  );
  await directory.write("hosts/b.yaml", "include: [c.yaml]\nx-a: 1\n");
  assertEquals(
    await problems(),
    `hosts/b.yaml:1:11: include[0]: no file matches hosts/c.yaml
  1 | include: [c.yaml]
    |           ^
`,
  );
  await directory.write("hosts/b.yaml", "links: [\n");
  assertStringIncludes(await problems(), "hosts/b.yaml:2:1: the indentation");
  await directory.write("hosts/b.yaml", "{}\n");
  assertEquals(
    await problems(),
    `hosts/a.yaml:5:26: namespaces.host1.links[0].mtuu: unknown key; did you mean mtu?; i = 1
  5 |       - { name: eth$(i), mtuu: 5 }
    |                          ^
`,
  );
  await directory.write("hosts/a.yaml", "");
  assertEquals(
    await problems(),
    `net.yaml:3:5: links[1]: link br0 is configured by links[0] too (base.yaml:2)
  3 |   - name: br0
    |     ^
`,
  );
});

Deno.test("ensure --watch follows included files; lines name them", async () => {
  await using one = new UnmadeNetns("one");
  const part = (...mtus: number[]) =>
    JSON.stringify({
      namespaces: {
        [one.name]: {
          links: mtus.map((mtu, at) => ({
            name: `d${at}`,
            kind: "bridge",
            mtu,
          })),
        },
      },
    });
  await using directory = await Directory.with({
    "net.yaml": "include: parts/*.yaml\n",
    "parts/a.yaml": part(1400),
  });
  const { path } = directory;
  const file = `${path}/net.yaml`;
  await using running = new Running(
    undefined,
    "ensure",
    file,
    "--watch",
    "--json",
  );
  const until = async (event: string) => {
    for (;;) {
      const object = await running.object();
      if (object.event === event) return object;
    }
  };
  const mtus = async () =>
    (await one.json("link show type bridge")).map(({ mtu }) => mtu);
  const applied = async () => {
    for (;;) {
      const object = await running.object();
      if (object.object === "link") return object;
    }
  };
  const { line, includedFile } = await applied();
  assertEquals([line, includedFile], [1, `${path}/parts/a.yaml`]);
  await until("summary");
  await directory.write("parts/a.yaml", part(1300));
  await until("reloaded");
  assertEquals(await mtus(), [1300]);
  // A problem in a file that was not there before.
  await directory.write("parts/b.yaml", "links: 5");
  await until("rejected");
  await directory.write(
    "parts/b.yaml",
    part(0, 1200).replace('{"name":"d0","kind":"bridge","mtu":0},', ""),
  );
  await until("reloaded");
  assertEquals(await mtus(), [1300, 1200]);
  await Deno.remove(`${path}/parts/b.yaml`);
  await until("reloaded");
  assertEquals(await mtus(), [1300]);
  const expanded = await netplumb(undefined, "ensure", file, "--expand");
  assertEquals(parse(expanded.stdout), JSON.parse(part(1300)));
  assertEquals((await running.stop("SIGTERM")).code, 0);
  await netplumb(undefined, "ensure", file, "--down");
});
