// A UDP server on an AF_INET6 socket as a C program writes it: options, the
// control messages that arrive, and whatever control message it answers with.

import { libc, unwrap } from "../../../ffi/libc.ts";
import {
  in6_pktinfo,
  in_pktinfo,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  sockaddr_in6,
} from "../../../ffi/uapi/netinet_in.ts";
import {
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
} from "../../../ffi/uapi/sys_socket.ts";
import { Descriptor } from "../../../lib/io/descriptor.ts";
import { setOption } from "../../../lib/socket/option.ts";
import type { Scene } from "../stage/scene.ts";
import { AMPLE } from "../stage/patience.ts";

/** Packet info as it arrives or is sent, addresses as their bytes. */
export type PacketInfo =
  | {
    readonly struct: "in_pktinfo";
    readonly ifindex: number;
    readonly specDst: Uint8Array;
    readonly addr: Uint8Array;
  }
  | {
    readonly struct: "in6_pktinfo";
    readonly ifindex: number;
    readonly addr: Uint8Array;
  };

/** A datagram that arrived. */
export interface Question {
  /** Whom to answer, a sockaddr_in6. */
  readonly name: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
  /** The packet info beside it, in the order it came. */
  readonly info: readonly PacketInfo[];
}

type Bytes = Uint8Array<ArrayBuffer>;

function address(bytes: Bytes): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

function message(name: Bytes, data: Bytes, control: Bytes): [Bytes, Bytes] {
  const vector = iovec.build({
    iov_base: address(data),
    iov_len: BigInt(data.length),
  });
  const header = msghdr.build({
    msg_name: address(name),
    msg_namelen: name.length,
    msg_iov: address(vector),
    msg_iovlen: 1n,
    msg_control: control.length === 0 ? 0n : address(control),
    msg_controllen: BigInt(control.length),
  });
  // The vector goes along: the header only points to it.
  return [header, vector];
}

export class BareUdp implements AsyncDisposable {
  readonly #descriptor: Descriptor;
  readonly port: number;

  /** A dual-stack socket on every address, with these options set. */
  constructor(
    network: Scene,
    options: {
      readonly IP_PKTINFO: boolean;
      readonly IPV6_RECVPKTINFO: boolean;
    },
  ) {
    const { socket, bind, getsockname } = libc();
    const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = network.enter(() => unwrap(socket(AF_INET6, type, 0), "socket"));
    this.#descriptor = new Descriptor(fd, "a bare UDP socket");
    setOption(fd, IPPROTO_IPV6, { IPV6_V6ONLY }, 0);
    if (options.IP_PKTINFO) setOption(fd, IPPROTO_IP, { IP_PKTINFO }, 1);
    if (options.IPV6_RECVPKTINFO) {
      setOption(fd, IPPROTO_IPV6, { IPV6_RECVPKTINFO }, 1);
    }
    const name = sockaddr_in6.build({ sin6_family: AF_INET6 });
    unwrap(bind(fd, name, name.length), "bind");
    unwrap(getsockname(fd, name, new Int32Array([name.length])), "getsockname");
    this.port = sockaddr_in6.get(new DataView(name.buffer), 0).sin6_port;
  }

  async receive(): Promise<Question> {
    await this.#descriptor.readable({ timeout: AMPLE });
    const name = new Uint8Array(sockaddr_in6.size);
    const data = new Uint8Array(2048);
    const control = new Uint8Array(256);
    const [header, vector] = message(name, data, control);
    const length = unwrap(
      libc().recvmsg(this.#descriptor.fd, header, 0),
      "recvmsg",
    );
    void vector;
    const { msg_controllen } = msghdr.get(new DataView(header.buffer), 0);
    return {
      name,
      data: data.subarray(0, length),
      info: [...packetInfos(control, Number(msg_controllen))],
    };
  }

  /** Sends the question back, with this packet info beside it. */
  answer({ name, data }: Question, info: readonly PacketInfo[]): void {
    const control = encode(info);
    const [header, vector] = message(name, data, control);
    unwrap(libc().sendmsg(this.#descriptor.fd, header, 0), "sendmsg");
    void vector;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#descriptor.close();
  }
}

function* packetInfos(control: Bytes, length: number): Generator<PacketInfo> {
  const view = new DataView(control.buffer);
  const words = new Int32Array(control.buffer);
  for (
    let at = CMSG_FIRSTHDR(0, length);
    at >= 0;
    at = CMSG_NXTHDR(words, at, length)
  ) {
    const { cmsg_level, cmsg_type } = cmsghdr.get(view, at);
    if (cmsg_level === IPPROTO_IP && cmsg_type === IP_PKTINFO) {
      const info = in_pktinfo.get(view, CMSG_DATA(at));
      yield {
        struct: "in_pktinfo",
        ifindex: info.ipi_ifindex,
        specDst: info.ipi_spec_dst.slice(),
        addr: info.ipi_addr.slice(),
      };
    } else if (cmsg_level === IPPROTO_IPV6 && cmsg_type === IPV6_PKTINFO) {
      const info = in6_pktinfo.get(view, CMSG_DATA(at));
      yield {
        struct: "in6_pktinfo",
        ifindex: info.ipi6_ifindex,
        addr: info.ipi6_addr.slice(),
      };
    }
  }
}

function encode(infos: readonly PacketInfo[]): Bytes {
  const size = (info: PacketInfo) =>
    info.struct === "in_pktinfo" ? in_pktinfo.size : in6_pktinfo.size;
  const control = new Uint8Array(
    infos.reduce((sum, info) => sum + CMSG_SPACE(size(info)), 0),
  );
  const view = new DataView(control.buffer);
  let at = 0;
  for (const info of infos) {
    const v4 = info.struct === "in_pktinfo";
    cmsghdr.assign(view, at, {
      cmsg_len: BigInt(CMSG_LEN(size(info))),
      cmsg_level: v4 ? IPPROTO_IP : IPPROTO_IPV6,
      cmsg_type: v4 ? IP_PKTINFO : IPV6_PKTINFO,
    });
    if (v4) {
      in_pktinfo.assign(view, CMSG_DATA(at), {
        ipi_ifindex: info.ifindex,
        ipi_spec_dst: info.specDst as Bytes,
        ipi_addr: info.addr as Bytes,
      });
    } else {
      in6_pktinfo.assign(view, CMSG_DATA(at), {
        ipi6_ifindex: info.ifindex,
        ipi6_addr: info.addr as Bytes,
      });
    }
    at += CMSG_SPACE(size(info));
  }
  return control;
}
