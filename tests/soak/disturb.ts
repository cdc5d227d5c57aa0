// What happens to the soak meanwhile, one after the other, over and over.

import { run, UnmadeNetns } from "../support/netns.ts";
import type { Scene } from "./lab.ts";
import { sleep } from "./sleep.ts";

/** Something that happened. */
export interface Disturbance {
  readonly what: "stop" | "flap" | "namespace" | "clock" | "drift" | "routes";
  /** The clients that may lose a window by it. */
  readonly losers: readonly string[];
}

/** How far the subjects' clocks go, from what is right. */
const JUMPS = ["+3600", "-86400", "+0"];

/** Goes on for ever; each step is one disturbance. */
export async function* disturb(
  scene: Scene,
  clock: string,
): AsyncGenerator<Disturbance, never> {
  for (let round = 0;; round++) {
    const subject = scene.subjects[round % scene.subjects.length];
    subject.kill("SIGSTOP");
    await sleep(2000);
    subject.kill("SIGCONT");
    yield { what: "stop", losers: [] };

    const { netns, dev, clients } = scene.flaps[round % scene.flaps.length];
    await netns.ip(`link set ${dev} down`);
    await sleep(500);
    await netns.ip(`link set ${dev} up`);
    yield { what: "flap", losers: clients.map(({ name }) => name) };

    await namespaceComesAndGoes(scene);
    yield { what: "namespace", losers: [] };

    await Deno.writeTextFile(clock, JUMPS[round % JUMPS.length]);
    yield { what: "clock", losers: [] };

    await scene.kept.drift(round);
    yield { what: "drift", losers: [] };

    await scene.bird.announce(round % 2 === 0);
    yield { what: "routes", losers: [] };
  }
}

async function namespaceComesAndGoes({ subjects }: Scene): Promise<void> {
  const guests = subjects.filter(({ visitor }) => visitor);
  let name: string;
  {
    await using netns = new UnmadeNetns("gone");
    name = netns.name;
    await run("ip", ["netns", "add", name]);
    const before = guests.map(({ last }) => last!.arrivals);
    for (const guest of guests) await guest.order(name);
    while (guests.some(({ last }, index) => last!.arrivals === before[index])) {
      await sleep(100);
    }
    // Their descriptors keep the namespace alive, its devices they do not.
    await netns.ip("link delete gone0");
  }
  for (const guest of guests) await guest.order(`-${name}`);
}
