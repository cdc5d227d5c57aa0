// Network namespaces, and the names of interfaces in them.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  interfaceIndex,
  interfaceName,
} from "../../../lib/net/interface_index.ts";
import {
  inNamespace,
  namespaceId,
  OWN_NAMESPACE,
  TemporaryNamespace,
} from "../../../lib/netns/namespace.ts";
import {
  addNamespace,
  deleteNamespace,
} from "../../../lib/netns/named_namespace.ts";
import { readSysctl, writeSysctl } from "../../../lib/netns/sysctl.ts";
import { Made, op, type Operation } from "../operation.ts";

const FORWARDING = "net.ipv4.conf.lo.forwarding";

let other: string | undefined;

/** A namespace that is not this one, for all of them. */
export function elsewhere(): string {
  if (other === undefined) {
    other = TemporaryNamespace.create().path;
    // Nothing is sent there but what an operation sends.
    inNamespace(other, () => {
      const ipv6 = "/proc/sys/net/ipv6/conf";
      Deno.writeTextFileSync(`${ipv6}/default/disable_ipv6`, "1");
    });
  }
  return other;
}

/** Where this thread is, which is where it is to be afterwards. */
class Home implements AsyncDisposable {
  readonly #id = namespaceId();

  /** Whether it is there. */
  check(): void {
    assertEquals(namespaceId(), this.#id);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.check();
    return Promise.resolve();
  }
}

/** A name that no namespace has. */
class Name extends Home {
  static #count = 0;
  readonly name = `npf${Deno.pid.toString(36)}-${Name.#count++}`;

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    try {
      deleteNamespace(this.name);
    } catch { /* it was not made, or is gone */ }
  }
}

/** A name that one has. */
export class Named extends Name {
  constructor() {
    super();
    addNamespace(this.name);
  }
}

const exists = (name: string) =>
  [...Deno.readDirSync("/run/netns")].some((entry) => entry.name === name);

export const namespaces: readonly Operation[] = [
  op({
    name: "inNamespace",
    prepare: () => (elsewhere(), new Home()),
    act: () => inNamespace(elsewhere(), () => Deno.readLinkSync(OWN_NAMESPACE)),
    check(id, home) {
      assertNotEquals(id, namespaceId());
      home.check();
    },
    outcomes: {
      "open, setns": "error",
      "setns 3": "retried",
      close: "ignored",
    },
  }),
  op({
    name: "TemporaryNamespace.create",
    prepare: () => new Made<TemporaryNamespace>(),
    act: (made) => made.keep(TemporaryNamespace.create()),
    check: ({ path }) =>
      assertNotEquals(Deno.readLinkSync(path), namespaceId()),
    outcomes: {
      "open, setns, unshare": "error",
      "setns 2": "retried",
      close: "ignored",
    },
  }),
  op({
    name: "addNamespace",
    prepare: () => new Name(),
    act: ({ name }) => addNamespace(name),
    check: (_, { name }) => {
      assert(exists(name));
      inNamespace(name, () => {});
    },
    outcomes: {
      "mkdir, mount, open, setns, unshare": "error",
      "setns 2": "retried",
      close: "ignored",
    },
  }),
  op({
    name: "deleteNamespace",
    prepare: () => new Named(),
    act: ({ name }) => deleteNamespace(name),
    check: (_, { name }) => assert(!exists(name)),
    outcomes: { "umount2, unlink": "error" },
  }),
  op({
    name: "sysctls of ensure: read",
    prepare: () => (elsewhere(), new Home()),
    act: () => readSysctl(elsewhere(), FORWARDING),
    check(value, home) {
      assertEquals(value, "0");
      home.check();
    },
    outcomes: {
      "open, setns, read": "error",
      "setns 3": "retried",
      close: "ignored",
    },
  }),
  op({
    name: "sysctls of ensure: write",
    prepare: () => (elsewhere(), new Home()),
    act: () => writeSysctl(elsewhere(), FORWARDING, "0"),
    check(_, home) {
      assertEquals(readSysctl(elsewhere(), FORWARDING), "0");
      home.check();
    },
    outcomes: {
      "open, setns, write": "error",
      "setns 3": "retried",
      close: "ignored",
    },
  }),
  op({
    name: "interfaceIndex",
    prepare: () => new Home(),
    act: () => interfaceIndex("lo"),
    check: (index) => assertEquals(index, 1),
    outcomes: { if_nametoindex: "error" },
  }),
  op({
    name: "interfaceName",
    prepare: () => new Home(),
    act: () => interfaceName(1),
    check: (name) => assertEquals(name, "lo"),
    outcomes: { if_indextoname: "error" },
  }),
];
