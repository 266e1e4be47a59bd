import { userInfo } from "node:os";
import type { Environment } from "./ports.ts";

/** Who runs this. In a container the user may have a number only. */
export function userName(env: Environment): string {
  const named = env["USER"] || env["LOGNAME"];
  if (named) return named;
  try {
    return userInfo().username;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SYSTEM_ERROR") return "unknown";
    throw error;
  }
}
