// The control socket of a running `ensure`: answers --status.

import { log } from "../log.ts";
import { printableJson } from "../output/printable.ts";

/** The longest request in bytes. */
const LONGEST = 1024;

/** How long a request may take, in milliseconds. */
const REQUEST_TIMEOUT = 2000;

/** The reply to each request. */
export type Handlers = Readonly<Record<string, () => unknown>>;

/** The socket of a run. */
export class ControlSocket implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #path: string;
  readonly #served: Promise<void>;

  private constructor(path: string, listener: Deno.Listener, of: Handlers) {
    this.#path = path;
    this.#listener = listener;
    this.#served = this.#serve(of);
  }

  /**
   * Listens; undefined without permission. Replaces the socket of a process that
   * was killed.
   */
  static async listen(
    path: string,
    handlers: Handlers,
  ): Promise<ControlSocket | undefined> {
    try {
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
        mode: 0o755,
      });
      await Deno.remove(path).catch(() => {});
      const listener = Deno.listen({ transport: "unix", path });
      await Deno.chmod(path, 0o600);
      return new ControlSocket(path, listener, handlers);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.debug(`--status is not available: ${why}`);
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Deno.remove(this.#path).catch(() => {});
    await this.#served;
  }

  async #serve(handlers: Handlers): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        // A client that has gone does not end the service.
        answer(connection, handlers).catch(() => {});
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

async function answer(
  connection: Deno.Conn,
  handlers: Handlers,
): Promise<void> {
  using _connection = connection;
  const timer = setTimeout(() => connection.close(), REQUEST_TIMEOUT);
  try {
    const buffer = new Uint8Array(LONGEST);
    const length = await connection.read(buffer) ?? 0;
    const word = new TextDecoder().decode(buffer.subarray(0, length)).trim();
    const reply = Object.hasOwn(handlers, word)
      ? handlers[word]!()
      : { error: "unknown request" };
    const bytes = new TextEncoder().encode(printableJson(reply) + "\n");
    for (let sent = 0; sent < bytes.length;) {
      sent += await connection.write(bytes.subarray(sent));
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a request to a running `ensure`; undefined if there is none. */
export async function request(
  path: string,
  word: string,
): Promise<unknown> {
  let connection: Deno.Conn;
  try {
    connection = await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.ConnectionRefused
    ) return undefined;
    throw error;
  }
  await connection.write(new TextEncoder().encode(`${word}\n`));
  return await new Response(connection.readable).json();
}
