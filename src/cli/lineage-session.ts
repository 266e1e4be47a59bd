import { existsSync } from "node:fs";
import type { Sources } from "../collect/ports.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { Node } from "../lineage/graph.ts";
import { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Direction, Expander, Gap, Trace, WalkOptions } from "../lineage/answer.ts";
import { concluded } from "../lineage/answer.ts";
import { walk } from "../lineage/walk.ts";
import type { Context } from "./context.ts";
import { indexFile } from "./index-file.ts";
import { lastSync } from "./last-sync.ts";
import type { LineageOptions } from "./lineage-options.ts";
import type { Connections, Servers } from "./lineage-sources.ts";
import { resolveHere } from "./resolve-here.ts";

/** An index that is up to date, and what is needed to look further. */
export interface LineageSession extends AsyncDisposable {
  readonly index: LineageIndex;
  /** Both servers. Throws USAGE under --no-sync, unless `connect` was called. */
  readonly sources: Sources;
  /** Both servers, also under --no-sync. */
  readonly connect: () => Promise<Servers>;
  /** Reads what a walk at file level needs. */
  readonly expander: Expander;
  /** The sources that could not be asked. */
  readonly gaps: readonly Gap[];
  /** The same, as gaps of an answer that begins at a node. */
  readonly gapsAt: (root: Urn) => readonly Gap[];
  /** The node that a reference means. Rejects with USAGE, NOT_FOUND or UNREACHABLE. */
  readonly resolve: (text: string, asOf?: Date) => Promise<Node>;
  /** What a node came from, or what came out of it, with what could not be asked. */
  readonly walk: (root: Node, options: WalkOptions) => Promise<Trace>;
}

/** Opens the index and, unless told not to, reads what is new. Rejects with UNREACHABLE when there is neither an index nor a server. */
export async function openLineage(context: Context, options: LineageOptions): Promise<LineageSession> {
  const file = await indexFile(context, options);
  if (options.sync === false && !existsSync(file))
    throw new StemmaError("NOT_FOUND", `there is no index ${file} yet.`, { hint: "Run: stemma index sync" });
  const session = new IndexSession(context, options, new LineageIndex(file));
  try {
    if (options.sync !== false) await session.sync();
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

class IndexSession implements LineageSession {
  readonly index: LineageIndex;
  readonly #context: Context;
  readonly #options: LineageOptions;
  #connections: Promise<Connections> | undefined;
  #sources: Sources | undefined;
  /** One for the whole session: it remembers what could not be reached. */
  #reader: Promise<Expander> | undefined;
  #gaps: readonly Gap[] = [];

  constructor(context: Context, options: LineageOptions, index: LineageIndex) {
    this.#context = context;
    this.#options = options;
    this.index = index;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  get sources(): Sources {
    if (this.#sources === undefined)
      throw new StemmaError("USAGE", "this asks Pachyderm and MLflow.", { hint: "Leave out --no-sync." });
    return this.#sources;
  }

  readonly gapsAt = (root: Urn): readonly Gap[] => this.#gaps.map((gap) => ({ ...gap, at: root }));

  readonly connect = async (): Promise<Servers> => {
    this.#connections ??= import("./lineage-sources.ts").then(({ connectSources }) =>
      connectSources(this.#context, this.#options),
    );
    const { sources } = await this.#connections;
    this.#sources = sources;
    return sources;
  };

  readonly expander: Expander = {
    expand: async (urns: readonly Urn[], direction: Direction): Promise<readonly Gap[]> => {
      this.#reader ??= this.#openReader();
      return (await this.#reader).expand(urns, direction);
    },
  };

  readonly resolve = (text: string, asOf?: Date): Promise<Node> => {
    const { index, expander, connect, gaps } = this;
    return resolveHere({ index, expander, connect, gaps, isSynced: this.#options.sync !== false }, text, asOf);
  };

  readonly walk = async (root: Node, options: WalkOptions): Promise<Trace> => {
    const again = (): Promise<Trace> => walk(this.index, formatUrn(root), options, this.expander);
    const first = await again();
    const trace = (await this.#refresh(first)) ? await again() : first;
    return { ...trace, ...concluded([...trace.gaps, ...this.gapsAt(trace.root), ...this.#notRefreshed(trace)]) };
  };

  async sync(): Promise<void> {
    const { syncIndex } = await import("./sync-index.ts");
    const report = await syncIndex(this.#context, this.index, await this.connect());
    this.#gaps = report.gaps;
    const [gap] = report.gaps;
    if (gap !== undefined && lastSync(this.index) === undefined) throw new StemmaError("UNREACHABLE", `${gap.why}.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.index.close();
    if (this.#connections !== undefined) (await this.#connections).close();
  }

  /** Asks again for what is in an answer: a sync sees what is new, not what is gone. True when the index has changed. */
  async #refresh({ nodes }: Trace): Promise<boolean> {
    if (this.#sources === undefined || this.#options.sync === false) return false;
    const { refresh } = await import("../collect/refresh.ts");
    const before = this.#changes();
    await refresh(this.index, this.#sources, [...nodes.keys()].filter(canGo).slice(0, MOST_REFRESHED));
    return this.#changes() !== before;
  }

  #notRefreshed({ root, nodes }: Trace): readonly Gap[] {
    if (this.#sources === undefined || this.#options.sync === false) return [];
    const left = [...nodes.keys()].filter(canGo).length - MOST_REFRESHED;
    if (left <= 0) return [];
    const why = `${left} commits, jobs and runs were not asked for again, and are as they were last seen; "stemma index sync --full" asks for all`;
    return [{ at: root, why, effect: "wider" }];
  }

  #changes(): number {
    return this.index.get<{ count: number }>("SELECT total_changes() AS count")?.count ?? 0;
  }

  async #openReader(): Promise<Expander> {
    const [{ expander }, { lazySource }, { absentSource }] = await Promise.all([
      import("../collect/expand.ts"),
      import("./lazy-source.ts"),
      import("../collect/ports.ts"),
    ]);
    const mlflow = absentSource<Sources["mlflow"]>(new StemmaError("USAGE", "files are not asked of MLflow"));
    return expander(this.index, this.#sources ?? { pachyderm: lazySource(async () => (await this.connect()).pachyderm), mlflow });
  }
}

/** True for what its server may have no more. Files and datums go with their commits and jobs. */
function canGo(urn: Urn): boolean {
  return /^urn:stemma:(?:commit|job|run):/.test(urn);
}

/** More would take longer than the walk, and what is near matters most. */
const MOST_REFRESHED = 200;
