// A worker that takes datagrams of a socket that others take from too, until it
// is stopped, for workers_test.ts.

import {
  StopEvent,
  type StopEventHandle,
} from "../../../lib/io/blocking_poll.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import type { UdpSocketHandle } from "../../../lib/udp/socket_state.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";

declare const self: {
  onmessage: (event: MessageEvent<[UdpSocketHandle, StopEventHandle]>) => void;
  postMessage(message: string[] | "ready" | "ended"): void;
};

self.onmessage = async ({ data: [handle, stopHandle] }) => {
  const socket = UdpSocket.attach(handle);
  const stop = StopEvent.attach(stopHandle);
  const poll = socket.blockingPoll(stop);
  const batch = new ReceiveBatch({ size: 4 });
  self.postMessage("ready");
  while (poll.wait("read") !== "stopped") {
    const count = socket.tryReceiveMany(batch);
    const texts = Array.from(
      { length: count },
      (_, slot) => new TextDecoder().decode(batch.data(slot)),
    );
    if (count > 0) self.postMessage(texts);
  }
  await socket.close();
  await stop.close();
  self.postMessage("ended");
};
