import type { Run } from "../mlflow/types.ts";
import type { MlflowSource } from "./ports.ts";
import { Answers, Remote, listAll } from "./remote.ts";

/** MLflow was asked for a run once and made two: this one stands for nothing. */
function isSuperseded({ tags }: Run): boolean {
  return tags["stemma.superseded_by"] !== undefined;
}

/** What MLflow says, in the pieces that lineage needs, each asked for once. */
export class MlflowRecords {
  readonly #source: MlflowSource;
  readonly #remote = new Remote();
  readonly #runs = new Answers<Run | undefined>();
  readonly #searches = new Answers<readonly Run[]>();
  readonly #experiments = new Answers<readonly string[]>();

  constructor(source: MlflowSource) {
    this.#source = source;
  }

  /** Deleted runs are found, too. */
  findRun(id: string): Promise<Run | undefined> {
    return this.#runs.get(id, () => this.#remote.ask(() => this.#source.findRun(id)));
  }

  /** The runs that say they ran in a job of this id: all jobs of a commit set share it. */
  async runsOfJobs(id: string): Promise<readonly Run[]> {
    const found = [
      ...(await this.#search(`tags.\`pachyderm.job\` = '${id}'`)),
      ...(await this.#search(`tags.\`pachyderm.commit\` = '${id}'`)),
    ];
    return [...new Map(found.map((run) => [run.id, run])).values()];
  }

  /** The runs with a data set whose digest is this commit's id. */
  runsReading(commit: string): Promise<readonly Run[]> {
    return this.#search(`dataset.digest = '${commit}'`);
  }

  link(run: Run): string {
    return this.#source.runLink(run);
  }

  #search(filter: string): Promise<readonly Run[]> {
    return this.#searches.get(filter, () =>
      this.#remote.ask(async () => {
        const experimentIds = await this.#experimentIds();
        // Without experiments MLflow answers with nothing, and with no error either.
        if (experimentIds.length === 0) return [];
        const found = await listAll(this.#source.searchRuns({ experimentIds, filter, includeDeleted: true }));
        return found.filter((run) => !isSuperseded(run));
      }),
    );
  }

  #experimentIds(): Promise<readonly string[]> {
    return this.#experiments.get("", async () => (await listAll(this.#source.listExperiments())).map(({ id }) => id));
  }
}
