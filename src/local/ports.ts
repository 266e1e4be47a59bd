import { once } from "node:events";
import { createServer } from "node:net";
import { StemmaError } from "../lineage/errors.ts";

/** Of Pachyderm's S3 gateway. */
export const USUAL_S3_PORT = 30600;

/** Rejects with USAGE when one cannot listen there; `remedy` says how to choose another port. */
export async function requireFreePort(host: string, port: number, remedy: string): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen({ host, port, exclusive: true }), "listening");
  } catch (error) {
    const problem = describe(error as NodeJS.ErrnoException, host, port);
    throw problem === undefined ? error : new StemmaError("USAGE", `${problem}; ${remedy}`, { cause: error });
  }
  server.close();
  await once(server, "close");
}

function describe(error: NodeJS.ErrnoException, host: string, port: number): string | undefined {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} is taken`;
    case "EACCES":
      return `this user may not listen on port ${port}`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `this machine has no address ${host}`;
    default:
      return undefined;
  }
}
