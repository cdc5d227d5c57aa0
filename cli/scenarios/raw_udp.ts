// A UDP server on a dual-stack socket as in a C program, with any options and
// control messages.

import {
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  sockaddr_in6,
} from "../../ffi/uapi/netinet_in.ts";
import { AF_INET6, CMSG_DATA, SOCK_DGRAM } from "../../ffi/uapi/sys_socket.ts";
import { unwrap } from "../../ffi/libc.ts";
import { Descriptor } from "../../lib/io/descriptor.ts";
import {
  writeIn6Pktinfo,
  writeInPktinfo,
} from "../../lib/socket/control_messages.ts";
import { MessageVector } from "../../lib/socket/message_vector.ts";
import { bindSocket, openSocket, socketName } from "../../lib/socket/open.ts";
import { setOption } from "../../lib/socket/option.ts";
import { SOCKADDR_SIZE, sockaddrPort } from "../../lib/socket/sockaddr.ts";
import type { TestNetwork } from "./test_network.ts";
import { AMPLE } from "./waiting.ts";

export interface PacketInfoOptions {
  readonly IP_PKTINFO: boolean;
  readonly IPV6_RECVPKTINFO: boolean;
}

/** A struct that carries the destination address of a request. */
export interface PacketInfo {
  readonly struct: "in_pktinfo" | "in6_pktinfo";
  /** The address: 4 bytes in in_pktinfo, 16 in in6_pktinfo. */
  readonly address: Uint8Array<ArrayBuffer>;
}

/** Where a reply has the address: in6_pktinfo, or a field of in_pktinfo. */
export type ReplyField = "in6_pktinfo" | "spec_dst" | "ipi_addr";

const VECTOR = { size: 1, nameSize: SOCKADDR_SIZE, controlSize: 128 };

export class RawUdpServer implements AsyncDisposable {
  readonly #descriptor: Descriptor;
  /** The datagram that was received last; the reply is written over it. */
  readonly #vector = MessageVector.forReceiving(VECTOR, 64);
  readonly port: number;

  /** Binds `::` with these options. */
  constructor({ namespace }: TestNetwork, options: PacketInfoOptions) {
    const tried = "open a UDP socket";
    const type = { domain: AF_INET6, type: SOCK_DGRAM, namespace, tried };
    this.#descriptor = openSocket(type, (fd) => {
      setOption(fd, IPPROTO_IPV6, { IPV6_V6ONLY }, 0);
      if (options.IP_PKTINFO) setOption(fd, IPPROTO_IP, { IP_PKTINFO }, 1);
      if (options.IPV6_RECVPKTINFO) {
        setOption(fd, IPPROTO_IPV6, { IPV6_RECVPKTINFO }, 1);
      }
      const any = sockaddr_in6.build({ sin6_family: AF_INET6 });
      bindSocket(fd, any, () => ({ tried }));
      return new Descriptor(fd, "UDP socket");
    });
    const name = socketName(this.#descriptor.fd, SOCKADDR_SIZE);
    this.port = sockaddrPort(name, 0);
  }

  /** Receives a datagram; returns its packet info in the order of the kernel. */
  async receive(): Promise<PacketInfo[]> {
    await this.#descriptor.readable({ timeout: AMPLE });
    unwrap(this.#vector.receive(this.#descriptor.fd, 1, 0), "recvmmsg");
    const { in_pktinfo, in6_pktinfo } = this.#vector.control(0);
    const info = (struct: PacketInfo["struct"], at: number, size: number) =>
      at < 0
        ? []
        : [{ struct, at, address: this.#vector.bytes.slice(at, at + size) }];
    return [
      // ipi_spec_dst follows ipi_ifindex.
      ...info("in_pktinfo", in_pktinfo < 0 ? -1 : in_pktinfo + 4, 4),
      ...info("in6_pktinfo", in6_pktinfo, 16),
    ].toSorted((a, b) => a.at - b.at);
  }

  /** Replies to the datagram with a control message for each field. */
  reply(fields: readonly (readonly [ReplyField, PacketInfo["address"]])[]) {
    const { words } = this.#vector;
    const start = this.#vector.controlAt(0);
    let at = start;
    for (const [field, address] of fields) {
      const data = CMSG_DATA(at) >> 2;
      const [a, b, c, d] = new Int32Array(
        (field === "in6_pktinfo" ? mapped(address) : address).buffer,
      );
      if (field === "in6_pktinfo") {
        at += writeIn6Pktinfo(words, at, 0, a, b, c, d);
      } else {
        at += writeInPktinfo(words, at, 0, field === "spec_dst" ? a : 0);
        if (field === "ipi_addr") words[data + 2] = a;
      }
    }
    this.#vector.setControl(0, 0, at - start);
    unwrap(this.#vector.send(this.#descriptor.fd, 0, 1, 0), "sendmmsg");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#descriptor.close();
  }
}

/** An IPv4 address as an IPv6 address. */
function mapped(address: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (address.length === 16) return address;
  const bytes = new Uint8Array(16).fill(0xff, 10, 12);
  bytes.set(address, 12);
  return bytes;
}
