import { StemmaError } from "../../src/lineage/errors.ts";
import type { FileChange } from "../../src/pachyderm/types.ts";
import { branch, repo } from "../helpers/engine.ts";
import { CONTENTS, contentOf } from "./contents.ts";
import type { Random } from "./random.ts";
import type { Remote } from "./remote.ts";
import {
  type Change,
  type FoundCommit,
  type Model,
  change,
  difference,
  findCommits,
  finish,
  remove,
  start,
} from "./repo-model.ts";

interface Operation {
  readonly about: string;
  /** The repo when it has happened. */
  readonly after: Model;
  /** Answers whether it did: one that is refused has not. */
  readonly run: (remote: Remote) => Promise<void>;
}

const PATHS = ["/a", "/b", "/c", "/folder/d", "/folder/e"];
const MOST_COMMITS = 5;

/**
 * A client with a repo of its own, that knows what must be in it. Of an operation that a kill interrupted it does not know
 * whether it has happened; but all of it has, or nothing.
 */
export class RepoWorker {
  readonly name: string;
  readonly #random: Random;
  /** A repo that a pipeline reads gets finished commits only, and loses its oldest but one. */
  readonly #isInput: boolean;
  #model: Model = [];
  #interrupted: Operation | undefined;

  constructor(name: string, random: Random, { isInput = false } = {}) {
    this.name = name;
    this.#random = random;
    this.#isInput = isInput;
  }

  async begin({ client }: Remote): Promise<void> {
    await client.createRepo(repo(this.name));
  }

  /** Does something. Rejects where the engine is killed meanwhile, and with what a living engine refuses. */
  async work(remote: Remote): Promise<void> {
    const operation = this.#draw();
    this.#interrupted = operation;
    try {
      await operation.run(remote);
      this.#model = operation.after;
      this.#interrupted = undefined;
    } catch (error) {
      // A job has not ended yet, so what it comes from must stay.
      if (!(error instanceof StemmaError) || !error.message.includes("cannot squash until")) throw error;
      this.#interrupted = undefined;
    }
  }

  /** Reads everything and compares it. Throws where it is neither as before the operation that was interrupted nor as after it. */
  async check(remote: Remote): Promise<readonly FoundCommit[]> {
    const found = await findCommits(remote, this.name);
    const before = difference(found, this.#model);
    if (before === "") this.#interrupted = undefined;
    if (before === "") return found;
    const { about, after } = this.#interrupted ?? { about: "nothing", after: this.#model };
    const behind = difference(found, after);
    if (behind !== "")
      throw new Error(`repo ${this.name} is neither as before "${about}" (${before}) nor as after it (${behind})`);
    this.#model = after;
    this.#interrupted = undefined;
    return found;
  }

  #draw(): Operation {
    const last = this.#model.length - 1;
    if (this.#model[last]?.isFinished === false) return this.#random.chance(0.3) ? this.#finish() : this.#change();
    // The pipeline's first output comes from the first commit, so that one must stay.
    if (this.#isInput) return last >= MOST_COMMITS ? this.#remove("squash", 1) : this.#change();
    if (last > 0 && (last >= MOST_COMMITS || this.#random.chance(0.2)))
      return this.#random.chance(0.4) ? this.#remove("drop", last) : this.#remove("squash", this.#random.below(last));
    return this.#random.chance(0.15) ? this.#start() : this.#change();
  }

  #change(): Operation {
    const changes = Array.from({ length: 1 + this.#random.below(4) }, () => this.#drawChange());
    return {
      about: `change ${changes.map(({ path }) => path).join(", ")}`,
      after: change(this.#model, changes),
      run: async ({ client }) => client.modifyBranch(branch(this.name), changes.map(toFileChange)),
    };
  }

  #drawChange(): Change {
    const path = this.#random.pick(PATHS);
    // The largest content takes its time, so it is rare.
    const content = this.#random.chance(0.05) ? CONTENTS - 1 : this.#random.below(CONTENTS - 1);
    return { path, append: this.#random.chance(0.2), content: this.#random.chance(0.15) ? undefined : content };
  }

  #start(): Operation {
    const run = async ({ client }: Remote): Promise<void> => void (await client.startCommit(branch(this.name)));
    return { about: "start", after: start(this.#model), run };
  }

  #finish(): Operation {
    const run = async (remote: Remote): Promise<void> => {
      await remote.client.finishCommit({ repo: repo(this.name), id: await this.#idOf(remote, this.#model.length - 1) });
    };
    return { about: "finish", after: finish(this.#model), run };
  }

  #remove(how: "squash" | "drop", index: number): Operation {
    const run = async (remote: Remote): Promise<void> => remote[how](await this.#idOf(remote, index));
    return { about: `${how} ${index} of ${this.#model.length}`, after: remove(this.#model, index), run };
  }

  async #idOf({ client }: Remote, index: number): Promise<string> {
    const commits = (await Array.fromAsync(client.listCommits(repo(this.name)))).toReversed();
    return commits[index]?.commit.id ?? "";
  }
}

function toFileChange({ path, append, content }: Change): FileChange {
  if (content === undefined) return { kind: "delete", path };
  return { kind: "put", path, append, content: contentOf(content) };
}
