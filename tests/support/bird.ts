// The routing daemon BIRD in a namespace.

import { type Netns, run } from "./netns.ts";
import { RunningProgram } from "./program.ts";
import { settled } from "./settled.ts";

/** `count` networks: 10.0.0.0/24 ... or 2001:db8:1:0::/64 .... */
export function networks(
  count: number,
  first: number,
  family: 4 | 6,
): string[] {
  return Array.from(
    { length: count },
    (_, at) =>
      family === 4
        ? `10.${first + (at >> 8)}.${at & 255}.0/24`
        : `2001:db8:${first}:${at.toString(16)}::/64`,
  );
}

/** Static routes of one IP version. */
interface Routes {
  readonly networks: readonly string[];
  readonly gateway: string;
}

/** A neighbour that is sent the routes, by BGP. */
interface BgpPeers {
  readonly local: { readonly 4: string; readonly 6: string };
  readonly neighbor: { readonly 4: string; readonly 6: string };
}

/** BIRD with static routes, which it does not announce yet. */
export class Bird implements AsyncDisposable {
  readonly #process: RunningProgram;
  readonly #socket: string;

  private constructor(process: RunningProgram, socket: string) {
    this.#process = process;
    this.#socket = socket;
  }

  /**
   * @param folder For its configuration and its control socket.
   * @param bgp The neighbour to announce them to; default: the kernel.
   */
  static async start(
    netns: Netns,
    folder: string,
    routes: { readonly 4: Routes; readonly 6: Routes },
    bgp?: BgpPeers,
  ): Promise<Bird> {
    const protocols = ([4, 6] as const).map((family) => {
      const { networks, gateway } = routes[family];
      const lines = networks.map((network) =>
        `route ${network} via ${gateway};`
      );
      const announce = bgp === undefined
        ? `protocol kernel { ipv${family} { export all; }; scan time 3600; }`
        : `protocol bgp {
          local ${bgp.local[family]} as 65001;
          neighbor ${bgp.neighbor[family]} as 65002;
          connect retry time 1;
          connect delay time 1;
          ipv${family} { export all; import none; next hop self; };
        }`;
      return `${announce}
      protocol static many${family} {
        disabled;
        ipv${family};
        ${lines.join("\n")}
      }`;
    });
    await Deno.writeTextFile(
      `${folder}/bird.conf`,
      `router id 192.0.2.1;
      protocol device { scan time 3600; }
      ${protocols.join("\n")}`,
    );
    const socket = `${folder}/control`;
    const process = new RunningProgram(
      { netns },
      ...["bird", "-f", "-c", `${folder}/bird.conf`],
      ...["-s", socket, "-P", `${folder}/pid`],
    );
    await settled(() => run("birdc", ["-s", socket, "show status"]));
    return new Bird(process, socket);
  }

  /** Adds its routes to the kernel, or withdraws them. */
  async announce(announced: boolean): Promise<void> {
    const command = announced ? "enable" : "disable";
    await run("birdc", ["-s", this.#socket, `${command} "many*"`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
