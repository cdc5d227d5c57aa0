// Two joined sockets for what concerns descriptors and waiting alone.

import {
  AF_UNIX,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
} from "../../ffi/uapi/sys_socket.ts";
import { EAGAIN } from "../../ffi/errno.ts";
import { errno, libc, unwrap } from "../../ffi/libc.ts";
import { Descriptor } from "../../lib/io/descriptor.ts";

/** One end: what is put into it comes out of the other. */
export class End extends Descriptor {
  /** Its number, also after close(). */
  readonly number: number;

  constructor(number: number, what: string) {
    super(number, what);
    this.number = number;
  }

  /** Sends one byte to the other end. */
  put(value = 1): void {
    unwrap(libc().write(this.fd, new Uint8Array([value]), 1n), "write");
  }

  /** The byte that is there, -1 where none is. */
  take(): number {
    const byte = new Uint8Array(1);
    return libc().read(this.fd, byte, 1n) < 1 ? -1 : byte[0];
  }

  /** Puts bytes until there is no space for more. */
  fill(): void {
    while (libc().write(this.fd, new Uint8Array(512), 512n) > 0);
    if (errno() !== EAGAIN) throw new Error(`errno ${errno()}`);
  }
}

/** Two ends, disposed of together. */
export class SocketPair implements AsyncDisposable {
  readonly a: End;
  readonly b: End;

  constructor(name = "") {
    const pair = new Int32Array(2);
    const type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
    unwrap(libc().socketpair(AF_UNIX, type, 0, pair), "socketpair");
    this.a = new End(pair[0], `end a${name}`);
    this.b = new End(pair[1], `end b${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.a.close();
    await this.b.close();
  }
}
