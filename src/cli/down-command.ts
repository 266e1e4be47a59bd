import { Command } from "@commander-js/extra-typings";
import { SERVICE_NAMES } from "../local/services-file.ts";
import { stopService } from "../local/services.ts";
import { stateFolder } from "../local/state-folder.ts";
import type { Context } from "./context.ts";

/** `stemma down`: ends what `stemma up` started. */
export function downCommand(context: Context) {
  return new Command("down")
    .description("Stop the engine and the MLflow server that `stemma up` started")
    .addHelpText("after", "\nData, runs and logs stay, and the next `stemma up` goes on with them.\n\nExample:\n  stemma down")
    .action(() => stopServices(context));
}

/** Stops both side by side, and says what has been stopped. */
export async function stopServices(context: Context): Promise<void> {
  const folder = stateFolder(context.env, context.cwd);
  const stopped = await Promise.all(SERVICE_NAMES.map((name) => stopService(folder, name)));
  for (const [index, name] of SERVICE_NAMES.entries()) {
    const label = name === "mlflow" ? "MLflow" : name;
    const state = stopped[index];
    context.out(state === undefined ? `${label}: was not running\n` : `${label}: stopped (process ${state.pid})\n`);
  }
}
