// netplumb ensure, as a user runs it.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RTM_NEWLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { denoRun, netplumb, Running } from "../support/command.ts";
import { EnsureLab } from "../support/ensure_lab.ts";
import { Lab, type Output, output } from "../support/netns.ts";
import { without } from "../support/script.ts";

/** A file for the length of a test. */
class File implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async with(value: unknown, suffix = ".yaml"): Promise<File> {
    const file = new File(await Deno.makeTempFile({ suffix }));
    await file.write(value);
    return file;
  }

  async write(value: unknown): Promise<void> {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    await Deno.writeTextFile(this.path, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path);
  }
}

function objects({ stdout }: Output) {
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** Runs `ensure` on what standard input says. */
function ensured(stdin: string, ...args: string[]): Promise<Output> {
  const words = [...denoRun(), "ensure", "-", ...args];
  return output(Deno.execPath(), words, { stdin, env: { NO_COLOR: "1" } });
}

Deno.test("ensure: --dry-run, --once, and once again", async () => {
  await using lab = new EnsureLab();
  await using file = await File.with(lab.description);
  const run = (...args: string[]) =>
    netplumb(undefined, "ensure", file.path, ...args);
  const dry = await run("--dry-run", "--details");
  assertEquals(dry.code, 4, dry.stderr);
  const { name } = lab.router;
  assertStringIncludes(dry.stdout, `+ add namespace ${name}\n`);
  assertStringIncludes(dry.stdout, `\n+ ${name}: add link br0 (bridge)\n`);
  assertStringIncludes(dry.stdout, "    IFLA_INFO_KIND  bridge\n");
  assertStringIncludes(dry.stdout, "IFLA_NET_NS_FD  3");
  assert(!(await output("ip", ["netns", "list"])).stdout.includes(name));

  const once = await run("--once", "--json");
  assertEquals(once.code, 0, once.stderr);
  const done = objects(once);
  assertEquals(
    done.find(({ object, name }) => object === "link" && name === "mv0"),
    {
      event: "applied",
      action: "add",
      object: "link",
      namespace: lab.left.name,
      name: "mv0",
      summary: "add link mv0 (macvlan)",
      reasons: [],
      differences: [],
      line: 1,
    },
  );
  const { event, added, changed, removed } = done.at(-1);
  assertEquals([event, changed, removed], ["summary", 3, 0]);
  assertEquals(added, done.filter(({ action }) => action === "add").length);

  await lab.router.ip("link set br0 mtu 1300");
  const drift = await run("--dry-run");
  assertEquals(drift.code, 4);
  assertStringIncludes(
    drift.stdout,
    `~ ${name}: change link br0: mtu is 1300, wanted 1400\n`,
  );
  assertEquals((await run("--once")).code, 0);
  const again = await run("--once");
  assertEquals([again.code, again.stdout], [0, "no change\n"]);
  assertEquals((await run("--dry-run")).code, 0);
});

Deno.test("ensure: a second run sends nothing that changes anything", async () => {
  await using lab = new EnsureLab();
  await using file = await File.with(lab.description);
  const once = ["ensure", file.path, "--once"];
  assertEquals((await netplumb(undefined, ...once)).code, 0);
  /** The types of the messages that are sent: of four, the third is the request. */
  const sent = async () => {
    const { stderr } = await output("strace", [
      ...["-f", "-qq", "-e", "trace=sendto", "-e", "signal=none"],
      ...[Deno.execPath(), ...denoRun(), ...once],
    ]);
    return [...stderr.matchAll(/nlmsg_type=0x([0-9a-f]+)/g)]
      .map(([, type]) => parseInt(type, 16));
  };
  const changing = (types: number[]) => types.filter((type) => type % 4 !== 2);
  const types = await sent();
  assert(types.length >= 9, `${types}`);
  assertEquals(changing(types), []);
  await lab.router.ip("link set br0 mtu 1300");
  assertEquals(changing(await sent()), [RTM_NEWLINK]);
});

Deno.test("ensure: keeps, reads again on SIGHUP, and leaves all as it is", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const description = (mtu: unknown, ...more: object[]) => ({
    namespaces: {
      [one.name]: { links: [{ name: "br0", kind: "bridge", mtu }, ...more] },
    },
  });
  await using file = await File.with(description(1400));
  await using running = new Running(undefined, "ensure", file.path, "--json");
  const until = async (event: string) => {
    for (;;) {
      const object = await running.object();
      if (object.event === event) return object;
    }
  };
  const mtu = async () => (await one.json("link show br0"))[0].mtu;
  assertEquals((await until("summary")).added, 1);
  await one.ip("link set br0 mtu 1300");
  const { milliseconds, ...corrected } = await until("corrected");
  assertEquals(corrected, {
    event: "corrected",
    action: "change",
    object: "link",
    namespace: one.name,
    name: "br0",
    summary: "change link br0",
    reasons: ["mtu is 1300, wanted 1400"],
    differences: [{ key: "mtu", is: "1300", wanted: "1400" }],
    line: 1,
  });
  assert(milliseconds > 0 && milliseconds < 5000, `${milliseconds}`);
  assertEquals(await mtu(), 1400);

  await file.write(description(1200));
  running.kill("SIGHUP");
  await until("reloaded");
  assertEquals(await mtu(), 1200);
  await file.write(description("wrong"));
  running.kill("SIGHUP");
  await until("rejected");
  // What the kernel refuses is no better than what cannot be read.
  await file.write(description(1100, { name: "x0", kind: "nosuchkind" }));
  running.kill("SIGHUP");
  assertEquals((await until("refused")).name, "x0");
  await until("rejected");
  await one.ip("link set br0 mtu 1300");
  await until("corrected");
  assertEquals(await mtu(), 1200);

  const { code, stderr } = await running.stop("SIGTERM");
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "1 error; no changes made");
  assertStringIncludes(stderr, "keeping the previous configuration");
  assertEquals(await mtu(), 1200);
});

