// The socket of the service manager.

import { assertEquals } from "@std/assert";
import { ServiceManager } from "../../../cli/ensure/service_manager.ts";
import { unwrap } from "../../../ffi/libc.ts";
import {
  AF_UNIX,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
} from "../../../ffi/uapi/sys_socket.ts";
import { Descriptor } from "../../../lib/io/descriptor.ts";
import { realLibc } from "../../support/faults.ts";
import { Made, op, type Operation } from "../operation.ts";

/** The socket that a service manager names in NOTIFY_SOCKET. */
class NotifySocket extends Descriptor {
  readonly managers = new Made<ServiceManager & AsyncDisposable>();
  readonly #name = `netplumb-test-${crypto.randomUUID()}`;

  constructor() {
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    super(unwrap(realLibc.socket(AF_UNIX, type, 0), "socket"), "notify socket");
    const name = new TextEncoder().encode(`..\0${this.#name}`);
    new DataView(name.buffer).setUint16(0, AF_UNIX, true);
    unwrap(realLibc.bind(this.fd, name, name.length), "bind");
  }

  /** Opens it as the service does. */
  open(): ServiceManager {
    Deno.env.set("NOTIFY_SOCKET", `@${this.#name}`);
    try {
      const manager = ServiceManager.open()!;
      this.managers.keep(Object.assign(manager, {
        [Symbol.asyncDispose]: () => Promise.resolve(manager[Symbol.dispose]()),
      }));
      return manager;
    } finally {
      Deno.env.delete("NOTIFY_SOCKET");
    }
  }

  /** The next message. */
  async message(): Promise<string> {
    await this.readable({ timeout: 5000 });
    const bytes = new Uint8Array(256);
    const length = unwrap(realLibc.read(this.fd, bytes, 256n), "read");
    return new TextDecoder().decode(bytes.subarray(0, Number(length)));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.managers[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}

/** Of a service that has opened it. */
class Notified extends NotifySocket {
  readonly manager = this.open();
}

export const service: readonly Operation[] = [
  op({
    name: "service manager of ensure: open NOTIFY_SOCKET",
    prepare: () => new NotifySocket(),
    act: (socket) => socket.open(),
    async check(manager, socket) {
      manager.ready("x");
      assertEquals(await socket.message(), "READY=1\nSTATUS=x");
    },
    outcomes: { socket: "error" },
  }),
  op({
    name: "service manager of ensure: READY=1",
    prepare: () => new Notified(),
    act: ({ manager }) => manager.ready("x"),
    async check(_, socket) {
      assertEquals(await socket.message(), "READY=1\nSTATUS=x");
    },
    outcomes: { sendto: "retried" },
  }),
];
