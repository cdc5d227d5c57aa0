// A network namespace that only a descriptor refers to: no name and no mount, so
// nothing is left when the process ends in any way.

import { errno, libc } from "../../ffi/libc.ts";
import { CLONE_NEWNET } from "../../ffi/uapi/fcntl.ts";
import { Descriptor } from "../io/descriptor.ts";
import {
  leaveNamespace,
  openNamespace,
  OWN_NAMESPACE,
  refusedNamespace,
} from "./namespace.ts";

const TRIED = "make a network namespace";

/**
 * A new network namespace without a name. It and every device in it are gone
 * once it is closed, or once the process ends, killed or not, as soon as no
 * socket and no process is left in it.
 *
 * Source: unshare(2), network_namespaces(7).
 *
 * @example
 * ```ts
 * import { TemporaryNamespace, UdpSocket } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using socket = UdpSocket.bind({ namespace: namespace.path });
 * ```
 */
export class TemporaryNamespace implements AsyncDisposable {
  readonly #descriptor: Descriptor;

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
  }

  /**
   * Makes one. The calling thread is in it for a moment and then back.
   *
   * @throws {SystemError} Without CAP_SYS_ADMIN, or where there are too many.
   */
  static create(): TemporaryNamespace {
    const fd = leaveNamespace({
      tried: TRIED,
      where: "a new network namespace",
      go() {
        if (libc().unshare(CLONE_NEWNET) < 0) {
          throw refusedNamespace("unshare", errno(), TRIED);
        }
      },
      body: () => openNamespace(OWN_NAMESPACE, TRIED),
      undo: (fd) => libc().close(fd),
    });
    const descriptor = new Descriptor(fd, "temporary network namespace");
    return new TemporaryNamespace(descriptor);
  }

  /**
   * Where it can be entered, here and from other processes: for `inNamespace`,
   * the `namespace` options and `nsenter --net=`.
   */
  get path(): string {
    return `/proc/${Deno.pid}/fd/${this.fd}`;
  }

  /** The descriptor that holds it, for IFLA_NET_NS_FD. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  /** Lets go of it. */
  close(): Promise<void> {
    return this.#descriptor.close();
  }

  /** Equivalent to close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
