import type { Context } from "./context.ts";
import { hasColour, paint } from "./style.ts";

/** Shows a text for people: in colours where they are wanted, and through the pager of a terminal. */
export async function show(context: Context, text: string): Promise<void> {
  const painted = hasColour(context) ? paint(text) : text;
  if (context.page === undefined || !context.stdout.isTTY) context.out(painted);
  else await context.page(painted);
}
