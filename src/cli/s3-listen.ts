import { parseListenAddress } from "../engine/access.ts";
import { StemmaError } from "../lineage/errors.ts";
import { USUAL_S3_PORT, requireFreePort } from "../local/ports.ts";

const USUAL = `127.0.0.1:${USUAL_S3_PORT}`;

/**
 * Where the engine's S3 gateway is to listen: where the option says, which may be `off`. Without the option it is the usual
 * place, or nowhere when another program is there: that is not worth the whole engine.
 */
export async function chooseS3Listen(option: string | undefined, log: (line: string) => void): Promise<string | undefined> {
  if (option === "off") return undefined;
  const { host, port } = parseListenAddress(option ?? USUAL);
  try {
    await requireFreePort(host, port, "give another with --s3-listen HOST:PORT, or off");
    return option ?? USUAL;
  } catch (error) {
    if (option !== undefined || !(error instanceof StemmaError)) throw error;
    log(`no S3 gateway: ${error.message}`);
    return undefined;
  }
}
