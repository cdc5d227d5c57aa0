// A configuration of examples/ with namespaces of one test.

import { assertEquals } from "@std/assert";
import { netplumb } from "./command.ts";
import { output } from "./netns.ts";

/** A file whose network is taken down at the end of the test. */
export class ExampleFile implements AsyncDisposable {
  private constructor(
    readonly path: string,
    readonly namespaces: readonly string[],
  ) {}

  /** Writes a temporary file. */
  static async write(
    text: string,
    namespaces: readonly string[],
  ): Promise<ExampleFile> {
    const path = await Deno.makeTempFile({ suffix: ".yaml" });
    await Deno.writeTextFile(path, text);
    return new ExampleFile(path, namespaces);
  }

  /** Runs `netplumb ensure` with the file; returns its output. */
  async ensure(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await netplumb(
      undefined,
      ...["ensure", this.path, ...args],
    );
    assertEquals([code, stderr], [0, ""], stdout);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await netplumb(undefined, "ensure", this.path, "--down");
    for (const name of this.namespaces) {
      await output("ip", ["netns", "delete", name]);
    }
    await Deno.remove(this.path);
  }
}
