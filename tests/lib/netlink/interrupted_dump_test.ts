// Dumps that the kernel interrupts, because 1,000 links take it several
// datagrams, and another program changes the objects meanwhile.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { NETLINK_ROUTE } from "../../../ffi/uapi/linux_netlink.ts";
import { ifinfomsg, RTM_GETLINK } from "../../../ffi/uapi/linux_rtnetlink.ts";
import { TimeoutError } from "../../../lib/errors.ts";
import {
  type Dump,
  type DumpOptions,
  NetlinkConnection,
} from "../../../lib/netlink/connection.ts";
import { DumpInterruptedError } from "../../../lib/netlink/errors.ts";
import type { MessageReader } from "../../../lib/netlink/message.ts";
import { decodeLink, Link } from "../../../lib/rtnetlink/link/link.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { SLOWNESS } from "../../support/timing.ts";

const COUNT = 1000;

async function withLinks(
  body: (namespace: Netns) => Promise<void>,
): Promise<void> {
  await using lab = await Lab.open("ns");
  await lab.ns.batch(
    Array.from({ length: COUNT }, (_, i) => `link add l${i} type ifb`)
      .join("\n"),
  );
  await body(lab.ns);
}

/** All that were there all the time are in it, none twice. */
function complete(links: readonly Link[]): void {
  const names = new Set(links.map(({ name }) => name));
  assertEquals(names.size, links.length);
  for (let i = 0; i < COUNT; i++) {
    assert(names.has(`l${i}`), `l${i} is missing`);
  }
}

const LINKS = { type: RTM_GETLINK, body: ifinfomsg.build({}) };

/** Reads links, changing them in the middle of the first so many attempts. */
function disturbing(
  namespace: Netns,
  times: number,
): (message: MessageReader) => Link | undefined {
  let attempt = 0;
  let last = 0;
  return (message) => {
    const link = decodeLink(message);
    if (link?.name === "lo") {
      attempt++;
    } else if (link?.name === "l1" && attempt !== last) {
      last = attempt;
      if (attempt <= times) {
        const { success } = new Deno.Command("ip", {
          args: ["-n", namespace.name, ..."link add type ifb".split(" ")],
        }).outputSync();
        assert(success);
      }
    }
    return link;
  };
}

function open(namespace: Netns): NetlinkConnection {
  return NetlinkConnection.open({
    protocol: NETLINK_ROUTE,
    namespace: namespace.name,
  });
}

async function faults(
  namespace: Netns,
  times: number,
  options: DumpOptions = {},
): Promise<Dump<Link>> {
  await using connection = open(namespace);
  return await connection.dump(LINKS, disturbing(namespace, times), options);
}

Deno.test("a dump interrupted three times is read a fourth", async () => {
  await withLinks(async (namespace) => {
    const links = await faults(namespace, 3);
    assertEquals(links.attempts, 4);
    assertEquals(links.interrupted, false);
    complete(links);
    assertEquals(links.length, 1 + COUNT + 3);
  });
});

/** Whether a dump that ended early had begun more than once. */
function triedAgain(error: unknown): boolean {
  if (error instanceof TimeoutError) return false;
  assertInstanceOf(error, DumpInterruptedError);
  return error.attempts > 1;
}

Deno.test("a dump interrupted every time ends after ten, and says so", async () => {
  await withLinks(async (namespace) => {
    const error = await assertRejects(
      () => faults(namespace, Infinity),
      DumpInterruptedError,
    );
    assertEquals(error.attempts, 10);
    assertEquals(error.request.type, RTM_GETLINK);
    assert(error.partial.length >= COUNT);

    const few = await assertRejects(
      () => faults(namespace, Infinity, { attempts: 2 }),
      DumpInterruptedError,
    );
    assertEquals(few.attempts, 2);

    const first = await assertRejects(
      () => faults(namespace, Infinity, { onInterrupt: "throw" }),
      DumpInterruptedError,
    );
    assertEquals(first.attempts, 1);

    // As long as it takes for a second attempt, on a machine that is busy.
    let late: unknown;
    let timeout = 200 * SLOWNESS;
    do {
      const options = { attempts: Infinity, timeout };
      late = await assertRejects(() => faults(namespace, Infinity, options));
      timeout *= 2;
    } while (!triedAgain(late));
    assertInstanceOf(late, DumpInterruptedError);
    assert(late.cause instanceof TimeoutError);
  });
});

Deno.test("an interrupted dump is returned as it is on request, and marked", async () => {
  await withLinks(async (namespace) => {
    const links = await faults(namespace, 1, { onInterrupt: "partial" });
    assertEquals(links.interrupted, true);
    assertEquals(links.attempts, 1);
    assert(links.length >= COUNT);
  });
});

Deno.test("a lazy dump that is interrupted is read again too", async () => {
  await withLinks(async (namespace) => {
    await using connection = open(namespace);
    const dump = (times: number, options?: DumpOptions) => {
      const read = disturbing(namespace, times);
      const accept = (message: MessageReader) => read(message) !== undefined;
      return connection.dumpLazily(LINKS, decodeLink, accept, options);
    };
    const links = await dump(2);
    assertEquals([links.attempts, links.interrupted], [3, false]);
    complete([...links]);
    const partial = await dump(1, { onInterrupt: "partial" });
    assertEquals([partial.attempts, partial.interrupted], [1, true]);
    const error = await assertRejects(
      () => dump(1, { onInterrupt: "throw" }),
      DumpInterruptedError,
    );
    assertInstanceOf(error.partial[0], Link);
  });
});

/** Adds and removes a link five times, pauses, and so on. */
function churn(namespace: Netns): AsyncDisposable {
  const child = namespace.spawn("sh", [
    "-c",
    `while :; do echo "$1"; sleep 0.05; done | ip -batch -`,
    "churn",
    "link add churn type ifb\nlink delete churn\n".repeat(5).trim(),
  ], { stdin: "null", stdout: "null", stderr: "null" });
  return {
    async [Symbol.asyncDispose]() {
      for (const pid of await namespace.pids()) {
        try {
          Deno.kill(pid, "SIGKILL");
        } catch { /* a sleep that just ended */ }
      }
      await child.status;
    },
  };
}

Deno.test("dumps while links come and go are whole, the interrupted ones after all", async () => {
  await withLinks(async (namespace) => {
    await using route = RouteSocket.open({ namespace: namespace.name });
    await using _churn = churn(namespace);
    let retried = 0;
    for (let i = 0; i < 1000 && retried < 3; i++) {
      try {
        const links = await route.links({ statistics: true });
        assertEquals(links.interrupted, false);
        complete(links);
        if (links.attempts > 1) retried++;
      } catch (error) {
        // On a busy machine the links may come and go ten times in a row.
        assertInstanceOf(error, DumpInterruptedError);
        assertEquals(error.attempts, 10);
      }
    }
    assertEquals(retried, 3);
  });
});
