// Sockets by plain system calls, to test the kernel itself: nothing of lib/udp in
// between, control messages as they go in and as they come out.

import { errno, libc, unwrap } from "../../ffi/libc.ts";
import { errnoName } from "../../ffi/errno.ts";
import { sockaddr_in, sockaddr_in6 } from "../../ffi/uapi/netinet_in.ts";
import {
  AF_INET,
  AF_INET6,
  CMSG_DATA,
  CMSG_FIRSTHDR,
  CMSG_LEN,
  CMSG_NXTHDR,
  CMSG_SPACE,
  cmsghdr,
  iovec,
  msghdr,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
} from "../../ffi/uapi/sys_socket.ts";
import {
  formatAddress,
  parseAddress,
  parseIPv4,
  parseIPv6,
} from "../../lib/net/ip_address.ts";
import { Descriptor } from "../../lib/io/descriptor.ts";
import { inNamespace, type Namespace } from "../../lib/netns/namespace.ts";

/** A control message. */
export interface Control {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What recvmsg() left behind. */
export interface Received {
  readonly text: string;
  readonly controls: Control[];
  readonly controllen: number;
  readonly flags: number;
}

function addressOf(buffer: Uint8Array): bigint {
  return Deno.UnsafePointer.value(
    Deno.UnsafePointer.of(buffer as BufferSource),
  );
}

function sockaddr(family: number, address: string, port: number, scope = 0) {
  return family === AF_INET
    ? sockaddr_in.build({
      sin_family: AF_INET,
      sin_port: port,
      sin_addr: parseIPv4(address),
    })
    : sockaddr_in6.build({
      sin6_family: AF_INET6,
      sin6_port: port,
      sin6_addr: parseIPv6(address),
      sin6_scope_id: scope,
    });
}

/** An int as a control message or an option carries it. */
export function int(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([value]).buffer);
}

/** The bytes of an address, IPv4 or IPv6. */
export function raw(address: string): Uint8Array<ArrayBuffer> {
  return parseAddress(address).address;
}

/** A nonblocking UDP socket of one family. */
export class BareSocket extends Descriptor {
  readonly family: number;

  constructor(family: number, namespace?: Namespace) {
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = inNamespace(namespace, () => libc().socket(family, type, 0));
    super(unwrap(fd, "socket"), "bare socket");
    this.family = family;
  }

  /** Sets an option of type int. */
  set(level: number, option: number, value: number): void {
    const result = libc().setsockopt(this.fd, level, option, int(value), 4);
    unwrap(result, "setsockopt");
  }

  /** Binds to all addresses; gives the port. */
  bind(): number {
    const any = this.family === AF_INET ? "0.0.0.0" : "::";
    const name = sockaddr(this.family, any, 0);
    unwrap(libc().bind(this.fd, name, name.length), "bind");
    const size = new Int32Array([name.length]);
    unwrap(libc().getsockname(this.fd, name, size), "getsockname");
    return name[2] << 8 | name[3];
  }

  /** What became of a sendmsg(): "sent", or the name of the errno. */
  send(
    text: string,
    to: { address: string; port: number; scope?: number },
    ...controls: Control[]
  ): string {
    const data = new TextEncoder().encode(text);
    const name = sockaddr(this.family, to.address, to.port, to.scope);
    const control = new Uint8Array(
      controls.reduce((sum, { data }) => sum + CMSG_SPACE(data.length), 0),
    );
    let at = 0;
    for (const { level, type, data } of controls) {
      cmsghdr.assign(new DataView(control.buffer), at, {
        cmsg_len: BigInt(CMSG_LEN(data.length)),
        cmsg_level: level,
        cmsg_type: type,
      });
      control.set(data, CMSG_DATA(at));
      at += CMSG_SPACE(data.length);
    }
    const iov = iovec.build({
      iov_base: addressOf(data),
      iov_len: BigInt(data.length),
    });
    const message = msghdr.build({
      msg_name: addressOf(name),
      msg_namelen: name.length,
      msg_iov: addressOf(iov),
      msg_iovlen: 1n,
      msg_control: control.length === 0 ? 0n : addressOf(control),
      msg_controllen: BigInt(control.length),
    });
    const sent = libc().sendmsg(this.fd, message, 0);
    const result = sent < 0 ? errnoName(errno()) : "sent";
    keep(data, name, control, iov);
    return result;
  }

  /** Waits for a datagram, with space for so many bytes of control messages. */
  async receive(controlSize = 512): Promise<Received> {
    await this.readable({ timeout: 5000 });
    const data = new Uint8Array(65536);
    const control = new Uint8Array(512);
    const iov = iovec.build({
      iov_base: addressOf(data),
      iov_len: BigInt(data.length),
    });
    const message = msghdr.build({
      msg_iov: addressOf(iov),
      msg_iovlen: 1n,
      msg_control: addressOf(control),
      msg_controllen: BigInt(controlSize),
    });
    const got = unwrap(libc().recvmsg(this.fd, message, 0), "recvmsg");
    const left = msghdr.get(new DataView(message.buffer), 0);
    const controllen = Number(left.msg_controllen);
    const words = new Int32Array(control.buffer);
    const controls: Control[] = [];
    for (
      let here = CMSG_FIRSTHDR(0, controllen);
      here >= 0;
      here = CMSG_NXTHDR(words, here, controllen)
    ) {
      const [length, , level, type] = words.subarray(here / 4);
      const data = control.slice(CMSG_DATA(here), here + length);
      controls.push({ level, type, data });
    }
    const text = new TextDecoder().decode(data.subarray(0, got));
    keep(data, control, iov);
    return { text, controls, controllen, flags: left.msg_flags };
  }
}

/** Names memory that the kernel reached by a pointer, so that it was there. */
function keep(..._memory: Uint8Array[]): void {}

/** An address in a control message, as people write it. */
export function written(bytes: Uint8Array): string {
  return formatAddress(bytes);
}
