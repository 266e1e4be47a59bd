import type { VerifyMlflow, VerifyPachyderm } from "./ports.ts";

/** Stands for a Pachyderm that could not be connected to: every question rejects with the reason. */
export function absentPachyderm(reason: Error): VerifyPachyderm {
  const ask = refusal(reason);
  return {
    inspectCommit: ask,
    inspectJob: ask,
    inspectDatum: ask,
    inspectFile: ask,
    walkFiles: ask,
    globFiles: ask,
    readFile: ask,
    checkStore: ask,
  };
}

/** Stands for an MLflow that could not be connected to. */
export function absentMlflow(reason: Error): VerifyMlflow {
  const ask = refusal(reason);
  return {
    findRun: ask,
    listArtifacts: ask,
    readArtifact: ask,
    searchModels: ask,
    listRegisteredModels: ask,
    listVersionsOf: ask,
  };
}

function refusal(reason: Error): () => never {
  return () => {
    throw reason;
  };
}
