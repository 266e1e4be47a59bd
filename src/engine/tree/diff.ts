import { readNode } from "./node.ts";
import type { ChildReference, Entry, NodeStore, TreeNode } from "./node.ts";
import { type KeyRange, childrenIn, isIn } from "./walk.ts";

/** A key whose entry differs between two trees; `undefined` on the side that lacks it. */
export interface Difference {
  readonly key: string;
  readonly old: Entry | undefined;
  readonly new: Entry | undefined;
}

/** The keys of a range whose entries differ, in order. Subtrees that both trees share are not read. */
export function* diff(store: NodeStore, oldRoot: string, newRoot: string, range: KeyRange = {}): IterableIterator<Difference> {
  if (oldRoot === newRoot) return;
  const before = new TreeCursor(store, oldRoot, range);
  const after = new TreeCursor(store, newRoot, range);
  while (before.head !== undefined || after.head !== undefined) {
    if (before.level === 0 && after.level === 0) {
      const difference = takeSmallest(before, after);
      if (difference) yield difference;
    } else if (isSameSubtree(before.head, after.head)) {
      before.skip();
      after.skip();
    } else if (before.level > after.level) {
      before.descend();
    } else {
      after.descend();
    }
  }
}

/** Takes the entry with the smaller key, or both where the keys are equal; equal entries are no difference. */
function takeSmallest(before: TreeCursor, after: TreeCursor): Difference | undefined {
  const [old, new_] = [before.entry(), after.entry()];
  const takesOld = new_ === undefined || (old !== undefined && old.key <= new_.key);
  const takesNew = old === undefined || (new_ !== undefined && new_.key <= old.key);
  if (takesOld) before.skip();
  if (takesNew) after.skip();
  if (old && takesOld && new_ && takesNew) return isEqual(old, new_) ? undefined : { key: old.key, old, new: new_ };
  if (old && takesOld) return { key: old.key, old, new: undefined };
  return new_ && { key: new_.key, old: undefined, new: new_ };
}

function isEqual(one: Entry, other: Entry): boolean {
  return one.value === other.value && one.bytes === other.bytes;
}

function isSameSubtree(one: Entry | ChildReference | undefined, other: Entry | ChildReference | undefined): boolean {
  return one !== undefined && other !== undefined && "id" in one && "id" in other && one.id === other.id;
}

interface Frame {
  readonly level: number;
  readonly members: readonly (Entry | ChildReference)[];
  index: number;
}

/** A place in a tree: at an entry (level 0), at a subtree that is not read yet (above), or at the end (level 0, no head). */
class TreeCursor {
  readonly #store: NodeStore;
  readonly #range: KeyRange;
  readonly #above: Frame[] = [];
  #frame: Frame | undefined;

  constructor(store: NodeStore, root: string, range: KeyRange) {
    this.#store = store;
    this.#range = range;
    this.#enter(root);
  }

  get head(): Entry | ChildReference | undefined {
    return this.#frame?.members[this.#frame.index];
  }

  get level(): number {
    return this.#frame?.level ?? 0;
  }

  entry(): Entry | undefined {
    const { head } = this;
    return head && "key" in head ? head : undefined;
  }

  /** Goes past the head. */
  skip(): void {
    if (this.#frame === undefined) return;
    this.#frame.index += 1;
    this.#leaveFinished();
  }

  /** Goes from a subtree to its first member. */
  descend(): void {
    const { head } = this;
    if (head === undefined || !("id" in head)) throw new Error("an entry has nothing below it");
    this.skip();
    this.#enter(head.id);
  }

  #enter(id: string): void {
    const node = readNode(this.#store, id);
    if (this.#frame !== undefined) this.#above.push(this.#frame);
    this.#frame = { level: node.level, members: membersIn(node, this.#range), index: 0 };
    this.#leaveFinished();
  }

  #leaveFinished(): void {
    while (this.#frame !== undefined && this.#frame.index >= this.#frame.members.length) this.#frame = this.#above.pop();
  }
}

function membersIn(node: TreeNode, range: KeyRange): readonly (Entry | ChildReference)[] {
  if (range.from === undefined && range.before === undefined) return "entries" in node ? node.entries : node.children;
  return "entries" in node ? node.entries.filter(({ key }) => isIn(key, range)) : childrenIn(node.children, range);
}
