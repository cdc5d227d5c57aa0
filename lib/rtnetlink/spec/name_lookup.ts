// Numbers that a request needs for names.

/** Looks up what a request can name only by a number. */
export interface NameLookup {
  /**
   * The index of a link.
   *
   * @param link Its name, one of its other names, or the index itself.
   */
  index(link: string | number): number;
  /**
   * Says that the request makes a link of this name.
   *
   * @param name Undefined of one in another namespace.
   * @param peer The other end that it makes here too: the kernel lets an index
   * be chosen for that one only if one is chosen for both.
   * @returns The index to ask for, 0 to leave the choice to the kernel.
   */
  creates(name: string | undefined, peer?: string): number;
  /** Says that the request gives a link a name, another or a further one. */
  calls(link: string | number, name: string): void;
  /** An open descriptor of a namespace, by its name. */
  namespace(name: string): number;
}
