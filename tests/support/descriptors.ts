// Raw descriptors are invisible to Deno's leak sanitizers: count them.

import { assertEquals } from "@std/assert";
import { StopEvent } from "../../lib/io/blocking_poll.ts";
import { Descriptor } from "../../lib/io/descriptor.ts";

// Opened here and kept, so that no test is charged with the library's handle and
// the descriptors of the thread's reactor.
await using event = StopEvent.create();
await new Descriptor(event.fd, "event", { borrowed: true })
  .readable({ timeout: 0 }).catch(() => {});

/** What each open descriptor of this process points to, sorted. */
export function openDescriptors(): string[] {
  const targets: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      targets.push(Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch { /* the directory's own descriptor is gone again */ }
  }
  return targets.sort();
}

/** The open sockets, TUN devices and others of this process. */
export function ownedDescriptors(): string[] {
  return openDescriptors().filter((target) =>
    /^(socket:|anon_inode:\[eventfd\]|\/dev\/net\/tun|anon_inode:inotify|\/run\/netns|\/proc\/\d+\/(task|mountinfo))/
      .test(target)
  );
}

/** What each eventfd of this process counts, by its descriptor. */
export function eventfds(): Map<string, string> {
  const counts = new Map<string, string>();
  for (const { name } of Deno.readDirSync("/proc/self/fdinfo")) {
    try {
      const text = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
      const count = /^eventfd-count:\s+(\w+)$/m.exec(text);
      if (count !== null) counts.set(name, count[1]);
    } catch { /* the directory's own descriptor is gone again */ }
  }
  return counts;
}

/** The same once nothing opens or closes descriptors any more. */
export async function idleDescriptors(): Promise<string[]> {
  let found = ownedDescriptors();
  for (let same = 0; same < 3;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = ownedDescriptors();
    same = now.join() === found.join() ? same + 1 : 0;
    found = now;
  }
  return found;
}

/** Fails unless the owned descriptors come to be these. */
export async function assertDescriptors(expected: string[]): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if (ownedDescriptors().join() === expected.join()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(ownedDescriptors(), expected);
}