Deno.test("ensure: a refusal takes back what was added, and says what is left", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const configuration = JSON.stringify({
    namespaces: {
      [one.name]: {
        links: [
          { name: "lo", mtu: 65_000 },
          { name: "br0", kind: "bridge" },
          { name: "x0", kind: "macvlan", link: "lo" },
        ],
      },
    },
  });
  await one.ip("link set lo mtu 65536");
  const { code, stdout, stderr } = await ensured(
    configuration,
    "--once",
    "--json",
  );
  assertEquals(code, 1);
  const [refused] = objects({ code, stdout, stderr });
  assertEquals(refused.event, "refused");
  assertEquals(refused.name, "x0");
  assertEquals([refused.error.errno, refused.error.code], [22, "EINVAL"]);
  assertEquals(refused.error.syscall, "RTM_NEWLINK");
  assertEquals(refused.rolledBack.length, 1);
  assertEquals(JSON.parse(stderr).errno, 22);
  const text = await ensured(configuration, "--once");
  assertEquals(text.code, 1);
  assertStringIncludes(text.stderr, "additions rolled back: 1");
  assertEquals((await one.json("link")).length, 1);
});

Deno.test("ensure: differences for programs, with the line in the file", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  await one.batch(`
    link add v0 type veth peer name v1
    link set v0 up
    address add 192.0.2.1/24 dev v0
    route add 198.51.100.0/24 via 192.0.2.9
    rule add priority 9 lookup 100`);
  const { code, stdout } = await ensured(
    `links:
  - name: v0
    mtu: 1400
    up: false
    addresses:
      - { address: 192.0.2.1/24, scope: link }
  - { name: v1, kind: dummy }
routes:
  - { to: 198.51.100.0/24, via: 192.0.2.7 }
exclusive: [rules]
`,
    ...["--in", one.name, "--dry-run", "--json"],
  );
  assertEquals(code, 4);
  const planned = objects({ code, stdout, stderr: "" })
    .filter(({ event }) => event === "planned")
    .map(({ action, object, name, differences, line }) => [
      ...[action, object, name, line],
      differences.map((one: Record<string, string>) =>
        Object.values(one).join(" ")
      ).join(),
    ]);
  assertEquals(planned, [
    ["remove", "link", "v1", 7, "kind veth dummy"],
    ["change", "link", "v0", 2, "up up down,mtu 1500 1400"],
    ["add", "link", "v1", 7, ""],
    ["change", "address", "192.0.2.1/24 of v0", 6, "scope global link"],
    ["change", "route", "198.51.100.0/24", 9, "via 192.0.2.9 192.0.2.7"],
    ["remove", "rule", "priority 9", null, ""],
  ]);
});

Deno.test("ensure: without CAP_NET_ADMIN it exits with 77 and names it", async () => {
  await using lab = await Lab.open("one");
  await using file = await File.with({
    links: [{ name: "lo", mtu: 60_000 }],
  });
  const words = [...denoRun(), "ensure", file.path, "--once"];
  const run = (...args: string[]) => {
    const [program, ...rest] = [...without("net_admin"), Deno.execPath()];
    return lab.one.output(program, [...rest, ...args]);
  };
  const { code, stderr } = await run(...words);
  assertEquals(code, 77, stderr);
  assertStringIncludes(stderr, "CAP_NET_ADMIN");
  const dry = await run(...words.slice(0, -1), "--dry-run");
  assertEquals(dry.code, 4, dry.stderr);
});

