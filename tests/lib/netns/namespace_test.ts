// A visit to another network namespace: who is there, and that one comes back.

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { inNamespace, namespacePath } from "../../../lib/netns/namespace.ts";
import { openDescriptors } from "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";
import { scriptLines, without } from "../../support/script.ts";

/** The namespace the calling thread is in, as the kernel numbers it. */
const here = () => Deno.readLinkSync("/proc/thread-self/ns/net");

Deno.test("namespace: by name, path and process, and back again", async () => {
  await using lab = await Lab.open("a", "b");
  const home = here();
  const before = openDescriptors();
  const a = (await lab.a.run("readlink", ["/proc/self/ns/net"])).trim();
  assertNotEquals(a, home);
  assertEquals(inNamespace(lab.a.name, here), a);
  assertEquals(inNamespace(`/run/netns/${lab.a.name}`, here), a);
  assertEquals(inNamespace(undefined, here), home);
  assertEquals(inNamespace(Deno.pid, here), home);
  assertEquals(here(), home);

  const sleeper = lab.a.spawn("sh", ["-c", "echo there; exec sleep 60"], {
    stdout: "piped",
  });
  const reader = sleeper.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals(inNamespace(sleeper.pid, here), a);
  sleeper.kill("SIGKILL");
  await sleeper.status;
  assertEquals(openDescriptors(), before);
});

Deno.test("namespace: one inside another comes back a step at a time", async () => {
  await using lab = await Lab.open("a", "b");
  const home = here();
  const a = inNamespace(lab.a.name, here);
  const b = inNamespace(lab.b.name, here);
  assertEquals(new Set([home, a, b]).size, 3);
  const seen = inNamespace(lab.a.name, () => {
    const inner = inNamespace(lab.b.name, here);
    return [inner, here()];
  });
  assertEquals(seen, [b, a]);
  assertEquals(here(), home);
});

Deno.test("namespace: what fails in there comes out, and the thread too", async () => {
  await using lab = await Lab.open("a");
  const [home, before] = [here(), openDescriptors()];
  assertThrows(
    () =>
      inNamespace(lab.a.name, () => {
        throw new RangeError("inside");
      }),
    RangeError,
    "inside",
  );
  assertEquals(here(), home);
  assertEquals(openDescriptors(), before);
});

Deno.test("namespace: one that is not there, or is none", () => {
  const before = openDescriptors();
  const body = () => assert(false, "must not run");
  const absent = assertThrows(
    () => inNamespace("np-no-such", body),
    SystemError,
  );
  assertEquals(
    absent.message,
    "enter network namespace np-no-such: ENOENT, no such file or directory" +
      " (open). Check its name, path or pid",
  );
  const none = assertThrows(() => inNamespace("/dev/null", body), SystemError);
  assertEquals([none.syscall, none.code], ["setns", "EINVAL"]);
  // A namespace, but of another kind.
  const other = assertThrows(
    () => inNamespace("/proc/self/ns/uts", body),
    SystemError,
  );
  assertEquals([other.syscall, other.code], ["setns", "EINVAL"]);
  assertEquals(openDescriptors(), before);
});

Deno.test("namespace: what can be no name is refused before any system call", () => {
  for (const name of ["", ".", "..", "a/b", "../x", "a\0b", "/run\0/x"]) {
    assertThrows(() => namespacePath(name), ArgumentError, "namespace: ");
  }
  for (const process of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => namespacePath(process),
      ArgumentError,
      "is not a process number",
    );
  }
  assertEquals(namespacePath("blue"), "/run/netns/blue");
  assertEquals(namespacePath("..."), "/run/netns/...");
});

Deno.test("namespace: without CAP_SYS_ADMIN the error names it", async () => {
  const lines = await scriptLines(
    `
    import { inNamespace } from "lib:netns/namespace.ts";
    try {
      inNamespace(Deno.pid, () => console.log("entered"));
    } catch (error) {
      console.log(error.code, error.capability, error.message);
    }`,
    { under: without("sys_admin") },
  );
  assertEquals(lines.length, 1);
  const [code, capability, ...words] = lines[0].split(" ");
  assertEquals([code, capability], ["EPERM", "CAP_SYS_ADMIN"]);
  assert(/Run as root or grant CAP_SYS_ADMIN$/.test(words.join(" ")), lines[0]);
});
