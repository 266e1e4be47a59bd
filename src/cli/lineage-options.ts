import type { Command, OptionValues } from "@commander-js/extra-typings";

/** What every command that asks the lineage index takes. */
export interface LineageOptions {
  readonly pachd?: string | undefined;
  readonly mlflow?: string | undefined;
  readonly index?: string | undefined;
  /** False to answer from the index as it is. */
  readonly sync?: boolean | undefined;
  /** True to end with exit code 6 when the answer is not complete. */
  readonly requireComplete?: boolean | undefined;
}

/** Adds the options of `LineageOptions` to a command. */
export function withLineageOptions<Args extends unknown[], Options extends OptionValues, Globals extends OptionValues>(
  command: Command<Args, Options, Globals>,
) {
  return command
    .option("--require-complete", "end with exit code 6 when something may be missing from the answer")
    .option("--no-sync", "answer from the index as it is, without asking Pachyderm and MLflow what is new")
    .option("--index <file>", "the index, instead of $STEMMA_INDEX or the one in the state folder")
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .option("--mlflow <uri>", "MLflow's address, instead of $MLFLOW_TRACKING_URI or what `stemma up` started");
}
