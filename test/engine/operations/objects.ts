/** What became of files: new content by path, or undefined for one that was deleted. */
export type Changes = ReadonlyMap<string, string | undefined>;
type Files = ReadonlyMap<string, string>;

/** All commits of one change have the same id, which only the engine knows. */
export class CommitSet {
  id = "";
}

export class Commit {
  /** Later ones have higher numbers. */
  readonly number: number;
  readonly set: CommitSet;
  readonly repo: Repo;
  parent: Commit | undefined;
  /** What squashed parents have left to it. */
  inherited: Changes = new Map();
  changes: Changes = new Map();
  /** Gets no more changes. */
  isSealed: boolean;
  provenance: Commit[];
  /** Pachyderm keeps the commits of the set that a pipeline was made with. */
  madePipeline = false;
  static #last = 0;

  constructor(set: CommitSet, branch: Branch, parent: Commit | undefined, isSealed: boolean) {
    Commit.#last += 1;
    this.number = Commit.#last;
    this.set = set;
    this.repo = branch.repo;
    this.parent = parent;
    this.isSealed = isSealed;
    this.provenance = branch.upstream.map(({ head }) => head);
    this.repo.commits.push(this);
  }

  get isFinished(): boolean {
    const isDone = this.repo.isOutput ? this.provenance.every((upstream) => upstream.isFinished) : this.isSealed;
    return isDone && (this.parent?.isFinished ?? true);
  }

  /** A pipeline's output is a copy of its input. */
  get files(): Files {
    const [input] = this.provenance;
    if (this.repo.isOutput) return input?.files ?? new Map();
    return applied(this.parent?.files ?? new Map(), this.inherited, this.changes);
  }
}

export class Branch {
  readonly repo: Repo;
  readonly name: string;
  head: Commit;
  upstream: readonly Branch[];

  constructor(repo: Repo, name: string, upstream: readonly Branch[], makeHead: (branch: Branch) => Commit) {
    this.repo = repo;
    this.name = name;
    this.upstream = upstream;
    this.head = makeHead(this);
    repo.branches.set(name, this);
  }
}

export class Repo {
  readonly name: string;
  /** Whether a pipeline writes it. */
  readonly isOutput: boolean;
  readonly branches = new Map<string, Branch>();
  readonly commits: Commit[] = [];

  constructor(name: string, isOutput: boolean) {
    this.name = name;
    this.isOutput = isOutput;
  }
}

/** What an operation that the rules forbid throws, in the model as in the engine. Nothing has happened then. */
export class Refusal extends Error {}

export function require<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Refusal(`there is no ${what}`);
  return value;
}

export function refuseIf(condition: boolean, why: string): void {
  if (condition) throw new Refusal(why);
}

function applied(files: Files, ...all: readonly Changes[]): Files {
  const after = new Map(files);
  for (const changes of all) {
    for (const [path, content] of changes) {
      if (content === undefined) after.delete(path);
      else after.set(path, content);
    }
  }
  return after;
}
