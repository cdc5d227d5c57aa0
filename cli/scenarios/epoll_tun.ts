// A TUN device that is waited for with epoll, by plain system calls in any
// order.

import { libc, unwrap } from "../../ffi/libc.ts";
import { F_SETFL, O_NONBLOCK, O_RDWR } from "../../ffi/uapi/fcntl.ts";
import { IFF_NO_PI, IFF_TUN, TUNSETIFF } from "../../ffi/uapi/linux_if_tun.ts";
import { ifreq } from "../../ffi/uapi/net_if.ts";
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLET,
  epollEvent,
  EPOLLIN,
} from "../../ffi/uapi/poll.ts";
import { openNode } from "../../lib/tun/attach.ts";

/** TUNSETIFF: attaches a descriptor of /dev/net/tun to a device. */
export function attachTun(fd: number, name: string): void {
  const request = ifreq.build({
    ifr_name: name,
    ifr_flags: IFF_TUN | IFF_NO_PI,
  });
  unwrap(libc().ioctl(fd, BigInt(TUNSETIFF), request), "ioctl TUNSETIFF");
}

/** Level-triggered or edge-triggered. */
export type Trigger = "level" | "edge";

const OPERATIONS = {
  ADD: EPOLL_CTL_ADD,
  MOD: EPOLL_CTL_MOD,
  DEL: EPOLL_CTL_DEL,
} as const;

export class EpollTun implements AsyncDisposable {
  readonly #fd = openNode();
  readonly #epoll = unwrap(libc().epoll_create1(0), "epoll_create1");
  readonly #trigger: Trigger;
  readonly #packet = new Uint8Array(2048);

  constructor(trigger: Trigger) {
    this.#trigger = trigger;
    unwrap(libc().fcntl(this.#fd, F_SETFL, O_RDWR | O_NONBLOCK), "fcntl");
  }

  attach(name: string): void {
    attachTun(this.#fd, name);
  }

  control(operation: keyof typeof OPERATIONS): void {
    const event = epollEvent().build({
      events: EPOLLIN | (this.#trigger === "edge" ? EPOLLET : 0),
    });
    unwrap(
      libc().epoll_ctl(this.#epoll, OPERATIONS[operation], this.#fd, event),
      "epoll_ctl",
    );
  }

  /** Whether epoll reports the descriptor within some milliseconds. */
  wait(milliseconds: number): boolean {
    const event = epollEvent().build({});
    const { epoll_wait } = libc();
    return unwrap(
      epoll_wait(this.#epoll, event, 1, milliseconds),
      "epoll_wait",
    ) > 0;
  }

  /** Reads until EAGAIN; returns the number of packets. */
  drain(): number {
    const { read } = libc();
    let packets = 0;
    while (read(this.#fd, this.#packet, BigInt(this.#packet.length)) > 0) {
      packets++;
    }
    return packets;
  }

  [Symbol.asyncDispose](): Promise<void> {
    libc().close(this.#epoll);
    libc().close(this.#fd);
    return Promise.resolve();
  }
}
