// Control messages decoded from buffers made by hand: complete ones are found,
// any surrounds them.

import { assertEquals } from "@std/assert";
import {
  in6_pktinfo,
  in_pktinfo,
  IP_PKTINFO,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  SOL_UDP,
  UDP_GRO,
} from "../../../ffi/uapi/netinet_in.ts";
import {
  CMSG_DATA,
  CMSG_LEN,
  CMSG_SPACE,
  SCM_TIMESTAMPNS,
  SO_RXQ_OVFL,
  SOL_SOCKET,
  timespec,
} from "../../../ffi/uapi/sys_socket.ts";
import {
  NETLINK_LISTEN_ALL_NSID,
  SOL_NETLINK,
} from "../../../ffi/uapi/linux_netlink.ts";
import { ControlMessages } from "../../../lib/socket/control_messages.ts";
import {
  type ControlFields,
  setControlFields,
} from "../../../lib/udp/datagram.ts";
import { type Control, int, raw } from "../../support/bare_socket.ts";

/** Messages one after the other, in memory that is not zero. */
function control(messages: Control[]): Uint8Array<ArrayBuffer> {
  const space = messages.reduce(
    (sum, it) => sum + CMSG_SPACE(it.data.length),
    0,
  );
  const buffer = new Uint8Array(space + 64).fill(0xff);
  const words = new Int32Array(buffer.buffer);
  let at = 0;
  for (const { level, type, data } of messages) {
    words.set([CMSG_LEN(data.length), 0, level, type], at / 4);
    buffer.set(data, CMSG_DATA(at));
    at += CMSG_SPACE(data.length);
  }
  return buffer;
}

function read(buffer: Uint8Array<ArrayBuffer>, length: number, at = 0) {
  const words = new Int32Array(buffer.buffer);
  const view = new DataView(buffer.buffer);
  const found = new ControlMessages();
  found.decode(words, view, at, length);
  const fields: ControlFields = { control: [] };
  setControlFields(fields, buffer, view, found);
  return fields;
}

const INFO: Control = {
  level: IPPROTO_IP,
  type: IP_PKTINFO,
  data: in_pktinfo.build({
    ipi_ifindex: 7,
    ipi_spec_dst: raw("192.0.2.1"),
    ipi_addr: raw("192.0.2.255"),
  }),
};
const INFO6: Control = {
  level: IPPROTO_IPV6,
  type: IPV6_PKTINFO,
  data: in6_pktinfo.build({ ipi6_addr: raw("2001:db8::1"), ipi6_ifindex: 9 }),
};
const TOS: Control = {
  level: IPPROTO_IP,
  type: IP_TOS,
  data: new Uint8Array([0x2a]),
};
const ALL: Control[] = [
  {
    level: SOL_SOCKET,
    type: SCM_TIMESTAMPNS,
    data: timespec.build({ tv_sec: 1_700_000_000n, tv_nsec: 999_999_999n }),
  },
  INFO,
  TOS,
  { level: IPPROTO_IP, type: IP_TTL, data: int(255) },
  { level: SOL_SOCKET, type: SO_RXQ_OVFL, data: int(-1) },
  { level: SOL_UDP, type: UDP_GRO, data: int(1400) },
];

Deno.test("control messages: every type is decoded, with any padding", () => {
  const buffer = control(ALL);
  assertEquals(read(buffer, buffer.length - 64), {
    control: ["in_pktinfo"],
    local: { address: "192.0.2.255", source: "192.0.2.1", ifindex: 7 },
    ttl: 255,
    trafficClass: 0x2a,
    ecn: 2,
    timestamp: 1_700_000_000_999_999_999n,
    overflow: 0xffffffff,
    segmentSize: 1400,
  });
});

Deno.test("control messages: of IPv6, at an offset", () => {
  const messages = [
    INFO6,
    { level: IPPROTO_IPV6, type: IPV6_HOPLIMIT, data: int(64) },
    { level: IPPROTO_IPV6, type: IPV6_TCLASS, data: int(3) },
  ];
  const inner = control(messages);
  const buffer = new Uint8Array(inner.length + 24).fill(0xff);
  buffer.set(inner, 24);
  assertEquals(read(buffer, inner.length - 64, 24), {
    control: ["in6_pktinfo"],
    local: { address: "2001:db8::1", source: "2001:db8::1", ifindex: 9 },
    ttl: 64,
    trafficClass: 3,
    ecn: 3,
  });
});

Deno.test("control messages: nothing remains of the previous datagram", () => {
  const buffer = control(ALL);
  const words = new Int32Array(buffer.buffer);
  const view = new DataView(buffer.buffer);
  const found = new ControlMessages();
  found.decode(words, view, 0, buffer.length - 64);
  found.decode(words, view, 0, 0);
  assertEquals(found, new ControlMessages());
});

Deno.test("control messages: incomplete ones are left out, for every kind and length", () => {
  for (const message of [...ALL, INFO6]) {
    const buffer = control([message]);
    const whole = CMSG_LEN(message.data.length);
    for (let length = 0; length < whole; length++) {
      const text = `type ${message.type} cut to ${length} of ${whole}`;
      const words = new Int32Array(buffer.buffer);
      // As the length of the buffer, and as the message's own, as the kernel does.
      words[0] = whole;
      assertEquals(read(buffer, length), { control: [] }, text);
      words[0] = length;
      // A segment size is an int of which only the low half is looked at.
      if (message.type === UDP_GRO && length >= CMSG_LEN(2)) continue;
      assertEquals(read(buffer, length), { control: [] }, text);
    }
  }
});

Deno.test("control messages: unknown ones are skipped, an impossible length ends the walk", () => {
  const unknown = { level: 4711, type: 1, data: new Uint8Array(13) };
  const passed = control([unknown, TOS, unknown]);
  assertEquals(read(passed, passed.length - 64).trafficClass, 0x2a);
  for (const length of [0, 15, -1, 0x7fffffff, passed.length]) {
    const buffer = control([unknown, TOS]);
    new Int32Array(buffer.buffer)[0] = length;
    assertEquals(
      read(buffer, buffer.length - 64),
      { control: [] },
      `${length}`,
    );
  }
});

Deno.test("control messages: the namespace id of a netlink notification", () => {
  const id = {
    level: SOL_NETLINK,
    type: NETLINK_LISTEN_ALL_NSID,
    data: int(3),
  };
  const buffer = control([id]);
  const found = new ControlMessages();
  const nsid = (length: number) => {
    const { buffer: memory } = buffer;
    found.decode(new Int32Array(memory), new DataView(memory), 0, length);
    return found.nsid;
  };
  assertEquals(nsid(buffer.length - 64), 3);
  // Cut off, and absent.
  assertEquals(nsid(CMSG_LEN(3)), -1);
  assertEquals(nsid(0), -1);
});
