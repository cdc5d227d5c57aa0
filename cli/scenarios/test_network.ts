// A temporary network namespace of a scenario.

import {
  addAddress,
  addLink,
  type Change,
  deleteAddress,
  deleteLink,
  Network,
  setLink,
} from "../../lib/rtnetlink/mod.ts";
import { inNamespace, TemporaryNamespace } from "../../lib/netns/namespace.ts";
import { SystemError } from "../../ffi/errno.ts";
import { interfaceIndex } from "../../lib/net/interface_index.ts";

export class TestNetwork implements AsyncDisposable {
  readonly #namespace: TemporaryNamespace;
  readonly #network: Network;

  private constructor(namespace: TemporaryNamespace) {
    this.#namespace = namespace;
    this.#network = Network.open({ namespace: namespace.path });
  }

  /** A new namespace with its loopback interface up. */
  static async create(): Promise<TestNetwork> {
    const network = new TestNetwork(TemporaryNamespace.create());
    try {
      await network.up("lo");
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /** For the `namespace` options of the library. */
  get namespace(): string {
    return this.#namespace.path;
  }

  /** Runs `body` in the namespace; see inNamespace(). */
  enter<T>(body: () => T): T {
    return inNamespace(this.namespace, body);
  }

  async apply(change: Change | readonly Change[]): Promise<void> {
    await this.#network.apply(change);
  }

  /** Adds a veth pair, both ends up; the peer may be in another network. */
  async veth(
    name: string,
    peer: string,
    other: TestNetwork = this,
  ): Promise<void> {
    const { namespace: netns } = other;
    await this.apply(addLink({
      name,
      kind: "veth",
      options: { peer: { name: peer, ...(other === this ? {} : { netns }) } },
    }));
    await this.up(name);
    await other.up(peer);
  }

  /** Adds an address that can be used immediately. */
  async address(dev: string, address: string): Promise<void> {
    const nodad = address.includes(":") ? { nodad: true } : {};
    await this.apply(addAddress({ dev, address, ...nodad }));
  }

  async deleteAddress(dev: string, address: string): Promise<void> {
    await this.apply(deleteAddress({ dev, address }));
  }

  async up(link: string): Promise<void> {
    await this.apply(setLink(link, { up: true }));
  }

  async delete(link: string): Promise<void> {
    await this.apply(deleteLink(link));
  }

  /** Whether the link exists. */
  has(link: string): boolean {
    try {
      return this.enter(() => interfaceIndex(link)) > 0;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network.close();
    await this.#namespace.close();
  }
}
