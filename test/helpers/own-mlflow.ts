import { inject } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Experiment, RegisteredModel } from "../../src/mlflow/types.ts";

/** A client of the tests' server as if nobody else used it: it sees one experiment, and one model of the registry. */
export class OwnMlflow extends MlflowClient {
  readonly experiment: string;
  readonly model: string | undefined;

  constructor({ experiment, model }: { readonly experiment: string; readonly model?: string }) {
    super({ uri: inject("mlflowUri") });
    this.experiment = experiment;
    this.model = model;
  }

  override async *listExperiments(): AsyncIterable<Experiment> {
    for await (const each of super.listExperiments()) if (each.name === this.experiment) yield each;
  }

  override async *listRegisteredModels(): AsyncIterable<RegisteredModel> {
    for await (const each of super.listRegisteredModels()) if (each.name === this.model) yield each;
  }
}
