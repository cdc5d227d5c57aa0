// A member of a reuse-port group that answers, for replace_member.ts.

/// <reference lib="deno.worker" />

import { UdpSocket } from "../../../../mod.ts";

self.onmessage = async ({ data: port }: MessageEvent<number>) => {
  const socket = UdpSocket.bind({
    address: "127.0.0.1",
    port,
    reusePort: true,
  });
  self.postMessage("bound");
  for await (const datagram of socket) await socket.reply(datagram, "answer");
};
