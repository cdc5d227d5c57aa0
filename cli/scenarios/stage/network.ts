// The network a scenario plays in: a namespace nobody else is in, gone with
// the scenario.

import { SystemError } from "../../../ffi/errno.ts";
import { interfaceIndex } from "../../../lib/interface_index.ts";
import { inNamespace } from "../../../lib/namespace.ts";
import { TemporaryNamespace } from "../../../lib/temporary_namespace.ts";

export class Network implements AsyncDisposable {
  readonly #namespace: TemporaryNamespace;

  private constructor(namespace: TemporaryNamespace) {
    this.#namespace = namespace;
  }

  /** A new network with its loopback up. */
  static async create(): Promise<Network> {
    const network = new Network(TemporaryNamespace.create());
    try {
      await network.up("lo");
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /** What the `namespace` options of the library take. */
  get namespace(): string {
    return this.#namespace.path;
  }

  /** Runs `body` in it; see inNamespace. */
  enter<T>(body: () => T): T {
    return inNamespace(this.namespace, body);
  }

  /** Makes a veth pair, both ends up; the other end may be in another network. */
  async veth(
    name: string,
    peer: string,
    other: Network = this,
  ): Promise<void> {
    const { namespace } = other;
    await this.#ip(
      `link add ${name} type veth peer name ${peer} netns ${namespace}`,
    );
    await this.up(name);
    await other.up(peer);
  }

  /** Gives a device an address, usable at once. */
  async address(device: string, address: string): Promise<void> {
    const nodad = address.includes(":") ? "nodad" : "";
    await this.#ip(`address add ${address} dev ${device} ${nodad}`);
  }

  async removeAddress(device: string, address: string): Promise<void> {
    await this.#ip(`address delete ${address} dev ${device}`);
  }

  /** Sets a sysctl of its own; false where this kernel has no such one. */
  sysctl(key: string, value: string): boolean {
    try {
      const path = `/proc/sys/${key.replaceAll(".", "/")}`;
      this.enter(() => Deno.writeTextFileSync(path, value));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Whether there is such a device. */
  has(device: string): boolean {
    try {
      return this.enter(() => interfaceIndex(device)) > 0;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  async up(device: string): Promise<void> {
    await this.#ip(`link set ${device} up`);
  }

  async delete(device: string): Promise<void> {
    await this.#ip(`link delete ${device}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespace.close();
  }

  // Until lib/route can make links, iproute2 does.
  async #ip(command: string): Promise<void> {
    const { success, stderr } = await this.enter(() =>
      new Deno.Command("ip", { args: command.trim().split(" ") }).output()
    );
    if (!success) {
      const text = new TextDecoder().decode(stderr).trim();
      throw new Error(`ip ${command}: ${text}`);
    }
  }
}
