// Named namespaces: what netplumb makes `ip netns` sees, and the other way.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import {
  addNamespace,
  deleteNamespace,
  namespaceNames,
} from "../../../lib/netns/named_namespace.ts";
import { namespaceIdOf } from "../../../lib/rtnetlink/namespace_id.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { openDescriptors } from "../../support/descriptors.ts";
import { Lab, output, run, UnmadeNetns } from "../../support/netns.ts";

/** The namespace the calling thread is in, as the kernel numbers it. */
const here = () => Deno.readLinkSync("/proc/thread-self/ns/net");

function refusal(body: () => void): SystemError {
  return assertThrows(body, SystemError);
}

Deno.test("namespace: one that netplumb made is one to ip netns", async () => {
  const before = openDescriptors();
  const home = here();
  await using made = new UnmadeNetns("made");
  addNamespace(made.name);
  assertEquals(here(), home);
  assert(namespaceNames().includes(made.name));
  const listed = await run("ip", ["-j", "netns", "list"]);
  assert(
    JSON.parse(listed).some(({ name }: { name: string }) => name === made.name),
  );
  assert(inNamespace(made.name, here) !== home);
  assertEquals((await made.json("link")).map(({ ifname }) => ifname), ["lo"]);
  await run("ip", ["netns", "delete", made.name]);
  assert(!namespaceNames().includes(made.name));
  assertEquals(openDescriptors(), before);
});

Deno.test("namespace: one that ip netns made is one to netplumb", async () => {
  await using made = new UnmadeNetns("theirs");
  await run("ip", ["netns", "add", made.name]);
  assert(namespaceNames().includes(made.name));
  deleteNamespace(made.name);
  assert(!namespaceNames().includes(made.name));
  assert(!(await run("ip", ["netns", "list"])).includes(made.name));
  await assertGone(`/run/netns/${made.name}`);
});

async function assertGone(path: string): Promise<void> {
  assertEquals((await output("test", ["-e", path])).code, 1);
  const mounts = await Deno.readTextFile("/proc/self/mountinfo");
  assert(!mounts.includes(path));
}

Deno.test("namespace: is seen from other mount namespaces, as ip's are", async () => {
  await using made = new UnmadeNetns("shared");
  const other = new Deno.Command("unshare", {
    args: ["--mount", "--propagation", "slave", "sh", "-c", "echo; exec cat"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = other.stdout.getReader();
  await reader.read();
  addNamespace(made.name);
  const enter = (...args: string[]) =>
    output("nsenter", ["--mount", "--target", `${other.pid}`, ...args]);
  const seen = await enter("ip", "-n", made.name, "-br", "link");
  deleteNamespace(made.name);
  const mounts = (await enter("cat", "/proc/self/mountinfo")).stdout;
  await reader.cancel();
  await other.stdin.close();
  await other.status;
  assertEquals(seen.code, 0, seen.stderr);
  assert(!mounts.includes(made.name));
});

Deno.test("namespace: a taken name, none of that name, no name at all", async () => {
  await using made = new UnmadeNetns("taken");
  addNamespace(made.name);
  const inode = inNamespace(made.name, here);
  const taken = refusal(() => addNamespace(made.name));
  assertEquals(taken.code, "EEXIST");
  assert(taken.message.includes(made.name), taken.message);
  // The one that had the name keeps it.
  assertEquals(inNamespace(made.name, here), inode);
  deleteNamespace(made.name);
  const none = refusal(() => deleteNamespace(made.name));
  assertEquals(none.code, "ENOENT");
  for (const name of ["", ".", "..", "a/b", "/run/netns/x", "x".repeat(256)]) {
    assertThrows(() => addNamespace(name), ArgumentError);
    assertThrows(() => deleteNamespace(name), ArgumentError);
  }
});

Deno.test("namespace: a file that is left without a mount can be deleted", async () => {
  await using made = new UnmadeNetns("stale");
  await Deno.writeTextFile(`/run/netns/${made.name}`, "");
  deleteNamespace(made.name);
  await assertGone(`/run/netns/${made.name}`);
});

Deno.test("namespace: a hundred made and deleted leave nothing open", () => {
  const before = openDescriptors();
  for (let i = 0; i < 100; i++) {
    const { name } = new UnmadeNetns("many");
    addNamespace(name);
    deleteNamespace(name);
  }
  assertEquals(openDescriptors(), before);
});

Deno.test("namespace: a socket opened there stays there when its name is gone", async () => {
  await using made = new UnmadeNetns("socket");
  addNamespace(made.name);
  await made.ip("link set lo up");
  await using server = inNamespace(
    made.name,
    () => UdpSocket.bind({ address: "127.0.0.1", port: 0 }),
  );
  await using client = inNamespace(
    made.name,
    () => UdpSocket.bind({ address: "127.0.0.1", port: 0 }),
  );
  deleteNamespace(made.name);
  await client.send(new Uint8Array([7]), server.address);
  assertEquals((await server.receive({ timeout: 5000 })).data[0], 7);
});

Deno.test("namespace: the id another knows it by is the one ip prints", async () => {
  await using lab = await Lab.open("a", "b");
  await using socket = RouteSocket.open({ namespace: lab.a.name });
  assertEquals(await namespaceIdOf(socket, lab.b.name), undefined);
  await lab.a.ip(`netns set ${lab.b.name} 77`);
  assertEquals(await namespaceIdOf(socket, lab.b.name), 77);
});
