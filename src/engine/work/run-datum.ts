import { NO_STATS } from "../pps/datum-runs.ts";
import type { Datum } from "../pps/datums.ts";
import { Attempt, type Outcome, type Place } from "./attempt.ts";
import { datumVariables } from "./environment.ts";
import { type JobWork, datumLimit, runProgram } from "./job-work.ts";

/** Works on a datum: as many attempts as the spec allows, then its error handler. Its outputs are stored, and held. */
export async function runDatum(work: JobWork, place: Place, datum: Datum): Promise<Outcome> {
  const { datumTries } = work.spec;
  let outcome: Outcome = { datum, state: "FAILED", reason: "", inputs: new Map(), env: "", outputs: [], stats: NO_STATS };
  for (let number = 1; number <= datumTries && !work.signal.aborted; number += 1) {
    const restart = work.running.begin(datum);
    outcome = await new Attempt(work, place, datum, restart).run();
    work.running.rest(datum);
    work.log(datum.id, false, `attempt ${number} of ${datumTries} ${said(outcome)}`);
    if (outcome.state === "SUCCESS") return outcome;
    // A user's wish is no failure of the datum's.
    if (restart.aborted) number -= 1;
  }
  return recover(work, place, outcome);
}

function said({ state, reason, stats }: Outcome): string {
  return state === "SUCCESS" ? `succeeded in ${Math.round(stats.processMs)} ms` : `failed: ${reason}`;
}

async function recover(work: JobWork, { slot, processor }: Place, failed: Outcome): Promise<Outcome> {
  const { onError: program } = work.spec;
  if (program.command.length === 0 || work.signal.aborted) return failed;
  await processor.release();
  using limit = datumLimit(work.spec);
  const { id } = failed.datum;
  const { code, reason } = await runProgram(work, slot, {
    program,
    datum: () => id,
    variables: datumVariables(failed.datum),
    signal: AbortSignal.any([work.signal, limit.signal]),
  });
  const problem = reason || (code === 0 ? "" : `exit code ${code}`);
  work.log(id, false, problem === "" ? "recovered by err_cmd" : `err_cmd failed: ${problem}`);
  return problem === "" ? { ...failed, state: "RECOVERED" } : failed;
}
