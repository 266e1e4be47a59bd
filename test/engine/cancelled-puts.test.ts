import { Client, type ServiceError, credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pfs } from "../../src/pachyderm/services.ts";
import { MAX_MESSAGE_BYTES } from "../../src/pachyderm/protocol.ts";
import { type TestEngine, repo, startTestEngine } from "../helpers/engine.ts";

const STREAMS = 300;

/** As a program on grpc-js would do it by itself: our own client never ends half a stream. */
describe("a put that a client on grpc-js cancels", () => {
  let running: TestEngine;
  let client: Client;
  beforeAll(async () => {
    running = await startTestEngine();
    await running.client.createRepo(repo("data"));
    client = new Client(running.engine.address, credentials.createInsecure(), {
      "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    });
  });
  afterAll(async () => {
    client.close();
    await running.close();
  });

  /** Sends the commit and three files, never says that it is done, and cancels after some turns of the event loop. */
  function cancelledPut(branch: string, bytes: number, turns: number): Promise<ServiceError | null> {
    return new Promise((resolve) => {
      const { path, requestSerialize, responseDeserialize } = pfs.ModifyFile;
      const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, resolve);
      const wire = { name: "data", type: "user", project: { name: "default" } };
      call.write({ set_commit: { repo: wire, branch: { repo: wire, name: branch } } });
      for (const name of ["/a", "/b", "/c"]) call.write({ add_file: { path: name, raw: { value: Buffer.alloc(bytes, name) } } });
      const turn = (left: number): void => {
        if (left === 0) call.cancel();
        else setImmediate(turn, left - 1);
      };
      turn(turns);
    });
  }

  test(`leaves nothing behind, in ${STREAMS} tries at different moments`, async () => {
    for (let index = 0; index < STREAMS; index += 1) {
      const error = await cancelledPut(`b${index}`, [100, 20_000, 300_000][index % 3] ?? 0, index % 20);
      expect(error?.code).toBe(status.CANCELLED);
    }
    expect(await Array.fromAsync(running.client.listBranches(repo("data")))).toEqual([]);
    expect(await Array.fromAsync(running.client.listCommits(repo("data")))).toEqual([]);
  });
});
