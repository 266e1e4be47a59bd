import { StoreCalls } from "./client-store.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { StemmaError } from "../lineage/errors.ts";
import { auth, version } from "./services.ts";

/**
 * A client of Pachyderm: of a pachd in a cluster or of the embedded engine, which is the same to it. It connects with the
 * first call. Its calls are spread over its base classes by what they are about. Every failure is a StemmaError.
 */
export class PachydermClient extends StoreCalls {
  constructor(options: ConnectionOptions) {
    super(new Connection(options));
  }

  get address(): string {
    return this.connection.address;
  }

  /** The server's version, such as "2.12.0". */
  async version(): Promise<string> {
    const { major = 0, minor = 0, micro = 0, additional = "" } = await this.connection.call(version.GetVersion, {});
    return `${major}.${minor}.${micro}${additional}`;
  }

  /** Whom the server takes us for; undefined where it asks nobody who they are. */
  async whoAmI(): Promise<string | undefined> {
    try {
      return (await this.connection.call(auth.WhoAmI, {})).username;
    } catch (error) {
      if (error instanceof StemmaError && error.code === "UNSUPPORTED") return undefined;
      throw error;
    }
  }

  close(): void {
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
