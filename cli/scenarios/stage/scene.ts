// The network a scenario plays in: a namespace nobody else is in, gone with
// the scenario.

import { SystemError } from "../../../ffi/errno.ts";
import { interfaceIndex } from "../../../lib/net/interface_index.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import {
  addAddress,
  deleteAddress,
} from "../../../lib/rtnetlink/changes/address.ts";
import type { Change } from "../../../lib/rtnetlink/changes/change.ts";
import {
  addLink,
  deleteLink,
  setLink,
} from "../../../lib/rtnetlink/changes/link.ts";
import { Network } from "../../../lib/rtnetlink/network.ts";
import { TemporaryNamespace } from "../../../lib/netns/temporary_namespace.ts";

export class Scene implements AsyncDisposable {
  readonly #namespace: TemporaryNamespace;
  readonly #network: Network;

  private constructor(namespace: TemporaryNamespace) {
    this.#namespace = namespace;
    this.#network = Network.open({ namespace: namespace.path });
  }

  /** A new network with its loopback up. */
  static async create(): Promise<Scene> {
    const scene = new Scene(TemporaryNamespace.create());
    try {
      await scene.up("lo");
    } catch (error) {
      await scene[Symbol.asyncDispose]();
      throw error;
    }
    return scene;
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
  async veth(name: string, peer: string, other: Scene = this): Promise<void> {
    const { namespace: netns } = other;
    await this.#network.apply(addLink({
      name,
      kind: "veth",
      options: { peer: { name: peer, ...(other === this ? {} : { netns }) } },
    }));
    await this.up(name);
    await other.up(peer);
  }

  /** Gives a device an address, usable at once. */
  async address(dev: string, address: string): Promise<void> {
    const nodad = address.includes(":") ? { nodad: true } : {};
    await this.#network.apply(addAddress({ dev, address, ...nodad }));
  }

  async removeAddress(dev: string, address: string): Promise<void> {
    await this.#network.apply(deleteAddress({ dev, address }));
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

  /** Makes any change in it. */
  async apply(change: Change): Promise<void> {
    await this.#network.apply(change);
  }

  async up(device: string): Promise<void> {
    await this.#network.apply(setLink(device, { up: true }));
  }

  async delete(device: string): Promise<void> {
    await this.#network.apply(deleteLink(device));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network.close();
    await this.#namespace.close();
  }
}
