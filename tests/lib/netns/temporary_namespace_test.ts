// A namespace without a name: is it one of its own, and does it go with its
// descriptor? A veth pair with one end in it shows when the kernel deleted it.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  inNamespace,
  TemporaryNamespace,
} from "../../../lib/netns/namespace.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { Lab, type Netns, run } from "../../support/netns.ts";

const identity = () => Deno.readLinkSync("/proc/thread-self/ns/net");

async function tie(netns: Netns, path: string): Promise<void> {
  await netns.ip(`link add tie0 type veth peer name tie1 netns ${path}`);
}

/** Resolves when the near end of the pair is gone; the kernel takes its time. */
async function untied(netns: Netns): Promise<void> {
  const end = performance.now() + 10_000;
  while ((await netns.json("link")).length > 1) {
    assert(performance.now() < end, "the device outlived its namespace");
  }
}

Deno.test("a temporary namespace is another one, with nothing but lo", async () => {
  const before = ownedDescriptors();
  const home = identity();
  await using namespace = TemporaryNamespace.create();
  assertEquals(identity(), home);
  assertNotEquals(inNamespace(namespace.path, identity), home);
  const links = await run("nsenter", [
    `--net=${namespace.path}`,
    "ip",
    "-j",
    "link",
  ]);
  assertEquals(
    JSON.parse(links).map((link: { ifname: string }) => link.ifname),
    ["lo"],
  );
  await namespace.close();
  assertEquals(ownedDescriptors(), before);
});

Deno.test("closing a temporary namespace takes its devices away", async () => {
  await using lab = await Lab.open("near");
  await using namespace = TemporaryNamespace.create();
  await tie(lab.near, namespace.path);
  await namespace.close();
  await untied(lab.near);
});

Deno.test("killing its process takes a temporary namespace away", async () => {
  await using lab = await Lab.open("near");
  const module = import.meta.resolve(
    "../../../lib/netns/namespace.ts",
  );
  await using child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { TemporaryNamespace } from ${JSON.stringify(module)};
       console.log(TemporaryNamespace.create().path);
       setInterval(() => {}, 1000);`,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: path } = await stdout.read();
  await tie(lab.near, path!.trim());
  assertEquals((await lab.near.json("link")).length, 2);
  child.kill("SIGKILL");
  await untied(lab.near);
  await stdout.cancel();
});
