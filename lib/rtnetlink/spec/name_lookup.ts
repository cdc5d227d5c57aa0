// Resolves names in requests.

/** Resolves names that a request can only carry as numbers. */
export interface NameLookup {
  /**
   * The ifindex of a link.
   *
   * @param link Its name, an alternative name, or the ifindex.
   */
  index(link: string | number): number;
  /**
   * Records that the request creates a link with this name.
   *
   * @param name Undefined for a link in another namespace.
   * @param peer The peer that it also creates here: the kernel accepts an index
   *   for the peer only with one for both.
   * @returns The requested ifindex; 0 lets the kernel choose.
   */
  creates(name: string | undefined, peer?: string): number;
  /** Records that the request gives a link another or an additional name. */
  calls(link: string | number, name: string): void;
  /** A descriptor of a namespace, by name. */
  namespace(name: string): number;
}
