// Debian's Prometheus in a namespace, scraping targets there.

import type { Netns, Output } from "./netns.ts";
import { SLOWNESS } from "./timing.ts";

/** A series and its last value. */
export interface Series {
  /** The name is `__name__`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const ADDRESS = "127.0.0.1:9090";

/** It scrapes for the first time after 5 s. */
const TIMEOUT = 30_000 * SLOWNESS;

/** A server that scrapes targets every 500 ms. */
export class Prometheus implements AsyncDisposable {
  readonly #netns: Netns;
  readonly #directory: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Output>;

  private constructor(netns: Netns, directory: string) {
    this.#netns = netns;
    this.#directory = directory;
    this.#child = netns.spawn("prometheus", [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=${ADDRESS}`,
      "--log.level=warn",
    ], { stdin: "null", stdout: "piped", stderr: "piped" });
    this.#ended = this.#child.output().then(({ code, stdout, stderr }) => {
      const text = new TextDecoder();
      return {
        code,
        stdout: text.decode(stdout),
        stderr: text.decode(stderr),
      };
    });
  }

  /** @param targets The URL of each job. */
  static async start(
    netns: Netns,
    targets: Readonly<Record<string, string>>,
  ): Promise<Prometheus> {
    const directory = await Deno.makeTempDir();
    const configuration = {
      global: { scrape_interval: "500ms", scrape_timeout: "500ms" },
      scrape_configs: Object.entries(targets).map(([job_name, url]) => ({
        job_name,
        metrics_path: new URL(url).pathname,
        static_configs: [{ targets: [new URL(url).host] }],
      })),
    };
    await Deno.writeTextFile(
      `${directory}/prometheus.yml`,
      JSON.stringify(configuration),
    );
    return new Prometheus(netns, directory);
  }

  /** All series of a job, after a scrape that succeeded. */
  async series(job: string): Promise<Series[]> {
    const end = performance.now() + TIMEOUT;
    let why = "it did not scrape";
    while (performance.now() < end) {
      try {
        const series = await this.#query(`{job="${job}"}`);
        const up = series.find(({ labels }) => labels.__name__ === "up");
        if (up?.value === 1) return series;
      } catch (error) {
        why = String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`no series of ${job}: ${why}`);
  }

  async #query(expression: string): Promise<Series[]> {
    const { code, stdout, stderr } = await this.#netns.output("promtool", [
      ...["query", "instant", "--format=json", `http://${ADDRESS}`, expression],
    ]);
    if (code !== 0) throw new Error(`promtool: ${stderr}`);
    const found: {
      metric: Record<string, string>;
      value: [time: number, value: string];
    }[] = JSON.parse(stdout);
    return found.map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1]),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch { /* it ended by itself */ }
    const { stderr } = await this.#ended;
    await Deno.remove(this.#directory, { recursive: true });
    // "Error on ingesting samples": a series twice, a wrong type.
    if (/component="scrape manager"/.test(stderr)) throw new Error(stderr);
  }
}
