import { StemmaError } from "../../lineage/errors.ts";

/** The answer, or undefined when the server says that there is no such thing. */
export async function orAbsent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
