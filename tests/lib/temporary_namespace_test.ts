// A namespace without a name: is it one of its own, and does it go with its
// descriptor? A veth pair with one end in it tells when the kernel took it down.

import { assertEquals, assertNotEquals } from "@std/assert";
import { inNamespace } from "../../lib/namespace.ts";
import { TemporaryNamespace } from "../../lib/temporary_namespace.ts";
import { ownedDescriptors } from "../support/descriptors.ts";
import { Lab, type Netns, run } from "../support/netns.ts";

const identity = () => Deno.readLinkSync("/proc/thread-self/ns/net");

async function tie(netns: Netns, path: string): Promise<void> {
  await netns.ip(`link add tie0 type veth peer name tie1 netns ${path}`);
}

/** Resolves when the kernel says that the near end of the pair is gone. */
async function untied(netns: Netns, body: () => unknown): Promise<void> {
  const monitor = netns.spawn("ip", ["monitor", "link"], { stdout: "piped" });
  const lines = monitor.stdout.pipeThrough(new TextDecoderStream());
  const text = lines.getReader();
  try {
    // Its first line shows that it listens.
    await netns.ip("link set tie0 up");
    await text.read();
    await body();
    for (let read = ""; !/Deleted.* tie0/.test(read);) {
      const { value, done } = await text.read();
      if (done) throw new Error(`ip monitor ended: ${read}`);
      read += value;
    }
  } finally {
    monitor.kill();
    await text.cancel();
    await monitor.status;
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
  await untied(lab.near, () => namespace.close());
  assertEquals((await lab.near.json("link")).length, 1);
});

Deno.test("killing its process takes a temporary namespace away", async () => {
  await using lab = await Lab.open("near");
  const module = import.meta.resolve("../../lib/temporary_namespace.ts");
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
  await untied(lab.near, () => child.kill("SIGKILL"));
  await stdout.cancel();
  assertEquals((await lab.near.json("link")).length, 1);
});
