// Raw descriptors are invisible to Deno's leak sanitizers: count them.

import { assertEquals } from "@std/assert";
import { libc } from "../../ffi/libc.ts";

// Opened here and kept, so that no test is charged with the library's handle.
libc();

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

/** The open sockets, TUN devices and the like of this process. */
export function ownedDescriptors(): string[] {
  return openDescriptors().filter((target) =>
    /^(socket:|anon_inode:\[eventfd\]|\/dev\/net\/tun|anon_inode:inotify|\/run\/netns|\/proc\/\d+\/(task|mountinfo))/
      .test(target)
  );
}

/** Fails unless the owned descriptors come to be these, once the poller idles. */
export async function assertDescriptors(expected: string[]): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if (ownedDescriptors().join() === expected.join()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(ownedDescriptors(), expected);
}
