// Namespaces that other programs create, by path, by process and by name: waited
// for, configured, followed when they are replaced, and never deleted.

import { assertEquals, assertThrows } from "@std/assert";
import {
  ConfigurationError,
  exportConfiguration,
  parseConfiguration,
  Reconciler,
  TemporaryNamespace,
} from "../../../../mod.ts";
import { Lab, output, run } from "../../../support/netns.ts";
import { Reconciled } from "../../../support/reconciled.ts";
import "../../../support/descriptors.ts";

/** A process in a new network namespace, as a container has one. */
class Container implements AsyncDisposable {
  readonly #child = new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", "echo ready; exec sleep 1000"],
    stdout: "piped",
  }).spawn();

  /** Starts it, and waits until it is in its namespace. */
  static async start(): Promise<Container> {
    const container = new Container();
    const reader = container.#child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    return container;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The names of its links, with those that are up: "eth0 UP". */
  async links(): Promise<string[]> {
    const args = ["-t", `${this.pid}`, "-n", "ip", "-j", "link", "show"];
    const links: { readonly ifname: string; readonly flags: string[] }[] = JSON
      .parse(await run("nsenter", args));
    return links.map(({ ifname, flags }) =>
      flags.includes("UP") ? `${ifname} UP` : ifname
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

const peer = (netns: string) => ({
  name: "to-web",
  kind: "veth",
  up: true,
  options: { peer: { name: "eth0", netns, up: true } },
  addresses: ["192.0.2.1/24"],
});

Deno.test("a container is connected by the pid of its process, and left as it was", async () => {
  await using lab = await Lab.open("host");
  const { host } = lab;
  await using container = await Container.start();
  const desired = parseConfiguration({
    namespaces: {
      [host.name]: { links: [peer("web")] },
      web: {
        pid: container.pid,
        links: [{ name: "eth0", addresses: ["192.0.2.2/24"] }],
        routes: [{ to: "default", via: "192.0.2.1" }],
        sysctls: { "net.ipv4.ip_forward": 1 },
      },
    },
  });
  {
    await using reconciler = await Reconciler.open(desired);
    const { refused, missing } = await reconciler.apply();
    assertEquals([refused, missing], [undefined, []]);
  }
  await host.run("ping", ["-c", "1", "-W", "5", "192.0.2.2"]);
  assertEquals(await container.links(), ["lo", "eth0 UP"]);
  await using reconciler = await Reconciler.open(desired);
  assertEquals((await reconciler.plan()).actions, []);
  const exported = await exportConfiguration({
    namespace: host.name,
    namespaces: [{ name: "web", path: `/proc/${container.pid}/ns/net` }],
  });
  assertEquals(exported.namespaces?.web?.path, `/proc/${container.pid}/ns/net`);
  assertEquals(exported.namespaces?.web?.routes, [
    { to: "default", via: "192.0.2.1", dev: "eth0" },
  ]);
  const { removed, refused } = await reconciler.down();
  assertEquals(refused, []);
  assertEquals(removed.map(({ summary }) => summary), [
    "delete route default",
    "delete link to-web",
  ]);
  assertEquals(await container.links(), ["lo"]);
});

Deno.test("a namespace with a path is waited for, and followed when it is replaced", async () => {
  await using lab = await Lab.open("host");
  const { host } = lab;
  const directory = await Deno.makeTempDir();
  const path = `${directory}/web`;
  try {
    const configuration = {
      namespaces: {
        [host.name]: { links: [peer("web")] },
        web: { path, links: [{ name: "lo", up: true }] },
      },
    };
    await using reconciled = await Reconciled.open(configuration);
    const { object, name } = await reconciled.report("missing");
    assertEquals([object, name], ["namespace", "web"]);
    assertEquals(await host.json("link show type veth"), []);
    for (let time = 0; time < 2; time++) {
      await using container = await Container.start();
      await Deno.symlink(`/proc/${container.pid}/ns/net`, path);
      await reconciled.report(
        "corrected",
        ({ action }) => action.summary.startsWith("add link to-web"),
      );
      await reconciled.report(
        "corrected",
        ({ action }) => action.summary === "change link lo",
      );
      assertEquals(await container.links(), ["lo UP", "eth0 UP"]);
      await Deno.remove(path);
      await reconciled.report("missing");
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a name that another program creates is waited for and not deleted", async () => {
  await using lab = await Lab.open("host");
  const name = `${lab.host.name}-later`;
  const desired = parseConfiguration({
    namespaces: {
      [name]: {
        create: false,
        links: [{ name: "b0", kind: "bridge" }, { name: "eth9" }],
        routes: [{ to: "default", dev: "eth9" }],
      },
    },
  });
  await using reconciler = await Reconciler.open(desired);
  const first = await reconciler.apply();
  assertEquals(first.applied, []);
  assertEquals(first.missing, [{ object: "namespace", namespace: name, name }]);
  assertEquals(await reconciler.waitReady({ timeout: 0 }), [
    { object: "namespace", namespace: name, name, reason: "does not exist" },
  ]);
  try {
    await run("ip", ["netns", "add", name]);
    const { applied, missing } = await reconciler.apply();
    assertEquals(applied.map(({ summary }) => summary), [
      "add link b0 (bridge)",
    ]);
    assertEquals(missing, [{ object: "link", namespace: name, name: "eth9" }]);
    const { removed } = await reconciler.down();
    assertEquals(removed.map(({ summary }) => summary), ["delete link b0"]);
    assertEquals(
      (await output("ip", ["netns", "list"])).stdout.includes(name),
      true,
    );
  } finally {
    await output("ip", ["netns", "delete", name]);
  }
});

Deno.test("a namespace of another program has one place", async () => {
  const problem = (namespace: object) =>
    assertThrows(
      () => parseConfiguration({ namespaces: { web: namespace } }),
      ConfigurationError,
    ).message.split("\n").at(-1)!.trim();
  await using netns = TemporaryNamespace.create();
  const { path } = netns;
  assertEquals([
    problem({ path, pid: 1 }),
    problem({ path, create: true }),
    problem({ path: "run/web" }),
    problem({ pid: 0 }),
  ], [
    "namespaces.web.pid: path names the namespace already",
    "namespaces.web.create: only a namespace without path and pid can be created",
    'namespaces.web.path: "run/web" is not an absolute path',
    "namespaces.web.pid: 0 is not a whole number from 1 to 4194304",
  ]);
  // Both names would be the same namespace.
  const twice = parseConfiguration({
    namespaces: { a: { path }, b: { path } },
  });
  const error = await Reconciler.open(twice).then(() => undefined, String);
  assertEquals(error?.includes("another namespace than a"), true, error);
});
