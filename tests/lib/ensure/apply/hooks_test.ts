// Commands that run when `ensure` makes a link.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  ConfigurationError,
  parseConfiguration,
  Reconciler,
} from "../../../../mod.ts";
import { applied } from "../../../support/applied.ts";
import { netplumb } from "../../../support/command.ts";
import { Lab } from "../../../support/netns.ts";
import { Reconciled } from "../../../support/reconciled.ts";
import "../../../support/descriptors.ts";

/** A file that commands append to. */
class Written implements AsyncDisposable {
  readonly path = Deno.makeTempFileSync();

  /** The lines since the last time. */
  async lines(): Promise<string[]> {
    const text = await Deno.readTextFile(this.path);
    await Deno.truncate(this.path);
    return text.split("\n").slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path);
  }
}

const ENVIRONMENT =
  'echo "$NETPLUMB_HOOK $NETPLUMB_LINK $NETPLUMB_KIND $NETPLUMB_NAMESPACE"';

Deno.test("commands run before and after a link is made, in its namespace", async () => {
  await using lab = await Lab.open("here", "there");
  const { here, there } = lab;
  await using written = new Written();
  const { path } = written;
  const link = {
    name: "lan0",
    kind: "veth",
    up: true,
    addresses: ["192.0.2.1/24"],
    options: { peer: { name: "lan1", netns: there.name, up: true } },
    hooks: {
      before: `{ ${ENVIRONMENT}; ip -br link show; } >> ${path}`,
      after: `{ ${ENVIRONMENT}; ip -br -4 address show lan0; } >> ${path}`,
    },
  };
  const namespaces = {
    [here.name]: {
      links: [link],
      routes: [{ to: "198.51.100.0/24", via: "192.0.2.2" }],
    },
    [there.name]: {},
  };
  assertEquals(await applied(here, { namespaces }), [
    "add link lan0 (veth, peer lan1)",
    "add address 192.0.2.1/24 of lan0",
    "add route 198.51.100.0/24",
  ]);
  const lines = (await written.lines()).map((line) =>
    line.split(/\s+/).slice(0, 4)
  );
  const ran = (when: string) => [when, "lan0", "veth", here.name];
  assertEquals(lines[0], ran("before"));
  assertEquals(lines[1]?.[0], "lo");
  assertEquals(lines[2], ran("after"));
  assertEquals(lines.slice(3).map((words) => words.slice(0, 3)), [
    ["lan0@if2", "UP", "192.0.2.1/24"],
  ]);
  // A second run makes nothing.
  assertEquals(await applied(here, { namespaces }), []);
  assertEquals(await written.lines(), []);

  await using reconciled = await Reconciled.open({ namespaces });
  await here.ip("link delete lan0");
  await reconciled.report(
    "corrected",
    ({ action }) => action.object === "link" && action.type === "add",
  );
  const again = await written.lines();
  assertEquals(again.filter((line) => line.includes(here.name)), [
    ran("before").join(" "),
    ran("after").join(" "),
  ]);
});

Deno.test("a command that fails is an error of the link", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  const failing = async (hooks: object) => {
    const desired = parseConfiguration({
      links: [
        { name: "b0", kind: "bridge" },
        { name: "b1", kind: "bridge", hooks },
      ],
    });
    await using reconciler = await Reconciler.open(desired, {
      namespace: here.name,
    });
    const { refused, applied } = await reconciler.apply();
    assertEquals(applied, []);
    const links = await here.json<{ readonly ifname: string }>("link show");
    assertEquals(links.map(({ ifname }) => ifname), ["lo"]);
    return refused?.error.message;
  };
  assertEquals(
    await failing({ before: "exit 3" }),
    "run before link b1 is made: exit 3: ECANCELED, operation canceled (wait4); it exited with 3",
  );
  assertEquals(
    await failing({ after: "kill -9 $$" }),
    "run after link b1 is made: kill -9 $$: ECANCELED, operation canceled (wait4); it was ended by SIGKILL",
  );
});

Deno.test("ensure prints what commands print on stderr, and previews them", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const hooks = { after: "echo visible" };
    const links = [{ name: "b0", kind: "bridge", hooks }];
    await Deno.writeTextFile(file, JSON.stringify({ links }));
    const ensure = (...args: string[]) =>
      netplumb(undefined, "ensure", file, "--in", here.name, ...args);
    const preview = await ensure("--dry-run", "--details");
    assertStringIncludes(
      preview.stdout,
      "run after link b0 is made: echo visible",
    );
    const { code, stdout, stderr } = await ensure("--once", "--json");
    assertEquals([code, stderr], [0, "visible\n"]);
    for (const line of stdout.trim().split("\n")) JSON.parse(line);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("hooks are of links that are made", () => {
  const problem = (link: object) =>
    assertThrows(
      () => parseConfiguration({ links: [{ name: "eth0", ...link }] }),
      ConfigurationError,
    ).message.split("\n").at(-1)!.trim();
  assertEquals([
    problem({ hooks: { before: "true" } }),
    problem({ kind: "bridge", hooks: { after: ["true"] } }),
    problem({ kind: "bridge", hooks: { up: "true" } }),
  ], [
    "links[0].hooks: hooks run when a link is made: with kind",
    "links[0].hooks.after: a list is not a command of a shell; it is text, so put it in quotes",
    "links[0].hooks.up: unknown key",
  ]);
});
