// Detects peers that are echo servers. A forged datagram can make two echo servers
// send to each other forever. Such a peer samples like a busy client, but it returns
// a random probe, which a client cannot know.

import type { ReceiveBatch } from "../../lib/udp/receive_batch.ts";

/** Datagrams from one sample to the next. */
const STRIDE = 64;
/** Samples of one peer, almost in a row, before it is probed. */
const SAMPLES = 32;
/** Milliseconds for these samples: less than 1,000 datagrams a second is harmless. */
const PERIOD = 2000;
/** Milliseconds between the first two probes of a peer; doubled for each further one. */
const PAUSE = 2000;
/** Milliseconds in which a probe can return. */
const RETURN = 5000;
/** Milliseconds for which an echo server is ignored. */
const SILENCE = 600_000;
/** Maximum peers in each list. */
const PEERS = 64;
/** Bytes of a probe, too many to guess. */
export const PROBE_LENGTH = 24;

/** Words of a sockaddr_in6, the longest there is. */
const NAME_WORDS = 7;

/** A peer that sends many datagrams. */
interface Peer {
  readonly name: Int32Array;
  samples: number;
  since: number;
  probe: Uint8Array<ArrayBuffer> | undefined;
  probed: number;
  notBefore: number;
  pause: number;
}

/** Detects echo servers by sampling. */
export class LoopGuard {
  /** Datagrams since the last sample. */
  #datagrams = 0;
  /** Frequent peers, indexed by port. */
  readonly #frequent = new Array<Peer | undefined>(PEERS);
  /** Peers with a pending probe. */
  #probed: Peer[] = [];
  /** Peers that returned a probe, and until when they are ignored. */
  #echoing: { readonly name: Int32Array; readonly until: number }[] = [];

  /**
   * Samples batches.
   *
   * @returns A probe to send to the peer of the first datagram.
   */
  sample(received: ReceiveBatch): Uint8Array | undefined {
    this.#datagrams += received.count;
    if (this.#datagrams < STRIDE) return undefined;
    this.#datagrams = 0;
    // The time of day can jump.
    const now = performance.now();
    if (this.#active) {
      this.#probed = this.#probed.filter(({ probed }) => probed + RETURN > now);
      this.#echoing = this.#echoing.filter(({ until }) => until > now);
    }
    const peer = this.#find(received, now);
    if (peer === undefined || ++peer.samples < SAMPLES) return undefined;
    const quick = now - peer.since <= PERIOD;
    peer.samples = 0;
    peer.since = now;
    if (!quick || now < peer.notBefore) return undefined;
    peer.notBefore = now + peer.pause;
    peer.pause *= 2;
    peer.probed = now;
    peer.probe = crypto.getRandomValues(new Uint8Array(PROBE_LENGTH));
    this.#probed = [...this.#probed.filter((one) => one !== peer), peer]
      .slice(-PEERS);
    return peer.probe;
  }

  /** Whether a received datagram is from an echo server. */
  refuses(received: ReceiveBatch, slot: number): boolean {
    if (!this.#active) return false;
    if (this.#probed.length > 0) this.#recordReturn(received, slot);
    return this.#echoing.some(({ name }) => isFrom(received, slot, name));
  }

  get #active(): boolean {
    return this.#probed.length > 0 || this.#echoing.length > 0;
  }

  /** The record of the peer of the first datagram. */
  #find(received: ReceiveBatch, now: number): Peer | undefined {
    const index = received.peerPort(0) % PEERS;
    const known = this.#frequent[index];
    if (known !== undefined && isFrom(received, 0, known.name)) return known;
    // A peer with the same index replaces it after as many samples.
    if (known !== undefined && known.samples-- > 0) return undefined;
    const peer: Peer = {
      name: nameOf(received, 0),
      samples: 0,
      since: now,
      probe: undefined,
      probed: 0,
      notBefore: 0,
      pause: PAUSE,
    };
    return this.#frequent[index] = peer;
  }

  /** Records a returned probe. */
  #recordReturn(received: ReceiveBatch, slot: number): void {
    const length = received.length(slot);
    // In a GRO datagram it may be the last segment, which can be shorter.
    const segment = received.segmentSize(slot) || length;
    const last = length % segment || segment;
    if (last !== PROBE_LENGTH) return;
    const data = received.data(slot).subarray(length - PROBE_LENGTH);
    const peer = this.#probed.find(({ name, probe }) =>
      probe!.every((byte, at) => byte === data[at]) &&
      isFrom(received, slot, name)
    );
    if (peer === undefined) return;
    this.#probed = this.#probed.filter((one) => one !== peer);
    const until = performance.now() + SILENCE;
    this.#echoing = [...this.#echoing, { name: peer.name, until }]
      .slice(-PEERS);
  }
}

/** The sockaddr of a slot, zero-padded for IPv4. */
function nameOf(received: ReceiveBatch, slot: number): Int32Array {
  const at = received.vector.nameAt(slot) >> 2;
  const words = received.vector.nameLength(slot) >> 2;
  const name = new Int32Array(NAME_WORDS);
  name.set(received.vector.words.subarray(at, at + words));
  return name;
}

function isFrom(
  received: ReceiveBatch,
  slot: number,
  name: Int32Array,
): boolean {
  const at = received.vector.nameAt(slot) >> 2;
  const words = received.vector.nameLength(slot) >> 2;
  for (let word = 0; word < words; word++) {
    if (received.vector.words[at + word] !== name[word]) return false;
  }
  return true;
}
