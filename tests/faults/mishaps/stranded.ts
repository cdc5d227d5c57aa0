// A thread that cannot return from another network namespace.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EPERM, SystemError } from "../../../ffi/errno.ts";
import { CLONE_NEWNET, O_RDONLY } from "../../../ffi/uapi/fcntl.ts";
import { cString, libc, unwrap } from "../../../ffi/libc.ts";
import { namespaceId, OWN_NAMESPACE } from "../../../lib/netns/namespace.ts";
import {
  assertDescriptors,
  idleDescriptors,
} from "../../support/descriptors.ts";
import { failing, Faults } from "../../support/faults.ts";
import { elsewhere } from "../operations/namespace.ts";

/**
 * Does something in another namespace from which there is no way back, and
 * fails unless it says so and leaves nothing open. The test then goes back.
 *
 * @param back Which setns is the way back: there is one before the way there.
 */
export async function stranded(
  act: (namespace: string) => unknown,
  back = 3,
): Promise<void> {
  const namespace = elsewhere();
  const { open, close, setns } = libc();
  const home = unwrap(open(cString(OWN_NAMESPACE), O_RDONLY, 0), "open");
  const id = namespaceId();
  try {
    const before = await idleDescriptors();
    using faults = new Faults();
    const fault = failing(EPERM);
    faults.arm({ call: "setns", nth: back, times: Infinity, fault });
    const error = assertThrows(() => act(namespace), SystemError);
    faults.disarm();
    assertEquals(error.code, "EPERM");
    assert(/return from .*This thread is still there/.test(error.message));
    assert(faults.happened > 1, "it is tried again");
    assert(namespaceId() !== id, "it is not where it was");
    unwrap(setns(home, CLONE_NEWNET), "setns");
    await assertDescriptors(before);
  } finally {
    setns(home, CLONE_NEWNET);
    close(home);
  }
}