const WRONG: Readonly<Record<string, readonly [text: string, says: string[]]>> =
  {
    "a word nobody knows": [
      "links:\n  - name: br0\n    adresses: []\n",
      [
        "standard input:3:5: links[0].adresses: unknown key; did you " +
        "mean addresses?",
        "  3 |     adresses: []",
        "    |     ^",
      ],
    ],
    "several problems": [
      'links:\n  - {name: br0, mtu: big, up: no}\n  - {name: "x y"}\n',
      [
        'standard input:2:22: links[0].mtu: "big" is not a whole number',
        'standard input:2:31: links[0].up: "no" is not on, off',
        "yes and no are plain text",
        "standard input:3:12: links[1].name:",
        "standard input: 3 errors; no changes made",
      ],
    ],
    "a name that is a number": [
      "links: [{name: 10}]",
      ["it is text, so put it in quotes"],
    ],
    "a word that came by a merge": [
      "x-up: &up\n  upp: true\nlinks:\n  - {<<: *up, name: lo}\n",
      ["standard input:2:3: links[0].upp:", "did you mean up?"],
    ],
    "the same word twice": [
      "links: []\nlinks: []\n",
      ["standard input:2:1: this word is there a second time"],
    ],
    "a tab": ["links:\n\t- name: lo\n", ["standard input:2:1:", "by a tab"]],
    "two documents": [
      "links: []\n---\nlinks: []\n",
      ["standard input:2:1: a second document"],
    ],
    "an alias of nothing": [
      "links: [*lo]\n",
      ["standard input:1:9: no anchor &lo stands before"],
    ],
    "aliases without end": [
      "x-a: &a [1,1,1,1,1,1,1,1,1]\nx-b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" +
      "x-c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nlinks: [*c,*c,*c,*c]\n",
      ["aliases cannot be followed"],
    ],
    "nothing": ["", ["the configuration is empty"]],
    "a comment alone": ["# later\n", ["the configuration is empty"]],
    "a text": ["lo\n", ['"lo" is not a mapping']],
    "a bracket that is missing": ["links: [\n", ["standard input:"]],
  };

for (const [name, [text, says]] of Object.entries(WRONG)) {
  Deno.test(`ensure refuses a file with ${name}`, async () => {
    const { code, stdout, stderr } = await ensured(text, "--once");
    assertEquals([code, stdout], [2, ""], stderr);
    for (const each of says) assertStringIncludes(stderr, each);
  });
}

Deno.test("ensure: problems for programs, and files that cannot be read", async () => {
  const wrong = await ensured("links: [{nam: lo}]", "--json");
  assertEquals(objects(wrong)[1], {
    event: "problem",
    file: "standard input",
    line: 1,
    column: 10,
    path: "links[0].nam",
    message: "unknown key; did you mean name?",
    text: "links: [{nam: lo}]",
  });
  for (
    const [path, says] of [
      ["/nonexistent/file", "a file that is there"],
      ["/tmp", "a directory"],
    ]
  ) {
    const { code, stderr } = await netplumb(undefined, "ensure", path);
    assertEquals(code, 2);
    assertStringIncludes(stderr, says);
  }
  // JSON may be indented by tabs.
  await using lab = await Lab.open("one");
  const json = JSON.stringify(
    { namespaces: { [lab.one.name]: { links: [{ name: "lo", up: true }] } } },
    null,
    "\t",
  );
  const { code, stdout, stderr } = await ensured(json, "--once");
  assertEquals([code, stdout], [0, "no change\n"], stderr);
});

Deno.test("ensure --once removes 150,000 routes and says so", async () => {
  await using lab = await Lab.open("one");
  const count = 150_000;
  const lines = Array.from(
    { length: count },
    (_, at) =>
      `route add blackhole 10.${at >> 16}.${at >> 8 & 255}.${at & 255}/32`,
  );
  await lab.one.batch(lines.join("\n"));
  await using file = await File.with({
    namespaces: { [lab.one.name]: { exclusive: ["routes"] } },
  });
  const once = await netplumb(undefined, "ensure", file.path, "--once");
  assertEquals([once.code, once.stderr], [0, ""]);
  const reported = once.stdout.trimEnd().split("\n");
  assertEquals(reported.at(-1), `0 added, 0 changed, ${count} removed`);
  assertEquals(new Set(reported).size, count + 1);
  assertEquals(await lab.one.ip("route show type blackhole"), "");
});
