// Reports the state of the service to systemd: sd_notify(3), without libsystemd.

import { libc, unwrap } from "../../ffi/libc.ts";
import {
  AF_UNIX,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  timespec,
} from "../../ffi/uapi/sys_socket.ts";
import { CLOCK_MONOTONIC } from "../../ffi/uapi/time.ts";

/** Milliseconds after which a rejected message is sent again. */
const RETRY_INTERVAL = 100;
/** How often that is tried: for five seconds. */
const RETRIES = 50;

/** The service manager that started this process. */
export class ServiceManager implements Disposable {
  readonly #socket: number;
  readonly #address: Uint8Array<ArrayBuffer>;
  readonly #watchdog: ReturnType<typeof setInterval> | undefined;
  #status = "";
  /** Messages to send, the oldest first. */
  #unsent: Uint8Array<ArrayBuffer>[] = [];
  #retries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** @param path NOTIFY_SOCKET: a path, or @ and an abstract name. */
  private constructor(path: string, watchdog: number | undefined) {
    const name = new TextEncoder().encode(path.replace(/^@/, "\0"));
    this.#address = new Uint8Array(2 + name.length);
    new DataView(this.#address.buffer).setUint16(0, AF_UNIX, true);
    this.#address.set(name, 2);
    const type = SOCK_DGRAM | SOCK_CLOEXEC;
    this.#socket = unwrap(libc().socket(AF_UNIX, type, 0), "socket");
    if (watchdog === undefined) return;
    this.#watchdog = setInterval(
      () => this.#unsent.length > 0 || this.#send("WATCHDOG=1"),
      watchdog / 2000,
    );
  }

  /** The manager that the environment names; undefined without one. */
  static open(): ServiceManager | undefined {
    const path = Deno.env.get("NOTIFY_SOCKET");
    if (!path) return undefined;
    const interval = Number(Deno.env.get("WATCHDOG_USEC"));
    const pid = Deno.env.get("WATCHDOG_PID") ?? String(Deno.pid);
    const hasWatchdog = interval > 0 && pid === String(Deno.pid);
    return new ServiceManager(path, hasWatchdog ? interval : undefined);
  }

  /** The configuration is applied, also after a reload. */
  ready(status: string): void {
    this.#status = status;
    this.#send(`READY=1\nSTATUS=${status}`);
  }

  /** A reload begins. */
  reloading(): void {
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`);
  }

  /** The process ends. */
  stopping(): void {
    this.#send("STOPPING=1");
  }

  /** Reports a status line, if it is another one. */
  status(status: string): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#send(`STATUS=${status}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watchdog);
    clearTimeout(this.#retry);
    libc().close(this.#socket);
  }

  #send(text: string): void {
    this.#unsent.push(new TextEncoder().encode(text));
    if (this.#retry === undefined) this.#flush();
  }

  /**
   * Sends the messages, and tries again later if the queue of the manager is
   * full: without READY=1 it ends the service. After the retries they are
   * dropped, and the service continues.
   */
  #flush(): void {
    while (this.#unsent.length > 0 && this.#sendNow(this.#unsent[0])) {
      this.#unsent.shift();
      this.#retries = 0;
    }
    this.#retry = undefined;
    if (this.#unsent.length === 0) return;
    if (this.#retries++ < RETRIES) {
      this.#retry = setTimeout(() => this.#flush(), RETRY_INTERVAL);
      Deno.unrefTimer(this.#retry);
    } else {
      this.#unsent = [];
      this.#retries = 0;
    }
  }

  #sendNow(bytes: Uint8Array<ArrayBuffer>): boolean {
    return Number(
      libc().sendto(
        this.#socket,
        bytes,
        BigInt(bytes.length),
        MSG_DONTWAIT,
        this.#address,
        this.#address.length,
      ),
    ) >= 0;
  }
}

function monotonicMicroseconds(): bigint {
  const bytes = new Uint8Array(timespec.size);
  unwrap(libc().clock_gettime(CLOCK_MONOTONIC, bytes), "clock_gettime");
  const { tv_sec, tv_nsec } = timespec.get(new DataView(bytes.buffer), 0);
  return BigInt(tv_sec) * 1_000_000n + BigInt(tv_nsec) / 1000n;
}
